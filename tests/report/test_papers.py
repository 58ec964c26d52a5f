"""Every experiment's paper is known."""

import pytest

from snn_credit.experiments import TABLE, load
from snn_credit.report.papers import KUNIN, LANSDELL, PAPERS, papers_of


@pytest.mark.parametrize("name", TABLE)
def test_each_experiment_has_papers_in_full(name: str) -> None:
    paper = load(name).paper
    found = papers_of(paper)
    assert len(found) == (5 if paper == "all five papers" else paper.count(";") + 1)


def test_several_papers_are_found_by_their_names() -> None:
    assert papers_of("Lansdell et al. 2020; Kunin et al. 2020") == (LANSDELL, KUNIN)
    assert papers_of("Nobody et al. 1999") == ()


def test_links_are_dois() -> None:
    for paper in PAPERS.values():
        assert paper.doi.startswith("10.")
        assert paper.link == f"https://doi.org/{paper.doi}"
        assert paper.citation.endswith(".")
