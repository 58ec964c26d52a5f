import json
import math

import pytest

from snn_credit.harness.results import over_seeds, result, same_shape


def test_means_and_sample_spreads() -> None:
    mean, spread = over_seeds([{"FA": {"e": 1.0}}, {"FA": {"e": 2.0}}, {"FA": {"e": 6.0}}])
    assert mean == {"FA": {"e": 3.0}}
    assert spread["FA"]["e"] == pytest.approx(math.sqrt(7))  # (4 + 1 + 9) / 2


def test_one_seed_has_no_spread() -> None:
    assert over_seeds([{"FA": {"e": 1.0}}]) == ({"FA": {"e": 1.0}}, {"FA": {"e": None}})


@pytest.mark.parametrize("gone", [None, math.nan, math.inf])
def test_a_diverged_seed_does_not_vanish_from_the_mean(gone: float | None) -> None:
    mean, spread = over_seeds([{"FA": {"e": 1.0}}, {"FA": {"e": gone}}])
    assert mean == spread == {"FA": {"e": None}}


def test_a_row_that_one_seed_lacks_is_none() -> None:
    mean, _ = over_seeds([{"FA": {"e": 1.0}}, {"BP": {"e": 2.0}}])
    assert mean == {"FA": {"e": None}, "BP": {"e": None}}


def test_tables_get_the_same_shape() -> None:
    first, second = same_shape({"FA": {"e": 1}}, {"FA": {"angle": 2.0}, "BP": {"e": 3.0}})
    assert first == {"FA": {"e": 1.0, "angle": None}, "BP": {"e": None}}
    assert second == {"FA": {"e": None, "angle": 2.0}, "BP": {"e": 3.0}}


def test_a_result_is_the_promised_json() -> None:
    found = result(
        experiment="x", preset="smoke", config={"eta": 0.1}, device="runtime", seconds=1.23456,
        paper={"BP": {"e": 1}}, tables={3: {"FA": {"e": 2}}, 4: {"FA": {"e": 4}}}, resumed=False,
    )  # fmt: skip
    assert list(found) == ["experiment", "preset", "seeds", "seconds", "device", "provenance",
                           "paper", "measured", "spread"]  # fmt: skip
    assert found["seeds"] == [3, 4]
    assert found["measured"] == {"FA": {"e": 3.0}, "BP": {"e": None}}
    assert found["paper"] == {"FA": {"e": None}, "BP": {"e": 1.0}}
    assert found["spread"]["FA"]["e"] == pytest.approx(math.sqrt(2))
    assert found["provenance"]["config"] == {"eta": 0.1}
    assert {"versions", "git_commit", "finished"} <= found["provenance"].keys()
    assert json.loads(json.dumps(found, allow_nan=False)) == found
