"""Which figures a report shows."""

import base64
from pathlib import Path

import pytest
from report_runs import PNG, errors, write_run

from snn_credit.report.collect import find_runs
from snn_credit.report.figures import Figure, figures_of
from snn_credit.report.pool import pool


def shown(root: Path) -> tuple[list[Figure], list[str]]:
    (pooled,) = pool(find_runs(root)[0])
    figures, problems = figures_of(pooled)
    return figures, [problem.why for problem in problems]


def test_figures_of_the_run_come_first_and_once(tmp_path: Path) -> None:
    write_run(tmp_path / "b", {5: errors(FA=1.0)}, figures=("x.png", "z.png"))
    write_run(tmp_path / "a", {0: errors(FA=1.0), 1: errors(FA=2.0)}, figures=("y.png", "x.png"))
    figures, problems = shown(tmp_path)
    assert problems == []
    assert [(f.path.relative_to(tmp_path).as_posix(), f.seeds) for f in figures] == [
        ("a/x.png", (0, 1)), ("a/y.png", (0, 1)), ("b/z.png", (5,)),
    ]  # fmt: skip


def test_figures_of_seeds_are_shown_where_the_run_has_none(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a", {0: errors(FA=1.0), 1: errors(FA=2.0)})
    for seed in (0, 1):
        (folder / f"seed-{seed}" / "learning_curve.png").write_bytes(PNG)
    (figure,), _ = shown(tmp_path)
    assert figure.path == folder / "seed-0" / "learning_curve.png"
    assert figure.seeds == (0,)
    assert figure.title == "learning curve"
    assert (figure.width, figure.height) == (1, 1)
    assert base64.b64decode(figure.data_uri().partition(",")[2]) == PNG


def test_a_copy_of_the_first_seeds_figure_is_of_that_seed(tmp_path: Path) -> None:
    tables = {3: errors(FA=1.0), 4: errors(FA=2.0)}
    folder = write_run(tmp_path / "a", tables, figures=("raster.png", "together.png"))
    (folder / "seed-3" / "raster.png").write_bytes(PNG)
    (folder / "seed-3" / "together.png").write_bytes(PNG + b"of one")
    figures, _ = shown(tmp_path)
    assert [(f.path.name, f.seeds) for f in figures] == [
        ("raster.png", (3,)), ("together.png", (3, 4)),
    ]  # fmt: skip


@pytest.mark.parametrize("content", [b"", b"raster", PNG[:30], PNG[:-4], b"\x89PNG\r\n\x1a\n"])
def test_files_that_are_no_whole_pictures_are_listed(tmp_path: Path, content: bytes) -> None:
    folder = write_run(tmp_path / "a", {0: errors(FA=1.0)}, figures=("good.png",))
    (folder / "bad.png").write_bytes(content)
    figures, problems = shown(tmp_path)
    assert [figure.path.name for figure in figures] == ["good.png"]
    assert problems == ["not a whole PNG"]
