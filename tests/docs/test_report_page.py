"""The report in the documents is what the command makes of the results beside it."""

from pathlib import Path

from snn_credit.experiments import TABLE, load
from snn_credit.report.markdown import to_markdown
from snn_credit.report.page import make_page

DOCS = Path(__file__).parents[2] / "docs"


def test_the_report_is_made_of_the_results_that_are_kept() -> None:
    page = make_page(DOCS / "laptop", [load(name) for name in TABLE])
    assert (DOCS / "report.md").read_text() == to_markdown(page, DOCS), (
        "make it again: snn-credit report docs/laptop -o docs/report.md"
    )
    assert [entry.experiment.id for entry in page.entries] == list(TABLE)
