"""A report as one HTML page that needs nothing else: styles, script and figures are in it."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

from snn_credit.harness.words import file_name
from snn_credit.report import words
from snn_credit.report.page import Page
from snn_credit.report.verdict import Word

#: What the colours of verdicts are called in the style sheet, and the sign beside each.
_LOOKS = {
    Word.REPRODUCED: ("good", "✓"),
    Word.SAME_ORDER: ("near", "≈"),
    Word.NOT_REPRODUCED: ("bad", "✗"),
    Word.MEASURED_ONLY: ("plain", "·"),
    Word.NOT_RUN: ("none", "–"),
}


def to_html(page: Page) -> str:
    """Return a page as HTML; all text in it is escaped."""
    environment = Environment(
        loader=PackageLoader("snn_credit.report", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    looks = {word: look for word, (look, _) in _LOOKS.items()}
    signs = {word: sign for word, (_, sign) in _LOOKS.items()}
    return environment.get_template("report.html.jinja").render(
        page=page, words=words, looks=looks, signs=signs, Word=Word, key=file_name
    )
