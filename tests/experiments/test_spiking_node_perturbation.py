"""Node perturbation in spikes: what is measured, and that no other number than the loss teaches."""

from dataclasses import replace
from math import nan
from typing import Any

import numpy as np
import pytest
from named_claims import unnamed

from snn_credit.data import load
from snn_credit.errors import InputError
from snn_credit.experiments import spiking_np_circuits as nets
from snn_credit.experiments import spiking_shared as shared
from snn_credit.experiments.spiking_node_perturbation import (
    CONTROLS,
    DEEP,
    EXPERIMENT,
    LESS,
    RATE_RULES,
    TEST,
    WON,
    Config,
    _learn,
    run,
)
from snn_credit.experiments.spiking_shared import AIM, DELTA, GRADIENT, UPDATE
from snn_credit.experiments.spiking_teacher import Lessons, feedback_angles, teach, wanted_feedback
from snn_credit.harness import Context
from snn_credit.progress import Silent
from snn_credit.recording import open_run
from snn_credit.spiking import Simulation, Stream

DATA = load("digits")
SMOKE = EXPERIMENT.presets["smoke"]


def test_a_run_measures_every_rule_beside_its_control(tmp_path: Any) -> None:
    table = run(SMOKE, Context(tmp_path, seed=3, device="dense"))
    assert unnamed(EXPERIMENT, table) == []
    circuits = nets.learners(SMOKE, DATA, 0)
    fixed = nets.lectures(SMOKE, DATA, 0)
    assert set(table) == {*circuits, *fixed, *(f"rate {rule}" for rule in RATE_RULES)}
    both = {f"{what}, layer {layer}" for what in (GRADIENT, UPDATE) for layer in (1, 2)}
    taught = {f"{what}, layer {layer}" for what in (DELTA, AIM) for layer in (1, 2)}
    less = {f"{LESS}, layer {layer}" for layer in (1, 2)}
    both |= {f"{column}, at the start" for column in both}
    assert set(table[nets.NP]) == {TEST, WON, DEEP, *both}
    assert set(table[nets.UNRELATED]) == {TEST, *both}
    assert set(table[nets.OWN]) == {TEST}
    assert set(table[nets.FA]) == {TEST, DEEP, *both, *taught}
    assert set(table[nets.TAUGHT]) == {TEST, WON, DEEP, *both, *taught, *less}
    for row in fixed:
        assert set(table[row]) == {f"{AIM}, layer {layer}" for layer in (1, 2)}
    for name, other in CONTROLS.items():
        assert table[name][WON] == table[other][TEST] - table[name][TEST]  # type: ignore[operator]
    for column in less:
        of = column.replace(LESS, DELTA)
        difference = table[nets.FA][of] - table[nets.TAUGHT][of]  # type: ignore[operator]
        assert table[nets.TAUGHT][column] == difference
    drawn = {path.name for path in tmp_path.iterdir() if path.suffix == ".png"}
    assert drawn == {"raster.png", "learning.png", "angles.png"}
    found = open_run(tmp_path / "np.h5")
    assert found.complete
    assert {"V", "delta"} <= set(found.names("traces")["hidden1"])


def test_mean_updates_are_those_of_the_weights_before_and_after(tmp_path: Any) -> None:
    config = replace(SMOKE, images=400, probe_images=50)
    circuits = nets.learners(config, DATA, 0)
    context = Context(tmp_path, device="dense")
    row = _learn(config, context, DATA, nets.FA, circuits)
    start, end = (f"{UPDATE}, layer 2, at the start", f"{UPDATE}, layer 2")
    # Nothing is aligned before learning; feedback alignment is what learning brings.
    assert 70 < row[start] < 110  # type: ignore[operator]
    assert row[end] < row[start] - 20  # type: ignore[operator]
    assert _learn(config, replace(context, resume=True), DATA, nets.FA, circuits) == row


def test_every_learner_starts_from_the_same_weights() -> None:
    circuits = nets.learners(SMOKE, DATA, 5)
    first = circuits[nets.NP].projection("input_to_hidden1").initial["w"]
    for name in set(circuits) - {nets.OWN}:
        np.testing.assert_array_equal(
            circuits[name].projection("input_to_hidden1").initial["w"], first
        )
    a, b = (circuits[name].projection("hidden1_to_hidden2") for name in (nets.FA, nets.TAUGHT))
    np.testing.assert_array_equal(a.initial["b"], b.initial["b"])
    own = circuits[nets.OWN].projection("hidden2_to_output").initial["w"]
    assert np.abs(own).max() <= SMOKE.w_shallow_output


