"""What the command line prints and draws."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from snn_credit.devices import Choice, DeviceStatus
from snn_credit.harness.experiment import Experiment
from snn_credit.harness.manifest import RESULT
from snn_credit.harness.whole import whole_file
from snn_credit.progress import clock_time

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def line(console: Console, text: str) -> None:
    """Print text as it is: no markup, no colours, no line breaks of ours."""
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def _print_table(console: Console, headings: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for number, heading in enumerate(headings):
        # What comes first is what a person types: it stays in one piece.
        table.add_column(heading, overflow="fold", no_wrap=number == 0)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)


def facts(console: Console, known: Mapping[str, Any]) -> None:
    """Print names and values, one pair a line."""
    width = max((len(name) for name in known), default=0)
    for name, value in known.items():
        line(console, f"{name:<{width}}  {value}")


def experiments(console: Console, known: Iterable[Experiment[Any]]) -> None:
    """Print the experiments, one a line."""
    _print_table(
        console, ("experiment", "paper", "figure", "what it shows"),
        ((e.id, e.paper, e.figure, e.about) for e in known),
    )  # fmt: skip


def rule_table(console: Console, headings: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """Print the learning rules, one a line."""
    _print_table(console, headings, rows)


def device_table(console: Console, known: Iterable[DeviceStatus], auto: Choice) -> None:
    """Print each device, whether it is there, and what it is or lacks; then what auto takes."""
    _print_table(
        console, ("device", "available", "about"),
        ((device.name, "yes" if device.available else "no", _about(device)) for device in known),
    )  # fmt: skip
    line(console, f"auto takes {auto.name}: {auto.why}")


def _about(device: DeviceStatus) -> str:
    found = [f"found: {', '.join(device.found)}"] if device.found else []
    return "\n".join([device.about, *found, *(f"needs {what}" for what in device.missing)])


def result(console: Console, found: Mapping[str, Any]) -> None:
    """Print the measured numbers beside the paper's."""
    seeds = len(found["seeds"])
    _print_table(
        console,
        ("", "", "measured" if seeds == 1 else f"mean ± spread, {seeds} seeds", "paper"),
        (
            (row, column, _measured(value, found["spread"][row][column]),
             _number(found["paper"][row][column]))
            for row, columns in found["measured"].items()
            for column, value in columns.items()
        ),
    )  # fmt: skip
    line(console, f"{clock_time(found['seconds'])} on {found['device']}")


def _measured(mean: float | None, spread: float | None) -> str:
    return _number(mean) if spread is None else f"{_number(mean)} ± {spread:.2g}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def next_steps(console: Console, out: Path) -> None:
    """Print the files of a run, and what to type next."""
    names = (RESULT, "run.h5", "seed-*/run.h5", "*.png")
    files = [path for name in names for path in sorted(out.glob(name))]
    line(console, "written: " + " ".join(shlex.quote(str(path)) for path in files))
    if runs := [path for path in files if path.name == "run.h5"]:
        line(console, f"look closer: snn-credit info {shlex.quote(str(runs[0]))}")
        line(console, f"             snn-credit raster {shlex.quote(str(runs[0]))}")


def save_figure(figure: Figure, path: Path) -> None:
    """Save a figure, as a whole or not at all."""
    with whole_file(path) as draft:
        figure.savefig(draft, format=path.suffix[1:])
