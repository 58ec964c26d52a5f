"""The progress of one or several seeds on a person's screen, or as lines in a log."""

from __future__ import annotations

import time
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn
from rich.progress import Progress as Bars

from snn_credit.progress import Meter, Progress, Silent


class Display(Protocol):
    """A place where the progress of several seeds is shown together."""

    def view(self, label: str) -> Progress:
        """Return the progress of one seed; ``label`` is empty when there is only one."""
        ...

    def close(self) -> None:
        """Leave the screen as a plain terminal again."""
        ...


class NoDisplay:
    """Shows nothing."""

    def view(self, label: str) -> Progress:
        """Return a silent progress."""
        return Silent()

    def close(self) -> None:
        """Do nothing."""


def choose_display(console: Console) -> Display:
    """Bars on a terminal, a line every ten seconds elsewhere."""
    if console.is_terminal and not console.is_dumb_terminal:
        return BarDisplay(console)
    return LineDisplay(console)


class BarDisplay:
    """A bar for each phase of each seed."""

    bars: Bars

    def __init__(self, console: Console) -> None:
        self.bars = Bars(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[text]}", markup=False),
            console=console,
        )

    def view(self, label: str) -> Progress:
        """Return the progress of one seed."""
        return _BarView(self.bars, label)

    def close(self) -> None:
        """Stop drawing."""
        self.bars.stop()


class _BarView:
    def __init__(self, bars: Bars, label: str) -> None:
        self._bars, self._label = bars, label
        self._meter = Meter(0, "", "")
        self._task: TaskID | None = None

    def start(self, total: int, unit: str, what: str) -> None:
        self._bars.start()
        self._meter = Meter(total, unit, what)
        self._task = self._bars.add_task(
            _labelled(self._label, what), total=total, text=self._meter.text()
        )

    def update(self, done: int, **numbers: float) -> None:
        if self._task is None:
            return
        self._meter.update(done, **numbers)
        self._bars.update(self._task, completed=done, text=self._meter.text())

    def note(self, text: str) -> None:
        self._bars.console.print(
            _labelled(self._label, text), markup=False, highlight=False, soft_wrap=True
        )

    def stop(self) -> None:
        if self._task is not None:
            self._bars.stop_task(self._task)
            self._bars.refresh()
            self._task = None


class LineDisplay:
    """A line every ``every`` seconds for each seed, for logs and pipes."""

    console: Console
    every: float

    def __init__(self, console: Console, every: float = 10.0) -> None:
        self.console, self.every = console, every

    def view(self, label: str) -> Progress:
        """Return the progress of one seed."""
        return _LineView(self, label)

    def close(self) -> None:
        """Do nothing: a line is never taken back."""

    def print(self, text: str) -> None:
        """Print one line, whatever its length."""
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)


class _LineView:
    def __init__(self, display: LineDisplay, label: str) -> None:
        self._display, self._label = display, label
        self._meter: Meter | None = None
        self._last = 0.0
        self._shown = -1

    def start(self, total: int, unit: str, what: str) -> None:
        self._meter = Meter(total, unit, what)
        self._last, self._shown = time.monotonic(), -1
        self._display.print(_labelled(self._label, f"{what}: {total} {unit}"))

    def update(self, done: int, **numbers: float) -> None:
        if self._meter is None:
            return
        self._meter.update(done, **numbers)
        if time.monotonic() - self._last >= self._display.every:
            self._show(self._meter)

    def note(self, text: str) -> None:
        self._display.print(_labelled(self._label, text))

    def stop(self) -> None:
        if self._meter is not None and self._meter.done != self._shown:
            self._show(self._meter)
        self._meter = None

    def _show(self, meter: Meter) -> None:
        self._display.print(_labelled(self._label, f"{meter.what}: {meter.text()}"))
        self._last, self._shown = time.monotonic(), meter.done


def _labelled(label: str, text: str) -> str:
    return f"{label}: {text}" if label else text
