"""PEPITA in time: PEPITA and its controls run, differ where they should, and are read again."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from named_claims import unnamed

from snn_credit.data import load
from snn_credit.errors import InputError
from snn_credit.experiments.spiking_pepita import (
    ANGLE,
    EXPERIMENT,
    FIXED,
    NOTHING,
    PEPITA,
    RANDOM,
    RATE,
    RATE_NOTHING,
    SPIKING,
    TEST,
    Config,
    circuit,
    cost,
    run,
    synapses,
)
from snn_credit.harness import Context
from snn_credit.recording import open_run
from snn_credit.spiking import Simulation, Stream


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Context, Any]:
    context = Context(tmp_path_factory.mktemp("pepita"), seed=1, device="dense")
    return context, run(EXPERIMENT.preset("smoke"), context)


def test_what_the_claims_name_is_measured(whole: tuple[Context, Any]) -> None:
    assert unnamed(EXPERIMENT, whole[1]) == []


def test_every_row_is_there(whole: tuple[Context, Any]) -> None:
    _, table = whole
    assert set(table) == {*SPIKING, RATE, RATE_NOTHING, "chance"}
    assert all(0 <= row[TEST] <= 100 for row in table.values())
    assert table[NOTHING][ANGLE] is None
    for name in (NOTHING, RANDOM, FIXED):
        lead = table[name][TEST] - table[PEPITA][TEST]
        assert table[PEPITA][f"points below {name}"] == lead
    assert 0 < table[PEPITA][ANGLE] < 180


def test_the_figures_are_there(whole: tuple[Context, Any]) -> None:
    context, _ = whole
    for name in ("raster", "learning", "angles"):
        assert (context.out / f"{name}.png").stat().st_size > 5000


def test_a_finished_run_is_read_again(whole: tuple[Context, Any]) -> None:
    context, table = whole
    before = {path: path.stat().st_mtime_ns for path in context.out.glob("*.h5")}
    again = run(EXPERIMENT.preset("smoke"), replace(context, resume=True))
    assert {name: again[name][TEST] for name in SPIKING} == {n: table[n][TEST] for n in SPIKING}
    assert before == {path: path.stat().st_mtime_ns for path in before}
    training = open_run(next(iter(before))).stream
    assert set(training["phase"][training["part"] == 0]) == {0, 1}


def test_what_each_network_learns() -> None:
    config, data = EXPERIMENT.preset("smoke"), load("digits").subset(20, 5, 5)
    tables = {"stimulus": [data.train_x], "target": np.eye(10)}
    stream = Stream.of(np.arange(10), data.train_y[:10]).in_windows((8, 8))
    moved, driven = {}, {}
    for name in SPIKING:
        simulation = Simulation(
            circuit(config, data, name, 0), tables, stream, device="runtime", chunk_steps=160
        )
        before = simulation.matrix("input_to_hidden1", "w")
        list(simulation.run())
        moved[name] = np.abs(simulation.matrix("input_to_hidden1", "w") - before).max()
        x = tables["stimulus"][0][9]
        driven[name] = np.abs(simulation.state["input.drive"] - x).max()
    # Without F the second window differs from the first by chance, and by chance alone it learns.
    assert moved[FIXED] == 0
    assert min(moved[name] for name in (PEPITA, NOTHING, RANDOM)) > 0
    assert driven[NOTHING] == pytest.approx(0, abs=1e-6)
    assert min(driven[PEPITA], driven[RANDOM]) > 0.01


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"window": 0}, r"^window: at least 1 \(got 0\)"),
        ({"f_scale": -0.1}, r"^f_scale: a finite number of at least 0 \(got -0.1\)"),
        ({"rate_ms": 0.0}, r"^rate_ms: a time above 0 \(got 0.0\)"),
        ({"tonic": 0.5}, r"^tonic: a probability from 0 to below 0.5 \(got 0.5\)"),
    ],
)
def test_settings_out_of_their_range(setting: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Config(**setting)


def test_what_it_costs_is_said() -> None:
    assert cost(EXPERIMENT.preset("smoke")) is None
    assert "40,000 images" in (cost(EXPERIMENT.preset("laptop")) or "")
    assert synapses(Config(data="mnist", hidden=(5,), output=3)) == 784 * 5 + 15
