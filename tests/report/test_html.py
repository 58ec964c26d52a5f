"""The HTML form: complete, escaped, and alone."""

import base64
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from report_runs import ERROR, PNG, errors, experiment, write_run

from snn_credit.report.html import to_html
from snn_credit.report.page import make_page


class Reader(HTMLParser):
    """Keeps tags with their attributes, and checks that they are closed in order."""

    VOID = frozenset({"meta", "link", "img", "br"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def html(root: Path, *experiments) -> str:
    return to_html(make_page(root, experiments))


@pytest.fixture
def page(tmp_path: Path) -> str:
    tables = {0: errors(BP=2.4, FA=2.0), 1: errors(BP=2.6, FA=2.2)}
    write_run(tmp_path / "a", tables, figures=("learning.png",))
    return html(tmp_path, experiment(), experiment("never"))


def test_the_page_is_well_formed_and_complete(page: str) -> None:
    reader = Reader(page)
    assert reader.open == []
    said = " ".join(" ".join(reader.text).split())
    for part in ("claims 2 of 2, numbers 2 of 2, pairs 1 of 1", "± 0.14", "No run was found.",
                 "Feedback", "64,10", "Learns digits"):  # fmt: skip
        assert part.lower() in said.lower()
    articles = [attributes for tag, attributes in reader.tags if tag == "article"]
    assert [a["id"] for a in articles] == ["made-up", "never"]
    links = {a.get("href") for tag, a in reader.tags if tag == "a"}
    assert {"#made-up", "#never", "https://doi.org/10.1038/ncomms13276"} <= links


def test_figures_are_in_the_page_with_words_for_those_who_do_not_see(page: str) -> None:
    (image,) = [attributes for tag, attributes in Reader(page).tags if tag == "img"]
    kind, _, data = (image["src"] or "").partition(",")
    assert kind == "data:image/png;base64"
    assert base64.b64decode(data) == PNG
    assert image["alt"] == "made-up, figure learning: learns digits"
    assert (image["width"], image["height"]) == ("1", "1")


def test_nothing_is_fetched_from_elsewhere(page: str) -> None:
    for tag, attributes in Reader(page).tags:
        for name in ("src", "srcset", "data", "action", "poster"):
            assert (attributes.get(name) or "data:").startswith("data:")
        if tag == "link":
            assert attributes["href"] == "data:,"
    assert "url(" not in page
    assert "@import" not in page


def test_ids_are_unique(page: str) -> None:
    ids = re.findall(r'\bid="([^"]*)"', page)
    assert len(ids) == len(set(ids))


def test_text_cannot_become_markup(tmp_path: Path) -> None:
    evil = '<script>alert("x")</script>&'
    table = {evil: {ERROR: 1.0}, "FA": {evil: 2.0}}
    write_run(tmp_path / "a", {0: table}, name=evil, device=evil, figures=("<b>.png",))
    (write_run(tmp_path / "<i>", {0: table}) / "result.json").unlink()
    made = experiment(evil, about=evil, paper=evil, figure=evil, claims=(),
                      paper_numbers={evil: {ERROR: 1.0}, "BP": {ERROR: 9.0}})  # fmt: skip
    page = html(tmp_path, made)
    reader = Reader(page)
    assert reader.open == []
    assert page.count("<script") == 1  # ours
    assert evil not in page
    assert not [tag for tag, _ in reader.tags if tag in ("i", "b")]
    (image,) = [attributes for tag, attributes in reader.tags if tag == "img"]
    assert evil in (image["alt"] or "")


def test_marks_say_what_they_mean(tmp_path: Path) -> None:
    write_run(tmp_path / "a", {0: errors(BP=2.4, FA=4.0)})
    reader = Reader(html(tmp_path, experiment()))
    said = " ".join(" ".join(reader.text).split())
    assert "2.4 ✓ met" in said
    assert "2.1 ✗ not met" in said
    assert "✗ does not hold" in said
    assert "FA < BP in the paper" in said
