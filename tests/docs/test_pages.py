"""Code in the pages is what it says: listings are pieces of files, and all other blocks run."""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
import textwrap
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

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
    "block", [pytest.param(block, id=f"{page}-{number}") for page, number, block in listings()]
)
def test_a_listing_is_a_piece_of_its_file(block: Block) -> None:
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


def run(code: str, module: dict[str, Any], name: str) -> str:
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


TUTORIALS = sorted((DOCS / "tutorials").glob("*.py"))


@pytest.mark.parametrize("script", TUTORIALS, ids=lambda script: script.stem)
def test_a_tutorial_shows_its_whole_script(script: Path) -> None:
    page = script.with_suffix(".md")
    pieces = [block.text for block in blocks(page) if block.language == "python"]
    assert lines("".join(pieces)) == lines(script.read_text())


@pytest.mark.parametrize("script", TUTORIALS, ids=lambda script: script.stem)
def test_a_tutorial_runs_and_draws(script: Path, tmp_path: Path) -> None:
    text = script.read_text()
    few = tmp_path / script.name
    few.write_text(text.replace("10), 6000, 0.8", "10), 500, 0.8"))
    done = subprocess.run(
        [sys.executable, str(few)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    (shown,) = [b.text for b in blocks(script.with_suffix(".md")) if b.language == "text"]
    assert _NUMBER.sub("#", done.stdout).split() == _NUMBER.sub("#", shown).split()
    if few.read_text() == text:  # nothing was made smaller
        assert_printed(done.stdout, shown, about=True)
    assert (tmp_path / f"{script.stem}.png").read_bytes().startswith(b"\x89PNG")


def lines(text: str) -> list[str]:
    """Return the lines that are not blank."""
    return [line for line in text.splitlines() if line.strip()]
