"""Writes a report to a file, whose ending chooses its form."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from snn_credit.errors import InputError
from snn_credit.harness.experiment import Experiment
from snn_credit.harness.whole import whole_file
from snn_credit.report.page import Page, make_page

_FORMS = (".html", ".md")


def write_report(root: Path, target: Path | None, experiments: Sequence[Experiment[Any]]) -> Page:
    """Write a report over the runs below ``root``; return what it says.

    Parameters
    ----------
    root : Path
        A folder with runs, at any depth.
    target : Path or None
        Where to: ``.html`` for one page that holds its figures, ``.md`` for Markdown that links to
        them. None is ``root/report.html``.
    experiments : sequence of Experiment
        Those to report on, in this order, whether they were run or not.

    Raises
    ------
    InputError
        ``root`` is no folder or holds no finished run; ``target`` has another ending or lies in a
        folder that is not there.
    """
    target = root / "report.html" if target is None else target
    if not root.is_dir():
        raise InputError(f"DIR: a folder with runs (got {root})")
    if target.suffix not in _FORMS:
        raise InputError(f"-o: a name that ends in {' or '.join(_FORMS)} (got {target})")
    if not target.parent.is_dir():
        raise InputError(f"-o: a name in a folder that exists (got {target})")
    page = make_page(root, experiments)
    if page.runs == 0:
        raise InputError(
            f"DIR: a folder with finished runs of `snn-credit run` (got {root}, {_instead(page)})"
        )
    with whole_file(target) as draft:
        draft.write_text(_render(page, target), encoding="utf-8")
    return page


def _instead(page: Page) -> str:
    if not page.problems:
        return "with none"
    first = page.problems[0]
    return f"with {len(page.problems)} that cannot be used; {first.folder}: {first.why}"


def _render(page: Page, target: Path) -> str:
    if target.suffix == ".md":
        from snn_credit.report.markdown import to_markdown

        return to_markdown(page, target.parent)
    from snn_credit.report.html import to_html

    return to_html(page)
