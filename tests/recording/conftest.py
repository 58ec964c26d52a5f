"""A small run file to write to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from snn_credit.recording import Population, RunFile

Create = Callable[[Path], RunFile]


def create_small(path: Path) -> RunFile:
    return RunFile.create(
        path,
        experiment="example",
        config={"eta": 0.1, "sizes": [4, 3, 2]},
        seed=7,
        device="runtime",
        populations={
            "input": Population(4, "input"),
            "hidden1": Population(3, "hidden", recorded=np.array([2, 0, 1])),
            "output": Population(2, "output", np.array([0, 1])),
        },
    )


@pytest.fixture
def create() -> Create:
    return create_small


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.h5"
