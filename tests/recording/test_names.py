"""Names that HDF5 would take for paths are refused before anything is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from snn_credit.errors import InputError
from snn_credit.recording import Population, RunFile, Window, open_run

from .conftest import Create

_NONE = np.zeros(0)
APPENDS: dict[str, Callable[[RunFile, str], None]] = {
    "spikes": lambda run, name: run.append_spikes(name, [1.0], [0]),
    "traces": lambda run, name: run.append_traces("hidden1", [0.0], [0], {name: [[1.0]]}),
    "weights": lambda run, name: run.append_weights(name, 0.0, {"w": np.eye(2)}),
    "metrics": lambda run, name: run.append_metrics("learning", {name: 1.0}),
    "stream": lambda run, name: run.append_stream({name: [1]}),
    "windows": lambda run, name: run.add_window(
        Window(name, 0.0, 1.0, 0, np.zeros((0, 1, 1)), _NONE.astype(int), _NONE.astype(int), _NONE)
    ),
}


@pytest.mark.parametrize("name", ["a/b", "", ".", "a\0b"])
@pytest.mark.parametrize("what", APPENDS)
def test_a_path_is_no_name(create: Create, path: Path, what: str, name: str) -> None:
    with create(path) as run, pytest.raises(InputError, match=f"^{what}: expected a name without"):
        APPENDS[what](run, name)
    assert not open_run(path).names("spikes")


@pytest.mark.parametrize("name", ["a b", "ü.1", "..", "x:y"])
@pytest.mark.parametrize("what", APPENDS)
def test_other_names_are_kept(create: Create, path: Path, what: str, name: str) -> None:
    with create(path) as run:
        APPENDS[what](run, name)
    back = open_run(path)
    kept = {
        "spikes": back.names("spikes"), "traces": back.names("traces").get("hidden1", []),
        "weights": back.names("weights"), "metrics": back.names("metrics").get("learning", []),
        "stream": back.stream, "windows": [window.name for window in back.windows],
    }[what]  # fmt: skip
    assert name in kept


@pytest.mark.parametrize("name", ["a/b", "", ".", "a\0b"])
def test_populations_have_names(path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"^populations: expected a name without '/'"):
        RunFile.create(
            path, experiment="e", config={}, seed=0, device="d", populations={name: Population(2)}
        )
    assert not list(path.parent.iterdir())
