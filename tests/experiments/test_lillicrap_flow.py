"""SF10 and Theorem 1 at reduced size: what the table must show, and the controls that must fail."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from named_claims import unnamed

from snn_credit.errors import InputError
from snn_credit.experiments.lillicrap_flow import DRIFT, EXPERIMENT, NSE, Config, run
from snn_credit.harness import Context, Table


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Table]:
    out = tmp_path_factory.mktemp("flow")
    return out, run(EXPERIMENT.presets["smoke"], Context(out, seed=1))


def test_what_the_claims_name_is_measured(found: tuple[Path, Table]) -> None:
    assert unnamed(EXPERIMENT, found[1]) == []


def test_the_invariant_and_the_error(found: tuple[Path, Table]) -> None:
    rows = found[1]
    theorem = rows["linear net, from A = W = 0 (Theorem 1)"]
    names = ("linear net, from A and W at random", "scalar net, all starts")
    for row in (theorem, *(rows[name] for name in names)):
        assert (row[DRIFT] or 0) < 1e-6
        assert (row[NSE] or 0) < 1e-12
    assert (theorem["largest rise of |BE|^2, share of its start"] or 0) < 1e-9
    assert (theorem["largest |A|^2, share of its bound"] or 2) < 1


def test_every_start_ends_where_its_parabola_says(found: tuple[Path, Table]) -> None:
    row = found[1]["scalar net, all starts"]
    assert row["starts"] == 100
    assert row["starts that end where their parabola says, %"] == 100
    assert 20 < (row["starts that end at e W B e < 0, %"] or 0) < 40


def test_the_controls_fail(found: tuple[Path, Table]) -> None:
    deaf = found[1]["control: an output without feedback"]
    assert (deaf[NSE] or 0) > 0.01
    assert deaf[NSE] == pytest.approx(deaf["NSE at the end, expected"], rel=1e-6)
    bp = found[1]["control: BP, from A and W at random"]
    assert (bp[DRIFT] or 0) > 0.1
    assert (bp["largest change of W'W - AA'"] or 1) < 1e-9


def test_both_figures_are_drawn(found: tuple[Path, Table]) -> None:
    for name in ("flow.png", "theorem1.png"):
        assert (found[0] / name).read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sizes": (3, 0, 2)}, r"^sizes: at least 1 \(got 3, 0, 2\)$"),
        ({"starts": 1}, r"^starts: at least 2 \(got 1\)$"),
        ({"b": -1.0}, r"^b: a finite number above 0 \(got -1\.0\)$"),
        ({"duration": 0.0}, r"^duration: a finite number above 0 \(got 0\.0\)$"),
    ],
)
def test_a_setting_that_cannot_be(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(Config(), **change)
