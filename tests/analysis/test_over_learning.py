"""What learning changes, in arrays and in a run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from snn_credit.analysis import (
    alignment_over_learning,
    angle_over_run,
    trace_over_learning,
    weights_over_learning,
)
from snn_credit.errors import InputError
from snn_credit.recording import Population, Run, RunFile, Synapses


def test_traces_by_window(recorded: Run) -> None:
    found = trace_over_learning(recorded, "hidden2", "fb")
    assert found.at.tolist() == [120.0, 6000.0, 60000.0]
    for k, window in enumerate(recorded.windows):
        _, _, values = recorded.trace("hidden2", "fb", window.start_ms, window.stop_ms)
        np.testing.assert_allclose(found.quantiles[k, 2], np.median(values))
        np.testing.assert_allclose(found.mean_abs[k], np.abs(values).mean())
    assert found.mean_abs[0] > found.mean_abs[2]
    ax = found.draw()
    assert ax.get_ylabel() == "fb of hidden2 (a.u.)"
    left, right = ax.get_xlim()
    assert -1000.0 < left < 120.0 < 60_000.0 < right
    assert ax.get_xticks().tolist() == [0.0, 1e4]


def test_weights_of_arrays_and_of_a_run(recorded: Run) -> None:
    times, weights = recorded.weights("hidden3_output", "b")
    ax = Figure().add_subplot()
    found = weights_over_learning(recorded, "hidden3_output", "b", ax=ax)
    again = weights_over_learning((times, weights))
    np.testing.assert_allclose(found.quantiles, again.quantiles, rtol=1e-6)
    expected = np.quantile(weights[1], [0.05, 0.25, 0.5, 0.75, 0.95])
    np.testing.assert_allclose(found.quantiles[1], expected, rtol=1e-6)
    assert found.at.tolist() == [0.0, 1.0, 2.0, 3.0]
    assert ax.get_ylabel() == "b of hidden3 output"


def test_pairs_without_a_synapse_have_no_weight(tmp_path: Path) -> None:
    populations = {"input": Population(4), "output": Population(5)}
    with RunFile.create(
        tmp_path / "run.h5", experiment="e", config={}, seed=0, device="d", populations=populations
    ) as file:
        synapses = Synapses(np.array([0, 2, 3]), np.array([1, 1, 4]), 4, 5)
        weights = np.array([1.0, 2.0, 6.0])
        file.append_weights("input_to_output", 0.0, {"w": weights}, synapses)
        file.finish()
    found = weights_over_learning(tmp_path / "run.h5", "input_to_output")
    np.testing.assert_allclose(
        found.quantiles, [np.quantile(weights, [0.05, 0.25, 0.5, 0.75, 0.95])]
    )
    np.testing.assert_allclose(found.mean_abs, [3.0])


def test_angle_and_norm_ratio(recorded: Run) -> None:
    found = alignment_over_learning(recorded)
    assert list(found.angle_deg) == ["hidden3_output"]
    times, degrees = angle_over_run(recorded, "hidden3_output")
    np.testing.assert_array_equal(found.angle_deg["hidden3_output"], degrees)
    np.testing.assert_array_equal(found.time_ms["hidden3_output"], times)
    np.testing.assert_allclose(found.norm_ratio["hidden3_output"][[0, 3]], 1.0)
    assert found.draw().get_ylim() == (0, 180)
    ratio = alignment_over_learning(recorded, ["hidden3_output"], shown="norm ratio")
    np.testing.assert_array_equal(
        ratio.draw().lines[0].get_ydata(), found.norm_ratio["hidden3_output"]
    )


def test_refused(recorded: Run) -> None:
    with pytest.raises(InputError, match=r"shown: expected angle or norm ratio \(got 'x'\)"):
        alignment_over_learning(recorded, shown="x")  # pyright: ignore[reportArgumentType]
    with pytest.raises(InputError, match=r"expected weights of hidden3_output \(got 'no'\)"):
        alignment_over_learning(recorded, ["no"])
    with pytest.raises(InputError, match=r"expected a variable of traces hidden1"):
        trace_over_learning(recorded, "hidden1", "U")
    with pytest.raises(InputError, match=r"source: expected \(times_ms, weights\), .*\(2,\)"):
        weights_over_learning(([0.0, 1.0], np.zeros((3, 2, 2))))
