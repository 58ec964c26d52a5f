"""Code in the pages is what it says: listings are pieces of files, and all other blocks run."""

from __future__ import annotations

import contextlib
import io
import re
import textwrap
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

import pytest

from snn_credit.errors import InputError

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
#: Pages whose blocks run, from the first to the last, in one module.
RUN = ("get_started.md", "own_rule.md", "own_neuron.md", "recording.md")
_FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")


class Block(NamedTuple):
    """A fenced block of a page, and where it lies in it."""

    language: str
    title: str
    text: str
    start: int
    end: int


def blocks(page: Path) -> list[Block]:
    found = []
    for fence in _FENCE.finditer(page.read_text()):
        title = re.search(r'title="([^"]*)"', fence[2])
        found.append(Block(fence[1], title[1] if title else "", fence[3], *fence.span()))
    return found


def listings() -> list[tuple[str, int, Block]]:
    pages = [*sorted(DOCS.rglob("*.md")), ROOT / "README.md"]
    return [
        (str(page.relative_to(ROOT)), number, block)
        for page in pages
        for number, block in enumerate(blocks(page))
        if block.language == "python" and block.title
    ]


@pytest.mark.parametrize(
    ("page", "number", "block"), listings(), ids=lambda value: str(value) if value else ""
)
def test_a_listing_is_a_piece_of_its_file(page: str, number: int, block: Block) -> None:
    source = (ROOT / block.title).read_text()
    indents = {re.match(r" *", line)[0] for line in source.splitlines()}  # type: ignore[index]
    pieces = {textwrap.indent(block.text, indent, bool) for indent in indents}
    whole = f"\n{source}"
    assert any(f"\n{piece}" in whole for piece in pieces), f"not in {block.title}"


def test_there_are_listings() -> None:
    assert len(listings()) > 10


@pytest.mark.parametrize("name", RUN)
def test_every_block_of_a_page_runs(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    page = DOCS / name
    text, found = page.read_text(), blocks(page)
    module = {"__name__": page.stem}
    ran = 0
    for block, after in zip_longest(found, found[1:]):
        if block.language != "python" or block.title:
            continue
        follows = after and after.language == "text" and not text[block.end : after.start].strip()
        printed = run(block.text, module, f"{name}:{text[: block.start].count(chr(10)) + 2}")
        ran += 1
        if follows:
            assert_printed(printed, after.text, about=after.title == "about")
        else:
            assert "InputError: " not in printed, printed
    assert ran


def run(code: str, module: dict[str, object], name: str) -> str:
    """Return what a block prints; of an error of the user's its one line."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        try:
            exec(compile(code, name, "exec"), module)
        except InputError as error:
            print(f"InputError: {error}")
    return printed.getvalue()


def assert_printed(printed: str, shown: str, about: bool) -> None:
    """Compare what came with what a page shows; 'about' lets numbers differ by a third."""
    if not about:
        assert printed == shown
        return
    assert _NUMBER.sub("#", " ".join(printed.split())) == _NUMBER.sub("#", " ".join(shown.split()))
    for came, said in zip(_NUMBER.findall(printed), _NUMBER.findall(shown), strict=True):
        assert float(came) == pytest.approx(float(said), rel=1 / 3, abs=0.02)
