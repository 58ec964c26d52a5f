"""A run of three windows, as the figures have it."""

from __future__ import annotations

import numpy as np
import pytest

from snn_credit.recording import Population, Run, RunFile, Window, open_run

STEP_S = 1e-3


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Two populations, windows at 0, 1000 and 2000 ms of three stimuli of 50 steps each."""
    path = tmp_path_factory.mktemp("exchange") / "run.h5"
    rng = np.random.default_rng(1)
    populations = {
        "input": Population(64, "input"),
        "hidden1": Population(100, "hidden", recorded=np.array([40, 17, 3])),
        "output": Population(100, "output", np.repeat(np.arange(10), 10)),
    }
    with RunFile.create(
        path, experiment="made", config={"eta": 0.1}, seed=1, device="none",
        populations=populations, dt_ms=STEP_S * 1e3,
    ) as run:  # fmt: skip
        for k in range(3):
            _record(run, rng, k)
        run.append_metrics("learning", {"images_seen": [0.0, 60.0], "test_error": [90.0, 12.5]})
        run.append_stream({"stimulus": np.arange(9), "target": np.arange(9) % 3})
        run.finish()
    return open_run(path)


def _record(run: RunFile, rng: np.random.Generator, k: int) -> None:
    steps = 1000 * k + np.arange(150)
    for name, neurons in (("hidden1", [40, 17, 3]), ("output", range(100))):
        fired, which = np.nonzero(rng.random((150, len(neurons))) < 0.1)
        run.append_spikes(name, (steps[fired] * STEP_S) * 1e3, np.asarray(neurons)[which])
    times = (steps * STEP_S) * 1e3
    run.append_traces("hidden1", times, [17, 40], {"V": rng.normal(size=(150, 2))})
    run.append_weights("input_to_hidden1", times[-1], {"w": rng.normal(size=(4, 3))})
    images = rng.random((3, 8, 8)).astype(np.float32)
    run.add_window(
        Window(
            ("early", "middle", "late")[k], 1000.0 * k, 1000.0 * k + 150.0, 20 * k, images,
            np.array([1, 2, -1]), np.array([1, -1, 0]), 1000.0 * k + 50.0 * np.arange(3),
        )
    )  # fmt: skip
