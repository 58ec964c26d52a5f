"""A run of two windows with a gap between them, of which every spike is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from snn_credit.recording import Population, Run, RunFile, Window, open_run


@pytest.fixture
def gapped(tmp_path: Path) -> Run:
    """Hidden neurons 2, 3 and 5 of 8 recorded, from 0 to 20 and from 100 to 120 ms."""
    populations = {
        "hidden1": Population(8, "hidden", recorded=np.array([5, 2, 3])),
        "output": Population(4, "output", classes=np.array([0, 0, 1, 1])),
    }
    with RunFile.create(
        tmp_path / "run.h5",
        experiment="e",
        config={},
        seed=0,
        device="d",
        populations=populations,
        dt_ms=1.0,
    ) as run:
        run.append_spikes("hidden1", [0.0, 4.0, 4.0, 19.0], [2, 2, 5, 2])
        run.append_spikes("hidden1", [100.0, 103.0, 119.0], [2, 5, 5])
        run.append_spikes("output", [1.0, 101.0], [0, 3])
        for name, start, seen in (("early", 0.0, 0), ("late", 100.0, 9)):
            onsets = start + np.array([0.0, 10.0])
            labels = np.array([0, 1])
            window = Window(
                name, start, start + 20.0, seen, np.zeros((2, 1, 1)), labels, labels, onsets
            )
            run.add_window(window)
        run.finish()
    return open_run(tmp_path / "run.h5")
