"""A run as the paper's Figure 4 needs it, made of random numbers with a known structure."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.datasets import load_digits

from snn_credit.recording import Population, Run, RunFile, Window, open_run

STEPS = 50
N = 100


def activity(
    rng: np.random.Generator, pattern: NDArray[np.float64], start: float
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """Draw Bernoulli spikes with eq (5)'s potentials: times, neurons, potentials (steps, n)."""
    v = np.zeros((len(pattern), pattern.shape[1]))
    for t in range(len(pattern)):
        before = v[t - 1] if t else 0.0
        noise = rng.normal(0, 0.5, pattern.shape[1])
        v[t] = 0.5 * before + 0.5 * (pattern[t] + noise)
    steps, nodes = np.nonzero(rng.random(v.shape) < 1 / (1 + np.exp(-v)))
    return start + steps.astype(float), nodes, v


def record(run: RunFile, rng: np.random.Generator, k: int, start: float) -> None:
    """Record one window: early (k = 0), middle and late, with outputs ever more right."""
    images, digits = load_digits(return_X_y=True)
    chosen = rng.choice(len(images), 3, replace=False)
    labels = digits[chosen]
    guesses = np.array([(labels[0] + 3) % 10, (labels[1] + 5) % 10, -1]) if k == 0 else labels
    classes = np.repeat(np.arange(10), N // 10)
    for layer in range(1, 4):
        patterns = rng.normal(-0.8, 1.5, (3, N))
        times, nodes, v = activity(rng, np.repeat(patterns, STEPS, 0), start)
        run.append_spikes(f"hidden{layer}", times, nodes)
        error = np.exp(-0.7 * k) * np.repeat(rng.normal(0, 0.4, (3, 2)), STEPS, 0)
        error += rng.normal(0, 0.03, error.shape)
        samples = {"V": v[:, [17, 40]], "fb": error}
        run.append_traces(f"hidden{layer}", start + np.arange(3.0 * STEPS), [17, 40], samples)
    drive = np.where(classes == labels[:, None], -3.0 + 2.2 * k, -0.5 - 1.3 * k)
    times, nodes, _ = activity(rng, np.repeat(drive, STEPS, 0), start)
    run.append_spikes("output", times, nodes)
    onsets = start + STEPS * np.arange(3.0)
    run.add_window(
        Window(
            ("early", "middle", "late")[k],
            start,
            start + 3 * STEPS,
            (120, 6000, 60000)[k],
            images[chosen].reshape(3, 8, 8) / 16,
            labels,
            guesses,
            onsets,
        )
    )


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Three windows of three images of 50 steps, three hidden layers of 100, 100 outputs."""
    path = tmp_path_factory.mktemp("run") / "run.h5"
    rng = np.random.default_rng(1)
    classes = np.repeat(np.arange(10), N // 10)
    hidden = {f"hidden{layer}": Population(N, "hidden") for layer in range(1, 4)}
    populations = {
        "input": Population(64, "input"),
        **hidden,
        "output": Population(N, "output", classes),
    }
    with RunFile.create(
        path, experiment="made", config={}, seed=1, device="none", populations=populations
    ) as run:
        for k in range(3):
            record(run, rng, k, 1000.0 * k)
        w = rng.normal(size=(N, N))
        for k in range(4):
            b = -w if k == 3 else w * (k == 0) + rng.normal(size=w.shape) * (k > 0)
            run.append_weights("hidden3_output", 1000.0 * k, {"w": w, "b": b})
        run.finish()
    return open_run(path)
