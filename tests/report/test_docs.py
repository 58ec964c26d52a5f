"""docs/reports.md says what is so."""

import re
from pathlib import Path

import pytest
from report_runs import errors, write_run

from snn_credit.report.verdict import Word

TEXT = (Path(__file__).parents[2] / "docs" / "reports.md").read_text()


def test_every_verdict_is_explained() -> None:
    table = re.findall(r"^\| ([a-z ]+) \| ", TEXT, re.MULTILINE)
    assert table == ["verdict", *Word]


def test_the_script_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (script,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    table = errors(BP=2.4, FA=2.0)
    write_run(tmp_path / "runs" / "a", {0: table}, name="lillicrap-mnist")
    monkeypatch.chdir(tmp_path)
    exec(script, {})
    assert "lillicrap-mnist not reproduced claims" in capsys.readouterr().out