def test_only_the_loss_itself_teaches_feedback() -> None:
    config = replace(SMOKE, etab_output=0.1, etab=0.3)
    found = {
        name: teach(circuit, DATA, replace(lessons, images=3000, steps=20, looks=4), Silent())
        for name, (circuit, lessons) in nets.lectures(config, DATA, 1).items()
        if name in (nets.TAUGHT + nets.FIXED, nets.UNRELATED + nets.FIXED)
    }
    assert found[nets.TAUGHT + nets.FIXED]["hidden2"][-1] < 30
    assert 60 < found[nets.UNRELATED + nets.FIXED]["hidden2"][-1] < 120


def test_direct_feedback_should_be_the_product_of_what_is_above() -> None:
    circuit, _ = nets.lectures(SMOKE, DATA, 1)[nets.DIRECT + nets.FIXED]
    tables = {"stimulus": [DATA.train_x], "target": np.eye(10)}
    simulation = Simulation(circuit, tables, Stream.of(np.arange(50), 0, 5), device="dense")
    wanted = wanted_feedback(simulation)
    w2, w3 = (simulation.matrix(n, "w") for n in ("hidden1_to_hidden2", "hidden2_to_output"))
    np.testing.assert_allclose(wanted["hidden2_from_output"], w3)
    # The slopes of these neurons are near 1/4 and much alike.
    product = wanted["hidden1_from_output"]
    np.testing.assert_allclose(product, w3 @ w2 / 4, atol=0.1 * np.abs(product).max())
    for name, values in wanted.items():
        simulation.set_matrix(name, "b", 2 * values)
    assert max(feedback_angles(simulation).values()) < 1e-3


def test_deltas_through_the_transposed_weights_are_the_true_ones() -> None:
    circuit = nets.learners(SMOKE, DATA, 1)[nets.FA]
    tables = {"stimulus": [DATA.train_x], "target": np.eye(10)}
    stream = shared.probe_stream(DATA, 50, 5)
    simulation = Simulation(circuit, tables, stream, device="dense")
    before = shared.delta_angles(simulation, stream)
    assert set(before) == {"hidden1", "hidden2"}
    assert min(before.values()) > 40
    for name in ("hidden1_to_hidden2", "hidden2_to_output"):
        simulation.set_matrix(name, "b", 3 * simulation.matrix(name, "w"))
    assert max(shared.delta_angles(simulation, stream).values()) < 1e-3


def test_lessons_fade() -> None:
    circuit, _ = nets.lectures(SMOKE, DATA, 1)[nets.TAUGHT + nets.FIXED]
    lessons = Lessons(images=40, steps=5, looks=4)
    constant, fading = (
        teach(circuit, DATA, replace(lessons, fall=fall), Silent()) for fall in (1.0, 1e-6)
    )
    assert constant["images_seen"] == [10, 20, 30, 40]
    assert constant["hidden2"][0] == fading["hidden2"][0]
    assert constant["hidden2"][-1] != fading["hidden2"][-1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": 0}, r"^images: at least 1 \(got 0\)$"),
        ({"hidden": (50, 0)}, r"^hidden: at least 1 \(got 50, 0\)$"),
        ({"w_scale": nan}, r"^w_scale: a finite number of at least 0 \(got nan\)$"),
        ({"w_shallow": 0.0}, r"^w_shallow: above 0 \(got 0\.0\)$"),
        ({"fall": 0.0}, r"^fall: above 0 and at most 1 \(got 0\.0\)$"),
        ({"rate_etas": (1.0,)}, r"^rate_etas: 5, one for each rule \(got 1\.0\)$"),
    ],
)
def test_a_setting_that_cannot_be(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(Config(), **change)


def test_minutes_are_announced() -> None:
    assert EXPERIMENT.cost(SMOKE) is None
    laptop, paper = (EXPERIMENT.cost(EXPERIMENT.presets[name]) for name in ("laptop", "paper"))
    assert laptop == "about 3 minutes a seed on one core, on the device dense"
    assert paper == laptop.replace("3 minutes", "8 hours")
