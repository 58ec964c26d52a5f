"""A report as Markdown: the same content, with links to the figures where they lie."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

from snn_credit.report.page import Entry, Measurement, Page
from snn_credit.report.table import Cell, Grid
from snn_credit.report.words import HOW, TITLE, about_other, shown_folder, summary

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#])")


def to_markdown(page: Page, folder: Path) -> str:
    """Return a page as Markdown that is to lie in ``folder``.

    It depends on the runs alone: the same results give the same text.
    """
    return "\n".join(_lines(page, folder)).rstrip() + "\n"


def text(value: str) -> str:
    """Return plain text with what means something in Markdown or HTML escaped."""
    return _SPECIAL.sub(r"\\\1", " ".join(value.split())).replace("&", "&amp;")


def _lines(page: Page, folder: Path) -> Iterator[str]:
    yield from (f"# {TITLE}", "", text(summary(page)), "")
    yield from _table(["verdict", "experiments"], [
        [str(word), str(count)] for word, count in page.counts.items()])  # fmt: skip
    yield from ("", text(HOW), "")
    yield from _table(["experiment", "paper", "figure", "verdict", "counts"], [
        [f"[{entry.experiment.id}](#{entry.experiment.id})", text(entry.experiment.paper),
         text(entry.experiment.figure), str(entry.verdict.word), entry.verdict.counts]
        for entry in page.entries])  # fmt: skip
    for entry in page.entries:
        yield from _entry(entry, page, folder)
    if page.problems:
        yield from ("", "## Not in this report", "")
        yield from _table(["folder", "why"], [
            [text(shown_folder(page, problem.folder)), text(problem.why)]
            for problem in page.problems])  # fmt: skip


def _entry(entry: Entry, page: Page, folder: Path) -> Iterator[str]:
    experiment, verdict = entry.experiment, entry.verdict
    yield from ("", f"## {experiment.id}", "")
    yield from (f"{text(experiment.paper)}, {text(experiment.figure)}: {text(experiment.about)}.",
                "", f"**{verdict.word}**. {text(verdict.why)}")  # fmt: skip
    if entry.shown is not None and entry.grid is not None:
        yield from _measured(entry.shown, entry.grid)
        for figure in entry.figures:
            # where a link leads, as a page on the web shows a link's text and not its picture
            picture = os.path.relpath(figure.path.resolve(), folder.resolve())
            link = quote(picture.replace(os.sep, "/"))
            yield from ("", f"![{text(experiment.id)}: {text(figure.title)}]({link})")
    if entry.others:
        yield ""
        yield from (f"- {text(about_other(other))}" for other in entry.others)
    yield ""
    yield from (f"- {text(paper.citation)} [doi:{paper.doi}]({paper.link})"
                for paper in entry.papers)  # fmt: skip


def _measured(shown: Measurement, grid: Grid) -> Iterator[str]:
    verdict = shown.verdict
    signs = {True: "holds", False: "does not hold", None: "cannot be judged"}
    if verdict.findings:
        yield ""
    for finding in verdict.findings:
        numbers = f" ({text(finding.numbers)})" if finding.numbers else ""
        yield f"- {text(finding.text)}: {signs[finding.holds]}{numbers}"
    for pair in verdict.reversed_pairs:
        yield text(f"- reversed: {pair.column}: {pair.low} < {pair.high} in the paper")
    if verdict.not_measured:
        yield f"- not measured: {text('; '.join(verdict.not_measured))}"
    yield from (f"- {text(note)}" for note in shown.pooled.notes)
    yield ""
    yield from _grid(grid)
    yield ""
    yield "; ".join(f"{name}: {text(value)}" for name, value in shown.facts.items())
    if shown.settings:
        yield ""
        yield "Settings: " + text(", ".join(f"{k}={v}" for k, v in shown.settings.items())) + "."


def _grid(grid: Grid) -> Iterator[str]:
    grouped = grid.listed
    headings = ["", grid.corner] if grouped else [grid.corner]
    for column in grid.columns:
        headings += [text(column.title), "paper"] if column.paper else [text(column.title)]
    rows = []
    for name, lines in grid.groups():
        for number, line in enumerate(lines):
            cells = [text(name) if number == 0 else ""] if grouped else []
            cells.append(text(line.title))
            for cell, column in zip(line.cells, grid.columns, strict=True):
                cells += [text(cell.measured), *([_paper(cell)] if column.paper else [])]
            rows.append(cells)
    yield from _table(headings, rows)


def _paper(cell: Cell) -> str:
    return {True: f"{cell.paper} ✓", False: f"{cell.paper} ✗", None: cell.paper}[cell.met]


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    for row in (headings, ["---"] * len(headings), *rows):
        yield f"| {' | '.join(row)} |"
