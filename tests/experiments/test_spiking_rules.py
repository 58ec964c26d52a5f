"""The table of rules: its rows and controls, that a run goes on, and what is refused."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from named_claims import unnamed

from snn_credit.errors import InputError
from snn_credit.experiments import spiking_rules as experiment
from snn_credit.experiments.spiking_rules_nets import angles, circuit, module, with_other_noise
from snn_credit.experiments.spiking_rules_settings import LEARNERS, drawn_anew, opposite_signs
from snn_credit.harness import Context
from snn_credit.models.lillicrap_spiking import FORWARD
from snn_credit.recording import open_run
from snn_credit.rules.sign_concordant_feedback import strict_normalisation

SMOKE = experiment.EXPERIMENT.presets["smoke"]
COLUMNS = [
    experiment.SPIKING, experiment.CONTROL, experiment.BEATEN,
    experiment.HALFWAY, experiment.ANGLE, experiment.RATE, experiment.RATE_CONTROL,
]  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    out = tmp_path_factory.mktemp("rules")
    context = Context(out, seed=3, device="runtime")
    table = experiment.run(SMOKE, context)
    experiment.draw(SMOKE, [table], context)
    return out, table


def test_what_the_claims_name_is_measured(whole: tuple[Path, Any]) -> None:
    assert unnamed(experiment.EXPERIMENT, whole[1], {"^(" + "|".join(LEARNERS) + ")$": "FA"}) == []


def test_every_rule_has_its_numbers(whole: tuple[Path, Any]) -> None:
    out, table = whole
    assert list(table) == list(SMOKE.rules)
    for name, row in table.items():
        assert list(row) == COLUMNS
        errors = [
            open_run(out / experiment.file_of(name, c)).metrics("learning") for c in (False, True)
        ]
        came, control = (float(each["test_error"][-1]) for each in errors)
        assert (row[experiment.SPIKING], row[experiment.CONTROL]) == (came, control)
        assert row[experiment.BEATEN] == control - came
        assert 0 < row[experiment.ANGLE] < 180
        assert row[experiment.HALFWAY] == row[experiment.ANGLE]  # of one evaluation
        assert 0 <= row[experiment.RATE] <= 100
    assert table["NP"][experiment.RATE_CONTROL] is None  # its critic is one of spikes
    for figure in ("errors.png", "angles.png"):
        assert (out / figure).read_bytes().startswith(b"\x89PNG")


def test_a_run_goes_on_from_what_is_there(whole: tuple[Path, Any]) -> None:
    out, table = whole
    before = {path: path.read_bytes() for path in out.glob("*.h5")}
    assert len(before) == 2 * len(SMOKE.rules)
    again = experiment.run(SMOKE, Context(out, seed=3, device="runtime", resume=True))
    assert again == table
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize("name", LEARNERS)
def test_every_row_and_its_control_have_circuits_that_differ(name: str) -> None:
    learner = LEARNERS[name]
    sizes = (64, 6, 6, 10)
    plain = circuit(name, sizes, 5, w_scale=0.3)
    assert [p.size for p in plain.populations[:4]] == [64, 6, 6, 10]
    if learner.has_control:
        control = circuit(name, sizes, 5, w_scale=0.3, control=True)
        assert str(control) != str(plain) or control.host != plain.host or learner.pepita
        for projection in plain.projections:
            if "w" in projection.initial:
                same = control.projection(projection.name).initial["w"]
                np.testing.assert_array_equal(projection.initial["w"], same)
    if learner.lr is not None:
        assert module(name, (64, 6, 10), w_scale=0.3) is not None


def test_without_feedback_pepita_has_none() -> None:
    control = circuit("PEPITA", (64, 6, 10), 5, w_scale=0.3, control=True)
    assert not np.any(control.projection("input_from_output").initial["b"])
    plain = circuit("PEPITA", (64, 6, 10), 5, w_scale=0.3)
    assert np.any(plain.projection("input_from_output").initial["b"])


def test_the_hidden_layers_of_the_shallow_network_have_weights_of_their_own() -> None:
    first, last = LEARNERS["Shallow"].w or (0, 0)
    built = circuit("Shallow", (64, 30, 30, 10), 5, w_scale=0.3)
    found = [np.abs(p.initial["w"]).max() for p in built.projections if "w" in p.initial]
    np.testing.assert_allclose(found, [first, first, last], rtol=0.05)


def test_what_is_drawn_anew_is_other_and_of_the_same_size() -> None:
    b = np.random.default_rng(0).uniform(-1, 1, (40, 50)).astype(np.float32)
    once, twice = drawn_anew(b), drawn_anew(drawn_anew(b))
    for one, other in ((b, once), (once, twice), (b, twice)):
        np.testing.assert_array_equal(np.sort(np.abs(one.ravel())), np.sort(np.abs(other.ravel())))
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.1
    np.testing.assert_array_equal(once, drawn_anew(b))  # a stopped run draws it again


def test_opposite_signs() -> None:
    w = np.array([[0.5, -2.0], [1.0, 0.25]])
    np.testing.assert_array_equal(opposite_signs(w, w), -strict_normalisation(w, w))


def test_other_noise_is_of_spikes_that_are_not_fired() -> None:
    neuron = with_other_noise(FORWARD)
    assert neuron.declares("other")
    assert neuron.threshold == FORWARD.threshold


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rules": ()}, r"^rules: one or several, each once \(got none\)$"),
        ({"rules": ("FA", "FA")}, r"^rules: one or several, each once \(got FA, FA\)$"),
        ({"rules": ("FB",)}, r"^rules: .*\(got 'FB'\)$"),
        ({"images": 0}, r"^images: at least 1 \(got 0\)$"),
        ({"probe": -1}, r"^probe: at least 0 \(got -1\)$"),
        ({"w_scale": 0.0}, r"^w_scale: a finite number above 0 \(got 0\.0\)$"),
    ],
)
def test_a_setting_that_cannot_be(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(experiment.Config(), **change)


def test_a_probe_leaves_feedback_and_decay_alone() -> None:
    from snn_credit.data import load
    from snn_credit.experiments.spiking_shared import probe_stream
    from snn_credit.spiking import Simulation

    data = load("digits").subset(40, 10, 10)
    built = circuit("KP", (64, 8, 10), 5, w_scale=0.3)
    tables = {"stimulus": [data.train_x], "target": np.eye(10)}
    stream = probe_stream(data, 20, 5)
    simulation = Simulation(built, tables, stream, device="runtime", dtype="float64")
    asked: list[dict[str, Any]] = []
    angles(simulation, stream, probe=lambda still, _: asked.append(still.state) or {})
    (state,) = asked
    assert not state["hidden1.lam"].any()
    assert simulation.state["hidden1.lam"].any()
    np.testing.assert_array_equal(state["hidden1.eta"], simulation.state["hidden1.eta"])
