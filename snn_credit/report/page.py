"""What a report says, before it has a form: one `Entry` for each experiment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from snn_credit.harness.claims import judge
from snn_credit.harness.config import to_plain
from snn_credit.harness.experiment import Experiment
from snn_credit.progress import clock_time
from snn_credit.report.collect import Problem, Run, find_runs
from snn_credit.report.figures import Figure, figures_of
from snn_credit.report.papers import Paper, papers_of
from snn_credit.report.pool import Pooled, pool
from snn_credit.report.table import Grid, lay_out
from snn_credit.report.verdict import Verdict, Word, reach


@dataclass(frozen=True)
class Measurement:
    """One config of an experiment with all its seeds, judged.

    ``changed`` are settings that are not the preset's: key -> (here, in the preset).
    """

    pooled: Pooled
    verdict: Verdict
    changed: dict[str, tuple[Any, Any]]

    @property
    def facts(self) -> dict[str, str]:
        """What it was made with, in words."""
        runs = self.pooled.runs
        versions = {f"{name} {version}" for run in runs for name, version in run.versions.items()}
        seconds = self.pooled.seconds
        found = {
            "preset": self.pooled.preset,
            "changed": ", ".join(
                f"{key} = {plain(here)} (preset: {plain(there)})"
                for key, (here, there) in self.changed.items()
            ),
            "seeds": spans(self.pooled.seeds),
            "device": _several(run.device for run in runs),
            "time": "" if seconds is None else f"{clock_time(seconds)} for all seeds",
            "commit": _several((run.commit or "").replace("-dirty", " (changed)") for run in runs),
            "versions": ", ".join(sorted(versions)),
            "finished": self.pooled.finished,
            "recorded": _several(run.recorded for run in runs),
        }
        return {name: text for name, text in found.items() if text}

    @property
    def settings(self) -> dict[str, str]:
        """The resolved settings as text."""
        return {key: plain(value) for key, value in self.pooled.runs[0].config.items()}


@dataclass(frozen=True)
class Entry:
    """An experiment, and what was measured of it.

    ``shown`` is None where nothing but smoke was run; ``others`` are further settings, smoke too.
    """

    experiment: Experiment[Any]
    papers: tuple[Paper, ...]
    verdict: Verdict
    shown: Measurement | None = None
    others: tuple[Measurement, ...] = ()
    grid: Grid | None = None
    figures: tuple[Figure, ...] = ()


@dataclass(frozen=True)
class Page:
    """A report over all experiments.

    Attributes
    ----------
    root : Path
        The folder in which runs were looked for.
    entries : tuple of Entry
        One for each experiment, in the order in which they came.
    problems : tuple of Problem
        What was found and is not in the entries.
    runs : int
        How many finished runs were found.
    """

    root: Path
    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...]
    runs: int

    @property
    def counts(self) -> dict[Word, int]:
        """Each verdict -> how many experiments have it."""
        counted = Counter(entry.verdict.word for entry in self.entries)
        return {word: counted[word] for word in Word}

    @property
    def papers(self) -> list[str]:
        """What experiments call their papers, each once."""
        return list(dict.fromkeys(entry.experiment.paper for entry in self.entries))


def make_page(root: Path, experiments: Sequence[Experiment[Any]]) -> Page:
    """Return the report over the runs below a folder."""
    runs, problems = find_runs(root)
    known = {experiment.id for experiment in experiments}
    problems += [Problem(run.folder, f"{run.experiment}: no experiment of that name")
                 for run in runs if run.experiment not in known]  # fmt: skip
    entries = []
    for experiment in experiments:
        of_this = [run for run in runs if run.experiment == experiment.id]
        entry, found = _entry(experiment, of_this)
        entries.append(entry)
        problems += found
    problems.sort(key=lambda problem: str(problem.folder))
    return Page(root, tuple(entries), tuple(problems), len(runs))


def _entry(experiment: Experiment[Any], runs: Sequence[Run]) -> tuple[Entry, list[Problem]]:
    papers = papers_of(experiment.paper)
    measured = [_measurement(experiment, pooled) for pooled in pool(runs)]
    if not measured or measured[0].verdict.word is Word.NOT_RUN:
        why = "Smoke runs only, which are no measurements." if measured else "No run was found."
        return Entry(experiment, papers, Verdict(Word.NOT_RUN, why), None, tuple(measured)), []
    # what was asked for by a preset's name is shown before what it was changed to
    sizes = list(dict.fromkeys(one.pooled.preset for one in measured))
    shown, *others = sorted(
        measured, key=lambda one: (sizes.index(one.pooled.preset), bool(one.changed))
    )
    figures, problems = figures_of(shown.pooled)
    grid = lay_out(shown.pooled, experiment.paper_numbers, shown.verdict.met)
    entry = Entry(experiment, papers, shown.verdict, shown, tuple(others), grid, tuple(figures))
    return entry, problems


def _measurement(experiment: Experiment[Any], pooled: Pooled) -> Measurement:
    if pooled.preset == "smoke":
        verdict = Verdict(Word.NOT_RUN, "A smoke run is no measurement.")
    else:
        found = judge(
            experiment.claims, pooled.measured, pooled.spread, len(pooled.seeds), pooled.preset
        )
        verdict = reach(found, pooled, experiment.paper_numbers)
    changed = _changed(experiment, pooled.runs[0])
    if changed and verdict.word is not Word.NOT_RUN:
        verdict = replace(verdict, why=f"{verdict.why} Changed settings: {', '.join(changed)}.")
    return Measurement(pooled, verdict, changed)


def _changed(experiment: Experiment[Any], run: Run) -> dict[str, tuple[Any, Any]]:
    if run.preset not in experiment.presets or not run.config:
        return {}
    preset = to_plain(experiment.presets[run.preset])
    return {
        key: (run.config.get(key), preset.get(key))
        for key in {**preset, **run.config}
        if run.config.get(key) != preset.get(key)
    }


def plain(value: Any) -> str:
    """Return a setting as ``--set`` takes it."""
    if isinstance(value, list):
        return ",".join(map(plain, value))
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    return str(value)


def spans(seeds: Sequence[int]) -> str:
    """Return seeds in rising order as text: ``0-2, 100``."""
    ends: list[list[int]] = []
    for seed in seeds:
        if ends and seed == ends[-1][1] + 1:
            ends[-1][1] = seed
        else:
            ends.append([seed, seed])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in ends)


def _several(texts: Iterable[str]) -> str:
    return ", ".join(sorted({text for text in texts if text}))
