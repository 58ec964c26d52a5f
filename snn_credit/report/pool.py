"""Puts runs with the same settings and other seeds together, exactly.

Groups of n_i seeds with means m_i and sample standard deviations s_i have together::

    n = sum_i n_i
    m = sum_i n_i m_i / n
    s^2 = sum_i [(n_i - 1) s_i^2 + n_i (m_i - m)^2] / (n - 1)

which is what the single seeds would give.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from snn_credit.harness.results import Numbers, same_shape
from snn_credit.report.collect import Run

#: From the least to the largest; another name stands between smoke and laptop.
_SIZES = {"smoke": 0, "laptop": 2, "paper": 3}


class Group(NamedTuple):
    """The numbers of ``n`` seeds; ``sd`` is None where it is not known, as with one seed."""

    n: int
    mean: float | None
    sd: float | None


def combine(groups: Sequence[Group]) -> Group:
    """Return the mean and the sample standard deviation of all seeds of some groups.

    A group without a mean leaves the whole without one: a seed that diverged must not vanish.
    """
    n = sum(group.n for group in groups)
    known = [(g.n, g.mean, g.sd or 0.0) for g in groups if g.mean is not None]
    if not known or len(known) < len(groups):
        return Group(n, None, None)
    mean = math.fsum(k * m for k, m, _ in known) / n
    if n < 2 or any(g.n > 1 and g.sd is None for g in groups):
        return Group(n, mean, None)
    squares = math.fsum((k - 1) * s**2 + k * (m - mean) ** 2 for k, m, s in known)
    return Group(n, mean, math.sqrt(squares / (n - 1)))


@dataclass(frozen=True)
class Pooled:
    """All seeds of one experiment with one preset and config.

    Attributes
    ----------
    runs : tuple of Run
        What it was made of, the newest first; each counts for other seeds.
    seeds : tuple of int
        In rising order.
    measured, spread : dict
        As in `Run`, over all seeds.
    present : dict
        Row -> column -> in how many seeds the number was found, where not in all.
    notes : tuple of str
        What was left out, and why.
    """

    runs: tuple[Run, ...]
    seeds: tuple[int, ...]
    measured: Numbers
    spread: Numbers
    present: dict[str, dict[str, int]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def preset(self) -> str:
        """The preset's name."""
        return self.runs[0].preset

    @property
    def finished(self) -> str:
        """When the newest of its runs ended."""
        return self.runs[0].finished

    @property
    def seconds(self) -> float | None:
        """Wall-clock seconds, summed over seeds; None where a run does not say."""
        known = [run.seconds for run in self.runs if run.seconds is not None]
        return math.fsum(known) if len(known) == len(self.runs) else None


def pool(runs: Iterable[Run]) -> list[Pooled]:
    """Return the runs of one experiment, pooled: what is to be shown first comes first.

    That is the largest preset, in it the config with the most seeds, and of those the newest.
    """
    by_settings: dict[str, list[Run]] = {}
    for run in runs:
        key = json.dumps([run.preset, run.config], sort_keys=True)
        by_settings.setdefault(key, []).append(run)
    found = [_pooled(group) for group in by_settings.values()]
    # by folder first, so that what is equal in all else comes in the same order on every machine
    found.sort(key=lambda p: str(p.runs[0].folder))
    found.sort(key=lambda p: p.finished, reverse=True)
    found.sort(key=lambda p: (_SIZES.get(p.preset, 1), len(p.seeds)), reverse=True)
    return found


def _pooled(runs: Sequence[Run]) -> Pooled:
    parts, notes = _distinct(runs)
    parts.sort(key=lambda part: part.seeds)
    tables = same_shape(*(part.measured for part in parts))
    spreads = same_shape(*(part.spread for part in parts), tables[0])
    measured: Numbers = {}
    spread: Numbers = {}
    present: dict[str, dict[str, int]] = {}
    for row, columns in tables[0].items():
        for column in columns:
            groups = [Group(len(part.seeds), table[row][column], sd[row][column])
                      for part, table, sd in zip(parts, tables, spreads, strict=False)]  # fmt: skip
            whole = combine(groups)
            measured.setdefault(row, {})[column] = whole.mean
            spread.setdefault(row, {})[column] = whole.sd
            there = sum(g.n for g in groups if g.mean is not None)
            if 0 < there < whole.n:
                present.setdefault(row, {})[column] = there
    seeds = tuple(sorted(seed for part in parts for seed in part.seeds))
    newest = sorted(parts, key=lambda part: part.finished, reverse=True)
    return Pooled(tuple(newest), seeds, measured, spread, present, tuple(notes))


def _distinct(runs: Sequence[Run]) -> tuple[list[Run], list[str]]:
    """Return runs in which every seed appears once, the newest of each, and what was left out.

    A run whose seeds cannot be told apart counts as a whole, before newer ones of fewer seeds.
    """
    taken: dict[int, Run] = {}
    parts: list[Run] = []
    notes: list[str] = []
    by_folder = sorted(runs, key=lambda run: str(run.folder))
    for run in sorted(by_folder, key=_precedence, reverse=True):
        twice = [seed for seed in run.seeds if seed in taken]
        new = [run] if not twice else [one for one in run.each if one.seeds[0] not in taken]
        for part in new:
            parts.append(part)
            taken |= dict.fromkeys(part.seeds, part)
        lost = [seed for seed in run.seeds if seed not in taken]
        if lost:
            name = "/".join(run.folder.parts[-2:])
            notes.append(
                f"seeds {_listed(lost)} of {name} are left out: its seed "
                f"{_listed(twice)} counts elsewhere, and its seeds have no results of their own"
            )
        elif twice:
            newer = taken[twice[0]].finished >= run.finished
            which = "newer run" if newer else "run of more seeds"
            notes.append(f"seed {_listed(twice)} was run twice; the {which} counts")
    return parts, notes


def _precedence(run: Run) -> tuple[int, str]:
    return (1 if run.each else len(run.seeds), run.finished)


def _listed(seeds: Iterable[int]) -> str:
    return ", ".join(map(str, seeds))
