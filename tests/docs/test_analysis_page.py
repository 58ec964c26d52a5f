"""The script of docs/analysis.md is shown as it is, runs, and the page names what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from snn_credit import analysis

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "analysis.md").read_text()


def test_the_script_is_shown_and_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (DOCS / "analysis_script.py").read_text()
    assert f"```python\n{text}```" in PAGE
    few = text.replace("20_000", "300").replace("150}", '100, "device": "runtime"}')
    assert few.count("runtime") == 1
    monkeypatch.chdir(tmp_path)
    exec(compile(few, "analysis_script.py", "exec"), {})
    printed = capsys.readouterr().out
    shown = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)[0]

    def form(words: str) -> str:
        return re.sub(r"-?\d+\.?\d*", "#", words)

    # The last line holds no learning, and is the same to the digit.
    assert form(printed) == form(shown)
    assert printed.splitlines()[-1] == shown.splitlines()[-1]
    assert {file.name for file in tmp_path.iterdir()} >= {"raster.png", "statistics.png"}


def test_the_page_names_functions_that_are_there() -> None:
    table = PAGE[PAGE.index("## The functions") : PAGE.index("What goes through")]
    cells = [line.split("|")[1] for line in table.splitlines()[4:] if line.startswith("|")]
    named = re.findall(r"`(\w+)", " ".join(cells))
    assert len(named) > 15
    assert [name for name in named if not hasattr(analysis, name)] == []
