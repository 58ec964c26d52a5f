"""The code in docs/exchange.md runs."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pynwb
import pytest

from snn_credit.recording import Run

PAGE = Path(__file__).parents[2] / "docs" / "exchange.md"


def test_the_page_runs(recorded: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(recorded.path, tmp_path / "run.h5")
    file = pynwb.NWBFile(
        session_description="x", identifier="x", session_start_time=datetime.now(UTC)
    )
    file.add_unit_column("area", "of the brain")
    file.add_unit(spike_times=[0.1], area="V1")
    file.add_trial_column("direction", "of motion")
    file.add_trial(start_time=0.0, stop_time=1.0, direction="up")
    with pynwb.NWBHDF5IO(tmp_path / "mouse.nwb", "w") as io:
        io.write(file)
    monkeypatch.chdir(tmp_path)
    found: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL):
        exec(block, found)
    assert found["back"].spike_count("output") == recorded.spike_count("output")
    assert len(found["output"]) == 100
    assert found["recording"].provenance["config"]["label_names"] == ["up"]
    assert found["spikes"].spike_count("output") == recorded.spike_count("output")
    assert found["whole"].metrics("learning")["test_error"].tolist() == [90.0, 12.5]
    assert found["potentials"].shape == (450, 2)
