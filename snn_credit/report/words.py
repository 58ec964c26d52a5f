"""What a report says in sentences, in either form."""

from __future__ import annotations

from pathlib import Path

from snn_credit.progress import clock_time
from snn_credit.report.page import Measurement, Page, plain, spans
from snn_credit.report.verdict import Word

TITLE = "snn_credit: measured beside published"

HOW = (
    "Reproduced: every claim holds and every number of the paper is met, by three seeds at "
    "least. Same order: every claim holds and no pair of rows comes in another order than in "
    "the paper. Not reproduced: anything else that was measured. Measured only: there is no "
    "claim and no number to hold it against. Not run: nothing but smoke runs, which are no "
    "measurements. A number of the paper is met when it lies within two standard deviations of "
    "the measured mean, up to a quarter of itself, or within a tenth; of a number in percent "
    "these are taken of it or of what it lacks to 100, whichever is smaller. Pairs are those of "
    "one column that the paper sets more than 5 % apart; one is reversed when the measured "
    "difference has the other sign and is larger than two standard errors, or has the other "
    "sign at all where there is one seed. What the paper has and the run lacks counts as not "
    "met."
)


def summary(page: Page) -> str:
    """Say how much was run, and with what."""
    shown = [entry.shown.pooled for entry in page.entries if entry.shown is not None]
    seconds = sum(pooled.seconds or 0.0 for pooled in shown)
    seeds = sorted({len(pooled.seeds) for pooled in shown})
    ran = _count(page.runs, "finished run")
    known = _count(len(page.entries), "experiment")
    if not shown:
        return f"{known}; {ran}, none of which is a measurement."
    over = f"{seeds[0]}" if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
    plural = "" if seeds == [1] else "s"
    worked = f"; {clock_time(seconds)} of computing" if seconds else ""
    return (
        f"{known}, {len(shown)} of them measured, over {over} seed{plural} each; {ran}{worked}. "
        "Numbers are means and sample standard deviations over seeds."
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def about_other(other: Measurement) -> str:
    """Say in one line what another run of the same experiment was, and how it came out."""
    pooled, verdict = other.pooled, other.verdict
    changed = ", ".join(f"{key} = {plain(here)}" for key, (here, _) in other.changed.items())
    settings = f" with {changed}" if changed else ""
    if verdict.word is Word.NOT_RUN:
        judged = verdict.why
    elif verdict.findings and all(finding.holds is None for finding in verdict.findings):
        judged = f"not judged, for want of rows ({verdict.counts})."  # such as one rule by itself
    else:
        judged = f"{verdict.word}{f' ({verdict.counts})' if verdict.counts else ''}."
    return f"Also run: preset {pooled.preset}{settings}, seeds {spans(pooled.seeds)}: {judged}"


def shown_folder(page: Page, folder: Path) -> str:
    """Return a folder as seen from the one that was looked through."""
    return folder.relative_to(page.root).as_posix() if folder != page.root else "."
