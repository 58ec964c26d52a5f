"""Which neurons stand where in a raster, and in which colours."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from snn_credit.analysis import Stimuli, angles_per_neuron, overview, raster, spikes_of, tuning
from snn_credit.analysis.rows import arrange
from snn_credit.analysis.style import POTENTIAL, WRONG
from snn_credit.errors import InputError
from snn_credit.recording import Population, Run, RunFile, Window, open_run

#: Neuron 0 fires last and once, 1 first and often, 2 never, 3 in between.
PAIR = ([1.0, 2.0, 3.0, 4.0, 5.0, 9.0], [1, 1, 3, 1, 3, 0])


def ticks(figure: Figure, panel: int) -> list[tuple[float, int, str]]:
    """Time, row and colour of each tick."""
    found = []
    for part in figure.axes[panel].collections:
        if isinstance(part, LineCollection):
            color = to_hex(part.get_colors()[0])
            found += [(s[0, 0], round(s.mean(axis=0)[1]), color) for s in part.get_segments()]
    return sorted(found)


@pytest.mark.parametrize(
    ("sort", "order"), [(None, [0, 1, 2, 3]), ("rate", [2, 0, 3, 1]), ("first spike", [2, 0, 3, 1])]
)
def test_arrays_in_an_order(sort, order: list[int]) -> None:
    figure = raster(PAIR, sort=sort)
    rows = {neuron: row for row, neuron in enumerate(order, start=1)}
    drawn = [(time, row) for time, row, _ in ticks(figure, 0)]
    assert drawn == [(t, rows[n]) for t, n in zip(*PAIR, strict=True)]


def test_the_first_to_fire_need_not_be_the_most_active() -> None:
    spikes = spikes_of(([1.0, 2.0, 3.0], [0, 1, 1]))
    assert arrange(spikes, "rate").neurons.tolist() == [0, 1]
    assert arrange(spikes, "first spike").neurons.tolist() == [1, 0]


def test_by_preferred_class() -> None:
    stimuli = Stimuli(np.array([0.0, 5.0]), np.array([5.0, 10.0]), np.array([7, 4]))
    spikes = spikes_of(PAIR, stimuli=stimuli, stop_ms=10.0)
    rows = arrange(spikes, "class")
    assert tuning(spikes).preferred.tolist() == [4, 7, -1, 4]
    assert rows.neurons.tolist() == [0, 3, 1, 2]  # 4, 3 less so; 7; and the silent one
    assert list(rows.ticks.values()) == ["4", "7", "–"]
    assert rows.colors[0] == rows.colors[1] != rows.colors[2]


def test_stimuli_of_arrays() -> None:
    stimuli = Stimuli(np.array([0.0, 5.0]), np.array([5.0, 10.0]), np.array([7, 4]))
    figure = raster(PAIR, sort="class", stimuli=stimuli, stop_ms=10.0, size=5)
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == ["4", "7", "–"]
    assert figure.axes[0].get_ylim() == pytest.approx((0.2, 5.8))


def test_a_gap_is_not_drawn_as_silence() -> None:
    whole = spikes_of(([1.0, 9.0, 501.0], [0, 0, 0]), stop_ms=600.0)
    figure = raster(replace(whole, stretches=((0.0, 10.0), (500.0, 510.0))))
    ax = figure.axes[0]
    assert [time for time, _, _ in ticks(figure, 0)] == [1.0, 9.0, 11.0]
    assert (ax.get_xlim(), ax.get_xlabel()) == ((0.0, 20.0), "time recorded (ms)")


@pytest.mark.parametrize(
    ("start_ms", "stop_ms", "grey"),
    [
        (0.0, 1100.0, [(150.0, 1000.0)]),
        (900.0, 1200.0, [(0.0, 100.0), (250.0, 300.0)]),
        (1000.0, 1150.0, []),
    ],
)
def test_time_of_a_run_that_was_not_recorded_is_grey(
    recorded: Run, start_ms: float, stop_ms: float, grey: list
) -> None:
    figure = raster(recorded, start_ms=start_ms, stop_ms=stop_ms, population="hidden1")
    spans = [p.get_bbox() for p in figure.axes[1].patches if isinstance(p, Rectangle)]
    assert [(box.x0, box.x1) for box in spans] == grey


def test_by_alignment(tmp_path: Path) -> None:
    w = np.eye(3)
    b = np.array([[1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, -1.0]])  # 45, 0 and 180 degrees
    populations = {"input": Population(3), "hidden": Population(3), "output": Population(3)}
    with RunFile.create(
        tmp_path / "run.h5", experiment="e", config={}, seed=0, device="d", populations=populations
    ) as file:
        for name in populations:
            file.append_spikes(name, [1.0, 2.0, 3.0], [0, 1, 2])
        file.append_weights("input_to_hidden", 0.0, {"w": w})
        file.append_weights("hidden_to_output", 0.0, {"w": w, "b": -b})
        file.append_weights("hidden_to_output", 9.0, {"w": w, "b": b})
        file.add_stretch(0.0, 10.0)
    run = open_run(tmp_path / "run.h5")
    np.testing.assert_allclose(angles_per_neuron(w, b), [45.0, 0.0, 180.0], atol=1e-9)
    rows = arrange(spikes_of(run, "hidden"), "alignment", run)
    assert rows.neurons.tolist() == [2, 0, 1]
    assert list(rows.ticks.values()) == ["180°", "0°"]
    figure = raster(run, sort="alignment")
    assert [ax.get_ylabel() for ax in figure.axes[1:]] == [
        "output\nunit", "hidden\nby angle", "input\nunit",
    ]  # fmt: skip
    blind = np.where(np.arange(3) == 1, 0.0, b)  # no feedback reaches neuron 1
    with RunFile.resume(tmp_path / "run.h5") as file:
        file.append_weights("hidden_to_output", 19.0, {"w": w, "b": blind})
    blindly = arrange(spikes_of(run, "hidden"), "alignment", run)
    assert (blindly.neurons.tolist(), list(blindly.ticks.values())) == ([2, 1, 0], ["180°", "45°"])
    assert ticks(figure, 2) == [(1.5, 2, POTENTIAL), (2.5, 3, POTENTIAL), (3.5, 1, WRONG)]


def test_each_sort_draws_every_spike_of_a_run(recorded: Run) -> None:
    window = recorded.windows[-1]
    for sort in ("class", "rate", "first spike"):
        figure = raster(recorded, sort=sort, units=100, population=["hidden1", "output"])
        labels = [ax.get_ylabel().split("\n")[0] for ax in figure.axes]
        assert labels == ["", "output", "hidden 1", "hidden 1", "hidden 1"]
        for panel, name in ((1, "output"), (2, "hidden1")):
            times, _ = recorded.spikes(name, window.start_ms, window.stop_ms)
            assert len(ticks(figure, panel)) == len(times)


def test_the_first_stimuli_of_a_window(recorded: Run) -> None:
    figure = raster(recorded, first=2)
    assert figure.axes[0].get_title() == "late (60,000 images), first 2 of 3 stimuli"
    assert len(figure.axes[0].child_axes) == 2
    assert figure.axes[-1].get_xlim() == (0, 100)


def test_a_part_of_a_window_is_sorted_by_all_its_stimuli(recorded: Run) -> None:
    window = recorded.windows[-1]
    whole = raster(recorded, sort="class", population="hidden1", units=100)
    part = raster(
        recorded, sort="class", population="hidden1", units=100,
        start_ms=window.start_ms + 10.0, stop_ms=window.start_ms + 30.0,
    )  # fmt: skip
    rows = {row for time, row, _ in ticks(whole, 1) if 10.0 <= time < 30.0}
    assert {row for _, row, _ in ticks(part, 1)} == rows


def test_refused(recorded: Run) -> None:
    with pytest.raises(InputError, match=r"sort: one of class, rate, first spike, alignment; did"):
        raster(recorded, sort="rates")  # pyright: ignore[reportArgumentType]
    with pytest.raises(InputError, match=r"population: one of .*did you mean hidden1.*'hiden1'"):
        raster(recorded, population="hiden1")
    with pytest.raises(InputError, match=r"sort: expected another order where no run file is"):
        raster(PAIR, sort="alignment")
    with pytest.raises(InputError, match=r"stimuli: expected some that were shown"):
        raster(PAIR, sort="class")
    with pytest.raises(InputError, match=r"size, stimuli: expected None of a run file"):
        raster(recorded, size=3)
    with pytest.raises(InputError, match=r"units, first: expected at least 1 \(got 0 and 10\)"):
        raster(recorded, units=0)


def test_an_overview_has_eight_panels_a_population(recorded: Run) -> None:
    figure = overview(recorded, ["hidden1", "output"])
    titles = [ax for ax in figure.axes if ax.get_label() != "<colorbar>"]
    assert len(titles) == 16
    said = [text.get_text() for ax in titles for text in ax.texts]
    # Three images are too few to decode from, and the panel says so.
    assert sum("folds:" in words.replace("\n", " ") for words in said) == 2
    figure.savefig(io.BytesIO(), dpi=40)
    assert len(overview(recorded.path, "output", window="early").axes) >= 8


def test_an_overview_of_arrays_decodes_with_as_many_folds_as_there_may_be() -> None:
    onsets = 10.0 * np.arange(12)
    stimuli = Stimuli(onsets, onsets + 10.0, np.arange(12) % 4)  # each class three times
    rng = np.random.default_rng(0)
    pair = (rng.uniform(0.0, 120.0, 2000), rng.integers(0, 6, 2000))
    figure = overview(spikes_of(pair, "mine", stop_ms=120.0, stimuli=stimuli))
    titles = [ax.get_title() for ax in figure.axes]
    assert "12 presentations, 3 folds" in titles
    alone = overview(pair)
    said = [text.get_text().replace("\n", " ") for ax in alone.axes for text in ax.texts]
    assert sum("stimuli: expected some that were shown" in words for words in said) == 4


def test_an_overview_of_what_is_not_there(recorded: Run) -> None:
    with pytest.raises(InputError, match=r"population: expected .* \(got 'x'\)"):
        overview(recorded, "x")
    with pytest.raises(InputError, match=r"window: expected early or middle or late \(got 'x'\)"):
        overview(recorded, window="x")


@pytest.mark.parametrize(("start", "stop"), [(9000.0, 9100.0), (9000.0, None), (None, -5.0)])
def test_a_stretch_outside_of_the_run_is_refused(
    recorded: Run, start: float | None, stop: float | None
) -> None:
    with pytest.raises(InputError, match=r"^start_ms, stop_ms: expected a part of 0 to 2150 ms"):
        raster(recorded, start_ms=start, stop_ms=stop)


def test_time_without_a_stimulus_is_no_class_to_prefer(tmp_path: Path) -> None:
    path = tmp_path / "run.h5"
    with RunFile.create(
        path, experiment="", config={}, seed=0, device="", populations={"V1": Population(2)}
    ) as run:
        # Neuron 0 fires most while nothing is shown, and else for class 1; neuron 1 for class 0.
        times = [1.0, 5.0, 12.0, 13.0, 14.0, 15.0, 25.0]
        run.append_spikes("V1", times, [1, 1, 0, 0, 0, 0, 0])
        run.add_window(
            Window(
                "all", 0.0, 30.0, 0, np.zeros((3, 0, 0)), np.array([0, -1, 1]), np.full(3, -1),
                np.array([0.0, 10.0, 20.0]),
            )
        )  # fmt: skip
    assert open_run(path).windows[0].offset_ms.tolist() == [10.0, 20.0, 30.0]
    figure = raster(path, sort="class")
    names = [text.get_text() for ax in figure.axes for text in ax.get_yticklabels()]
    assert [name for name in names if name in ("-1", "0", "1")] == ["0", "1"]
