"""Tables as a person reads them."""

import pytest
from report_runs import run_of

from snn_credit.harness import Table
from snn_credit.report.pool import pool
from snn_credit.report.table import Cell, Grid, digits, lay_out


def grid(*tables: Table, paper: Table | None = None, met: dict | None = None) -> Grid:
    (pooled,) = pool(run_of((seed,), table) for seed, table in enumerate(tables))
    return lay_out(pooled, paper or {}, met or {})


def table(rows: int, columns: int) -> Table:
    return {f"row {r}": {f"column {c}": float(r) for c in range(columns)} for r in range(rows)}


@pytest.mark.parametrize(
    ("mean", "sd", "text"),
    [
        (98.5268, 0.0123, ("98.527", "0.012")),
        (36.72, 2.04, ("36.7", "2.0")),
        (536.8, 25.3, ("537", "25")),
        (1234.5, 250.0, ("1234", "250")),
        (2.0, 0.0, ("2", "0")),
        (1.4e-10, 2.34e-11, ("1.4e-10", "2.3e-11")),
        (2.5e7, 1e5, ("2.5e+07", "1e+05")),
        (0.5, 1e-9, ("0.5", "1e-09")),
        (3.14159, None, ("3.142", "")),
        (None, None, ("–", "")),
    ],
)
def test_numbers_have_the_digits_of_their_spread(
    mean: float | None, sd: float | None, text: tuple[str, str]
) -> None:
    assert digits(mean, sd) == text


def test_few_columns_stay_columns() -> None:
    found = grid(table(5, 2))
    assert [column.title for column in found.columns] == ["column 0", "column 1"]
    assert [line.title for line in found.lines] == [f"row {r}" for r in range(5)]
    assert not found.listed


def test_many_columns_of_few_rows_are_turned() -> None:
    found = grid(table(2, 9))
    assert [column.title for column in found.columns] == ["row 0", "row 1"]
    assert [line.title for line in found.lines] == [f"column {c}" for c in range(9)]


def test_what_is_mostly_empty_is_listed() -> None:
    found = grid({f"row {r}": {f"column {r}": 1.0, "all": 2.0} for r in range(6)})
    assert found.listed
    assert [(name, len(lines)) for name, lines in found.groups()] == [
        (f"row {r}", 2) for r in range(6)
    ]


def test_a_large_table_is_listed() -> None:
    assert grid(table(20, 20)).listed


def test_the_papers_numbers_stand_beside_and_add_rows() -> None:
    found = grid(
        {"FA": {"error %": 2.0, "angle": 30.0}}, {"FA": {"error %": 4.0, "angle": 40.0}},
        paper={"FA": {"error %": 2.1}, "BP": {"error %": 2.4}},
        met={("FA", "error %"): True, ("BP", "error %"): None},
    )  # fmt: skip
    assert [(column.title, column.paper) for column in found.columns] == [
        ("error %", True), ("angle", False)
    ]  # fmt: skip
    fa, bp = found.lines
    assert fa.cells == (Cell("3.0", "1.4", "2.1", True), Cell("35.0", "7.1"))
    assert bp.cells == (Cell("–", "", "2.4"), Cell())
    assert fa.cells[0].measured == "3.0 ± 1.4"


def test_a_seed_without_a_number_is_counted() -> None:
    found = grid({"FA": {"x": 1.0}}, {"FA": {"x": None}}, {"FA": {"x": 2.0}})
    assert found.lines[0].cells[0].measured == "– (2 of 3 seeds have a number)"
