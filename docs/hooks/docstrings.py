"""Tables in docstrings, which are reStructuredText's, as Markdown for the pages of the API."""

import re
from typing import Any

from griffe import Extension, Object

_RULE = re.compile(r"=+( +=+)+\s*\Z")


class Tables(Extension):
    """Rewrites the simple tables of every docstring."""

    def on_object(self, *, obj: Object, **kwargs: Any) -> None:
        """Rewrite those of one object's docstring."""
        del kwargs
        if obj.docstring:
            obj.docstring.value = markdown_tables(obj.docstring.value)


def markdown_tables(text: str) -> str:
    """Return a text with each simple table of reStructuredText as a table of Markdown."""
    lines, done, at = text.split("\n"), [], 0
    while at < len(lines):
        if not _RULE.match(lines[at]):
            done.append(lines[at])
            at += 1
            continue
        end = max(k for k in range(at, _next_blank(lines, at)) if _RULE.match(lines[k]))
        starts = [match.start() for match in re.finditer(r"=+", lines[at])]
        done += ["", *_table(lines[at + 1 : end], starts), ""]
        at = end + 1
    return "\n".join(done)


def _next_blank(lines: list[str], at: int) -> int:
    return next((k for k in range(at, len(lines)) if not lines[k].strip()), len(lines))


def _table(lines: list[str], starts: list[int]) -> list[str]:
    """Return Markdown rows; a line whose first cells are blank goes on with the row above it."""
    header = any(_RULE.match(line) for line in lines)
    rows: list[list[str]] = []
    for line in lines:
        if _RULE.match(line):
            continue
        ends = [*starts[1:], len(line) + 1]
        cells = [line[a:b].strip() for a, b in zip(starts, ends, strict=True)]
        if rows and not any(cells[: min(2, len(cells) - 1)]):
            rows[-1] = [f"{up} {cell}".strip() for up, cell in zip(rows[-1], cells, strict=True)]
        else:
            rows.append(cells)
    if not header:
        rows.insert(0, [""] * len(starts))
    marked = ["| " + " | ".join(map(_cell, row)) + " |" for row in rows]
    return [marked[0], "|" + " --- |" * len(starts), *marked[1:]]


def _cell(text: str) -> str:
    """Return a cell's text with the characters that Markdown would take for its own escaped."""
    parts = text.split("`")
    for k in range(0, len(parts), 2):  # outside of code
        parts[k] = re.sub(r"([*_<>\\])", r"\\\1", parts[k])
    return "`".join(parts).replace("|", "\\|")
