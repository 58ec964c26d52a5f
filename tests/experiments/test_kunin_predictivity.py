"""Fig 6 at reduced size: the known answer, the order of the rows, and the controls that fail."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from named_claims import unnamed

from snn_credit.errors import InputError
from snn_credit.experiments.kunin_predictivity import (
    EXPERIMENT,
    MEDIAN,
    PERMUTED,
    RANDOM,
    RECORDED,
    RULES,
    TEST,
    WITHIN,
    Config,
    made_responses,
    run,
)
from snn_credit.harness import Context, Table


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Table]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    out = tmp_path_factory.mktemp("predictivity")
    table = run(EXPERIMENT.presets["smoke"], Context(out, seed=1))
    torch.set_num_threads(before)
    return out, table


def test_what_the_claims_name_is_measured(found: tuple[Path, Table]) -> None:
    assert unnamed(EXPERIMENT, found[1]) == []


def test_the_recorded_network_s_own_features_give_the_known_answer(
    found: tuple[Path, Table],
) -> None:
    expected = found[1]["all of the signal, expected"][MEDIAN]
    assert expected == pytest.approx(1 / np.sqrt(1.25))
    assert found[1][RECORDED][MEDIAN] == pytest.approx(expected, abs=0.03)
    assert (found[0] / "predictivity.png").read_bytes().startswith(b"\x89PNG")


def test_every_rule_trains_and_predicts_less_than_the_signal(found: tuple[Path, Table]) -> None:
    top = found[1][RECORDED][MEDIAN] or 0
    for name in (*RULES, RANDOM):
        assert 0.3 < (found[1][name][MEDIAN] or 0) < top
    for name in RULES:
        assert (found[1][name][TEST] or 100) < 60
    assert found[1][RANDOM][TEST] is None
    assert (found[1][RANDOM][MEDIAN] or 1) < (found[1]["BP"][MEDIAN] or 0)


def test_the_controls(found: tuple[Path, Table]) -> None:
    assert abs(found[1][PERMUTED][MEDIAN] or 1) < 0.15
    assert 0.15 < (found[1][WITHIN][MEDIAN] or 0) < (found[1]["BP"][MEDIAN] or 0)


def test_made_responses_have_the_variance_and_the_rank_that_they_should() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(4000, 12)) * np.arange(1, 13)
    quiet = made_responses(features, 5, 30, 1e-9, np.random.default_rng(1))
    np.testing.assert_allclose(quiet.var(axis=0), 1.0, atol=1e-6)
    assert np.linalg.matrix_rank(quiet, tol=1e-3) == 5
    # the largest components, which are nearly the last five features
    centred = features - features.mean(axis=0)
    for some, share in ((centred, 0.0), (centred[:, -5:], 0.05), (centred[:, :7], 0.95)):
        left = quiet - some @ np.linalg.lstsq(some, quiet, rcond=None)[0]
        assert np.mean(left**2) == pytest.approx(share, abs=0.05)
    loud = made_responses(features, 5, 30, 2.0, np.random.default_rng(1))
    np.testing.assert_allclose((loud - quiet).var(axis=0), 4.0, rtol=0.15)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sites": 0}, r"^sites: at least 1 \(got 0\)$"),
        ({"noise": 0.0}, r"^noise: a finite number above 0 \(got 0\.0\)$"),
        ({"latent": 101}, r"^latent: at most the last hidden layer's 100 \(got 101\)$"),
        ({"hidden": (200, 20)}, r"^latent: at most the last hidden layer's 20 \(got 25\)$"),
    ],
)
def test_a_setting_that_cannot_be(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(Config(), **change)
