"""CITATION.cff is of the format 1.2.0, and names what the README does."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

import snn_credit

ROOT = Path(__file__).resolve().parents[1]
CITATION: dict[str, Any] = yaml.safe_load((ROOT / "CITATION.cff").read_text())
REFERENCES: list[dict[str, Any]] = CITATION["references"]

# What the format has, as far as it is used here: no other field may appear.
FIELDS = {
    *("cff-version", "message", "type", "title", "abstract", "authors", "version", "license"),
    *("keywords", "references"),
}
REFERENCE_FIELDS = {
    *("type", "title", "authors", "journal", "volume", "start", "year", "doi", "url"),
    *("collection-title", "conference", "identifiers"),
}
TYPES = {"article", "conference-paper"}


def first_author(reference: dict[str, Any]) -> str:
    return reference["authors"][0]["family-names"]


def test_it_is_of_the_format() -> None:
    assert CITATION["cff-version"] == "1.2.0"
    assert CITATION["type"] == "software"
    assert set(CITATION) == FIELDS
    assert all(set(author) == {"name"} for author in CITATION["authors"])


def test_it_says_what_the_package_says() -> None:
    assert CITATION["title"] == "snn_credit"
    assert CITATION["version"] == snn_credit.__version__
    assert f'license = "{CITATION["license"]}"' in (ROOT / "pyproject.toml").read_text()
    (author,) = CITATION["authors"]
    assert f"(c) 2026 {author['name']}" in (ROOT / "LICENSE").read_text()


@pytest.mark.parametrize("reference", REFERENCES, ids=first_author)
def test_a_reference_is_of_the_format(reference: dict[str, Any]) -> None:
    assert {"type", "title", "authors", "year"} <= set(reference) <= REFERENCE_FIELDS
    assert reference["type"] in TYPES
    assert isinstance(reference["year"], int)
    for author in reference["authors"]:
        assert set(author) == {"family-names", "given-names"}
    if "doi" in reference:
        assert re.fullmatch(r"10\.\d{4,9}/\S+", reference["doi"])
    else:
        (identifier,) = reference["identifiers"]
        assert identifier["type"] == "other"
        number = identifier["value"].removeprefix("arXiv:")
        assert re.fullmatch(r"\d{4}\.\d{5}", number)
        assert reference["url"] == f"https://arxiv.org/abs/{number}"
    if "conference" in reference:
        assert set(reference["conference"]) == {"name"}


def test_the_readme_names_the_same_works() -> None:
    readme = (ROOT / "README.md").read_text()
    papers = readme.partition("\n## The papers\n")[2].partition("\n## ")[0]
    words = " ".join(papers.split())
    for reference in REFERENCES:
        assert reference["title"].lower() in words.lower()
        assert str(reference["year"]) in words
        if "identifiers" in reference:
            assert reference["identifiers"][0]["value"] in words
        for author in reference["authors"]:
            assert author["family-names"] in words
    assert [first_author(reference) for reference in REFERENCES] == [
        *("Lillicrap", "Moskovitz", "Lansdell", "Kunin", "Dellaferrera", "Stimberg", "Alevi")
    ]
