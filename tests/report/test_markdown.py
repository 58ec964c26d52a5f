"""The Markdown form: complete, the same for the same results, and free of accidents."""

import re
import shutil
from pathlib import Path

import pytest
from report_runs import Config, errors, experiment, write_run

from snn_credit.report.markdown import text, to_markdown
from snn_credit.report.page import make_page


def markdown(root: Path, *experiments) -> str:
    return to_markdown(make_page(root, experiments), root)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    tables = {0: errors(BP=2.4, FA=2.0), 1: errors(BP=2.6, FA=2.2), 2: errors(BP=2.5, FA=2.1)}
    write_run(tmp_path / "runs" / "a", tables, figures=("learning curve.png",))
    write_run(tmp_path / "runs" / "b", {0: errors(BP=2.4, FA=2.0)}, config=Config(eta=0.5))
    write_run(tmp_path / "runs" / "c", {0: errors(FA=50.0)}, preset="smoke")
    (write_run(tmp_path / "runs" / "d", {0: errors(FA=1.0)}) / "result.json").unlink()
    return tmp_path


def test_all_is_said(root: Path) -> None:
    said = markdown(root, experiment(), experiment("other"))
    assert "| reproduced | 1 |" in said
    assert "| not run | 1 |" in said
    assert ("| [made-up](#made-up) | Lillicrap et al. 2016 | Fig 3 | reproduced | "
            "claims 2 of 2, numbers 2 of 2, pairs 1 of 1 |") in said  # fmt: skip
    assert "- test error %: FA \\< BP: holds (FA 2.1, BP 2.5)" in said
    assert "|  | test error % | paper |\n| --- | --- | --- |\n" in said
    assert "| BP | 2.50 ± 0.10 | 2.4 ✓ |\n| FA | 2.10 ± 0.10 | 2.1 ✓ |\n" in said
    assert "preset: laptop; seeds: 0-2; device: cpu; time: 3:00 for all seeds" in said
    assert "Settings: eta=0.1, sizes=64,10." in said
    assert "![made-up: learning curve](runs/a/learning%20curve.png)" in said
    assert "- Also run: preset laptop with eta = 0.5, seeds 0: same order (claims 2 of 2" in said
    assert "- Also run: preset smoke, seeds 0: A smoke run is no measurement." in said
    assert "[doi:10.1038/ncomms13276](https://doi.org/10.1038/ncomms13276)" in said
    assert "| runs/d | unfinished: made-up, laptop |" in said


def test_links_lead_from_where_the_page_lies(root: Path) -> None:
    page = make_page(root / "runs", [experiment()])
    (root / "docs").mkdir()
    said = to_markdown(page, root / "docs")
    (link,) = re.findall(r"!\[.*?\]\((.*?)\)", said)
    assert link == "../runs/a/learning%20curve.png"


def test_a_picture_that_lies_elsewhere_is_linked_where_it_lies(root: Path) -> None:
    drawn = root / "runs" / "a" / "learning curve.png"
    drawn.rename(root / "curve.png")
    drawn.symlink_to("../../curve.png")
    said = to_markdown(make_page(root / "runs", [experiment()]), root)
    assert re.findall(r"!\[.*?\]\((.*?)\)", said) == ["curve.png"]


def test_the_same_results_elsewhere_give_the_same_text(root: Path, tmp_path: Path) -> None:
    shutil.copytree(root / "runs", tmp_path / "elsewhere" / "runs")
    copied = markdown(tmp_path / "elsewhere", experiment())
    assert copied == to_markdown(make_page(root / "runs", [experiment()]), root / "runs").replace(
        "](a/", "](runs/a/"
    ).replace("| d | unf", "| runs/d | unf")


def test_only_smoke_is_not_run(tmp_path: Path) -> None:
    write_run(tmp_path / "c", {0: errors(FA=50.0)}, preset="smoke", figures=("x.png",))
    said = markdown(tmp_path, experiment())
    assert "**not run**. Smoke runs only, which are no measurements." in said
    assert "50" not in said
    assert "x.png" not in said


def test_a_list_has_its_groups(tmp_path: Path) -> None:
    table = {f"row {r}": {f"column {r}": 1.0, "all": 2.0} for r in range(6)}
    write_run(tmp_path / "a", {0: table})
    said = markdown(tmp_path, experiment(paper_numbers={}, claims=()))
    assert "| row 1 | all | 2 |\n|  | column 1 | 1 |\n" in said


def test_reversed_pairs_and_what_is_missing_are_named(tmp_path: Path) -> None:
    write_run(tmp_path / "a", {0: errors(BP=2.0, FA=3.0)})
    paper = errors(BP=2.4, FA=2.1, DFA=3.0)
    said = markdown(tmp_path, experiment(paper_numbers=paper))
    assert "- reversed: test error %: FA \\< BP in the paper" in said
    assert "- not measured: test error % (DFA)" in said


def test_another_experiments_runs_are_named(tmp_path: Path) -> None:
    write_run(tmp_path / "a", {0: errors(FA=1.0)}, name="of a plug-in")
    said = markdown(tmp_path, experiment())
    assert "| a | of a plug-in: no experiment of that name |" in said


def test_text_cannot_become_markup() -> None:
    assert text("a|b <i>*x*</i> _y_ [l](u) `c` # & \\\n z") == (
        "a\\|b \\<i\\>\\*x\\*\\</i\\> \\_y\\_ \\[l\\](u) \\`c\\` \\# &amp; \\\\ z"
    )
