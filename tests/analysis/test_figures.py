"""Figures show what was recorded: panels, spikes, classes, scales."""

from __future__ import annotations

import io
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from snn_credit.analysis import figure4, learning_curve, raster
from snn_credit.analysis.fig4 import Neuron
from snn_credit.analysis.panels import choose_units
from snn_credit.analysis.style import RIGHT
from snn_credit.errors import InputError
from snn_credit.recording import Population, Run, RunFile, open_run

COLUMNS, ROWS = 3, 7  # inputs, three hidden layers, outputs, PSP, modulator


def spikes_in(figure: Figure, panel: int, color: str | None = None) -> int:
    """Count the ticks of a panel, of one colour if given."""
    drawn = [c for c in figure.axes[panel].collections if isinstance(c, LineCollection)]
    if color is not None:
        drawn = [c for c in drawn if tuple(c.get_colors()[0]) == to_rgba(color)]
    return sum(len(collection.get_segments()) for collection in drawn)


def draws(figure: Figure) -> None:
    figure.savefig(io.BytesIO(), dpi=40)


@pytest.fixture(scope="module")
def fig4(recorded: Run) -> Figure:
    return figure4(recorded)


def test_figure4_has_a_column_a_window_and_all_rows(fig4: Figure) -> None:
    figure = fig4
    assert len(figure.axes) == COLUMNS * ROWS
    titles = [ax.get_title() for ax in figure.axes[:COLUMNS]]
    assert titles == ["early (120 images)", "middle (6,000 images)", "late (60,000 images)"]
    labels = [figure.axes[row * COLUMNS].get_ylabel() for row in range(1, ROWS)]
    assert labels[:4] == ["hidden 1\nunit", "hidden 2\nunit", "hidden 3\nunit", "output\nclass"]
    assert "V_j" in labels[4]
    assert "delta_j" in labels[5]
    assert [ax.get_xlabel() for ax in figure.axes[-COLUMNS:]] == ["time (ms)"] * 3
    draws(figure)


def test_figure4_draws_each_spike_once(recorded: Run) -> None:
    figure = figure4(recorded, units=100)
    for column, window in enumerate(recorded.windows):
        for row, name in enumerate(("hidden1", "hidden2", "hidden3", "output"), start=1):
            times, _ = recorded.spikes(name, window.start_ms, window.stop_ms)
            assert spikes_in(figure, row * COLUMNS + column) == len(times)


def test_a_spike_stands_in_the_middle_of_its_step(recorded: Run, fig4: Figure) -> None:
    for panel in fig4.axes[COLUMNS : 5 * COLUMNS]:
        ticks = [c for c in panel.collections if isinstance(c, LineCollection)]
        times = np.concatenate([np.array(c.get_segments())[:, 0, 0] for c in ticks])
        np.testing.assert_allclose(times % 1.0, 0.5)


@pytest.mark.parametrize(("dt_ms", "shift"), [(0.5, 0.25), (None, 10.0)])
def test_the_middle_is_that_of_the_runs_own_step(
    tmp_path: Path, dt_ms: float | None, shift: float
) -> None:
    with RunFile.create(
        tmp_path / "run.h5", experiment="e", config={}, seed=0, device="d",
        populations={"output": Population(4, "output")}, dt_ms=dt_ms,
    ) as run:  # fmt: skip
        run.append_spikes("output", [10.0, 30.0], [0, 1])
    figure = raster(open_run(tmp_path / "run.h5"), start_ms=10.0, stop_ms=40.0)
    (ticks,) = [c for c in figure.axes[1].collections if isinstance(c, LineCollection)]
    times = np.array(ticks.get_segments())[:, 0, 0]
    np.testing.assert_allclose(times, [shift, 20.0 + shift])


