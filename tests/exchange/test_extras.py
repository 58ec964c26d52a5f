"""What is missing is said in one line, with what installs it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from snn_credit import exchange
from snn_credit.errors import InputError
from snn_credit.exchange.extras import need
from snn_credit.recording import Run

CASES: dict[str, tuple[str, str, Callable[[Run, Path], object]]] = {
    "write_nwb": ("pynwb", "NWB", lambda run, out: exchange.write_nwb(run, out)),
    "read_nwb": ("pynwb", "NWB", lambda run, out: exchange.read_nwb(run.path, out)),
    "to_neo": ("neo", "Neo", lambda run, out: exchange.to_neo(run)),
    "metrics": ("pandas", "tables", lambda run, out: exchange.metrics_frame(run, "learning")),
    "results": ("pandas", "tables", lambda run, out: exchange.result_frame(out)),
    "traces": ("xarray", "arrays", lambda run, out: exchange.traces_array(run, "hidden1", "V")),
}


@pytest.mark.parametrize("case", CASES)
def test_a_missing_package(
    recorded: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    package, wanted_for, call = CASES[case]
    monkeypatch.setitem(sys.modules, package, None)
    line = (
        rf"^{wanted_for}: {package} is needed, pip install 'snn-credit\[exchange\]' \(got none\)$"
    )
    with pytest.raises(InputError, match=line):
        call(recorded, tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_a_package_that_lacks_another_is_not_called_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_tool.py").write_text("import no_such_dependency")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="no_such_dependency"):
        need("broken_tool", "x")
