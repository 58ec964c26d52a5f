"""Fig 3d and SF6 at reduced size: what is compared with what."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from named_claims import unnamed
from scipy import stats

from snn_credit.errors import InputError
from snn_credit.experiments import lillicrap_teacher as teacher
from snn_credit.harness import Context, Table
from snn_credit.rate.regression import Course

SMALL = replace(
    teacher.EXPERIMENT.presets["smoke"], w_scale=0.3, simulations=3, examples=1500, looks=3
)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Table]:
    out = tmp_path_factory.mktemp("teacher")
    return out, teacher.run(SMALL, Context(out, seed=0))


def test_what_the_claims_name_is_measured(found: tuple[Path, Table]) -> None:
    assert unnamed(teacher.EXPERIMENT, found[1]) == []


def test_every_student_is_compared(found: tuple[Path, Table]) -> None:
    out, rows = found
    assert [name for name in rows if not name.startswith("SF6")] == [
        "Shallow, 3 layers", "BP, 3 layers", "BP, 4 layers", "FA, 3 layers", "FA, 4 layers",
    ]  # fmt: skip
    for rule in ("BP", "FA"):
        assert (rows[f"{rule}, 3 layers"][teacher.NSE] or 1) < (
            rows["Shallow, 3 layers"][teacher.NSE] or 0
        )
        assert 0 <= (rows[f"{rule}, 4 layers"][teacher.P] or 0) <= 1
        frozen = rows[f"SF6: {rule}, 4 layers, W0 frozen"][teacher.NSE]
        assert frozen != rows[f"SF6: {rule}, 4 layers"][teacher.NSE]
    assert teacher.P not in rows["BP, 3 layers"]
    assert (out / "teacher.png").read_bytes().startswith(b"\x89PNG")


def test_the_test_is_paired() -> None:
    random = np.random.default_rng(0)
    three = random.uniform(0.1, 0.5, 8)
    four = three - random.uniform(0.01, 0.02, 8)
    nets = {
        name: [Course(np.arange(2), {"nse": np.array([1.0, last])}) for last in errors]
        for name, errors in (("FA, 3 layers", three), ("FA, 4 layers", four))
    }
    row = teacher._rows(nets, "")["FA, 4 layers"]
    difference = three - four
    t = difference.mean() / (difference.std(ddof=1) / np.sqrt(8))
    assert row[teacher.P] == pytest.approx(2 * stats.t.sf(t, 7), rel=1e-6)
    assert row[teacher.P] is not None
    assert row[teacher.P] < 1e-4 < 0.1 < stats.ttest_ind(three, four).pvalue
    assert row[teacher.BETTER] == 100


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"simulations": 0}, r"^simulations: at least 1 \(got 0\)$"),
        ({"control_eta": 0.0}, r"^control_eta: a finite number above 0 \(got 0\.0\)$"),
    ],
)
def test_a_setting_that_cannot_be(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(teacher.Config(), **change)