def test_figure4_colours_the_spikes_of_the_class_shown(recorded: Run, fig4: Figure) -> None:
    figure = fig4
    classes = recorded.populations["output"].classes
    assert classes is not None
    for column, window in enumerate(recorded.windows):
        times, nodes = recorded.spikes("output", window.start_ms, window.stop_ms)
        shown = window.labels[((times - window.start_ms) // 50).astype(int)]
        count = np.count_nonzero(classes[nodes] == shown)
        assert spikes_in(figure, 4 * COLUMNS + column, RIGHT) == count


def test_figure4_shows_images_labels_and_guesses(recorded: Run, fig4: Figure) -> None:
    figure = fig4
    for ax, window in zip(figure.axes[:COLUMNS], recorded.windows, strict=True):
        images = [inset.get_images()[0].get_array() for inset in ax.child_axes]
        np.testing.assert_array_equal(images, window.images)
        words = [text.get_text().strip() for text in ax.texts]
        for label, guess in zip(window.labels, window.guesses, strict=True):
            at = words.index(f"{label} →")
            assert words[at + 1] == (str(guess) if guess >= 0 else "–")


def test_figure4_traces_one_neuron_on_one_scale(recorded: Run) -> None:
    figure = figure4(recorded, neuron=Neuron("hidden2", 40))
    for row, variable in ((5, "V"), (6, "fb")):
        panels = figure.axes[row * COLUMNS : (row + 1) * COLUMNS]
        assert len({panel.get_ylim() for panel in panels}) == 1
        for panel, window in zip(panels, recorded.windows, strict=True):
            drawn = panel.lines[-1]
            times, nodes, values = recorded.trace(
                "hidden2", variable, window.start_ms, window.stop_ms
            )
            np.testing.assert_allclose(drawn.get_xdata(), times - window.start_ms + 0.5)
            np.testing.assert_array_equal(drawn.get_ydata(), values[:, nodes == 40][:, 0])
    assert any("hidden 2, neuron 40" in text.get_text() for text in figure.axes[15].texts)


def test_figure4_chooses_units_by_seed() -> None:
    population = Population(100, "hidden")
    first, again, other = (
        choose_units(population, 50, np.random.default_rng(seed)) for seed in (0, 0, 1)
    )
    assert first.tolist() == again.tolist() != other.tolist()
    assert len(set(first.tolist())) == 50


def test_only_recorded_neurons_are_chosen() -> None:
    population = Population(100, "hidden", recorded=np.array([9, 3, 70]))
    assert choose_units(population, 50, np.random.default_rng(0)).tolist() == [3, 9, 70]
    assert set(choose_units(population, 2, np.random.default_rng(0))) < {3, 9, 70}


def test_figure4_of_a_neuron_that_was_not_traced(recorded: Run) -> None:
    message = r"neuron: expected one traced in hidden3, \[17, 40\] \(got 5\)"
    with pytest.raises(InputError, match=message):
        figure4(recorded, neuron=Neuron("hidden3", 5))


@pytest.fixture
def plain(tmp_path: Path) -> Run:
    """A run with two populations of spikes and nothing else."""
    populations = {"input": Population(4, "input"), "output": Population(4, "output")}
    with RunFile.create(
        tmp_path / "run.h5", experiment="e", config={}, seed=0, device="d", populations=populations
    ) as run:
        for name in populations:
            run.append_spikes(name, [10.0, 11.0, 30.0], [0, 1, 2])
    return open_run(tmp_path / "run.h5")


def test_figure4_needs_windows(plain: Run) -> None:
    with pytest.raises(InputError, match=r"run\.h5: expected recorded windows"):
        figure4(plain)


def test_raster_shows_the_last_window_by_itself(recorded: Run) -> None:
    figure = raster(recorded)
    assert figure.axes[0].get_title() == "late (60,000 images)"
    labels = [ax.get_ylabel() for ax in figure.axes[1:]]
    assert labels[:4] == ["output\nclass", "hidden 3\nunit", "hidden 2\nunit", "hidden 1\nunit"]
    assert labels[4:6] == ["hidden 3\nV (a.u.)", "hidden 3\nfb (a.u.)"]
    assert len(labels) == 10
    draws(figure)


def test_raster_of_another_window(recorded: Run) -> None:
    assert raster(recorded, "middle").axes[0].get_title() == "middle (6,000 images)"
    with pytest.raises(InputError, match=r"window: expected early or middle or late \(got 'x'\)"):
        raster(recorded, "x")


def test_raster_without_windows_shows_all(plain: Run) -> None:
    figure = raster(plain)
    assert [spikes_in(figure, panel) for panel in (1, 2)] == [3, 3]
    assert figure.axes[0].get_xlim() == (0.0, 21.0)
    draws(figure)
    assert spikes_in(raster(plain, start_ms=10.0, stop_ms=30.0), 1) == 2
    with pytest.raises(InputError, match=r"stop_ms: expected more than 50 \(got 40\)"):
        raster(plain, start_ms=50.0, stop_ms=40.0)


def test_raster_of_nothing(tmp_path: Path) -> None:
    path = tmp_path / "run.h5"
    RunFile.create(path, experiment="e", config={}, seed=0, device="d", populations={}).close()
    with pytest.raises(InputError, match=r"run\.h5: expected recorded spikes or traces"):
        raster(open_run(path))


def test_the_learning_curve_is_the_mean_in_a_band(recorded: Run) -> None:
    seeds = [
        {"images_seen": [0, 10, 100, 1000], "test_error": [90, 50 + d, np.nan, 10 - d]}
        for d in (-2, 2)
    ]
    shallow = {"images_seen": [10, 1000], "test_error": [60, 30]}
    figure = learning_curve({"FA": seeds, "shallow": [shallow]}, chance=90.0)
    (ax,) = figure.axes
    fa, other, chance = ax.lines
    np.testing.assert_allclose(fa.get_xdata(), [10, 1000])
    np.testing.assert_allclose(fa.get_ydata(), [50, 10])
    np.testing.assert_allclose(other.get_ydata(), [60, 30])
    assert chance.get_ydata()[0] == 90.0
    (band,) = ax.collections
    heights = band.get_paths()[0].vertices[:, 1]
    spread = 8**0.5
    assert (heights.min(), heights.max()) == pytest.approx((10 - spread, 50 + spread))
    words = [text.get_text() for text in ax.texts]
    assert words[:3] == ["FA", "shallow", "chance"]
    assert ax.get_ylabel() == "test error (%)"
    draws(figure)


def test_names_at_the_ends_do_not_touch() -> None:
    same = {"images_seen": [1, 10], "test_error": [50, 5]}
    (ax,) = learning_curve({name: [same] for name in "abcd"}).axes
    heights = sorted(text.get_position()[1] for text in ax.texts)
    assert np.all(np.diff(heights) > 0.05)


def test_seeds_measured_at_different_times_are_interpolated() -> None:
    seeds = [
        {"images_seen": [0, 10, 20], "test_error": [90, 80, 70]},
        {"images_seen": [0, 20], "test_error": [90, 70]},
    ]
    (ax,) = learning_curve({"x": seeds}, log_x=False).axes
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [90, 80, 70])


def test_learners_without_measurements() -> None:
    with pytest.raises(InputError, match=r"FA: expected measurements of test_error \(got none\)"):
        learning_curve({"FA": [{"images_seen": [1], "test_error": [np.nan]}]})
    apart = [{"images_seen": [n], "test_error": [1.0]} for n in (1, 2)]
    with pytest.raises(InputError, match=r"FA: expected seeds measured over the same images"):
        learning_curve({"FA": apart})


def test_drawing_leaves_matplotlib_as_it_was(recorded: Run) -> None:
    before = dict(mpl.rcParams)
    figure4(recorded)
    assert dict(mpl.rcParams) == before
