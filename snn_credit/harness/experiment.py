"""What an experiment is: one figure or table of a paper, with settings that anyone can rerun."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from snn_credit.errors import InputError, one_of
from snn_credit.harness.claims import Claim, Table
from snn_credit.progress import Progress, Silent

__all__ = ["Context", "Experiment", "Table"]

ConfigT = TypeVar("ConfigT")


@dataclass(frozen=True)
class Context:
    """Where and how one seed of an experiment runs.

    Attributes
    ----------
    out : Path
        The folder of this seed, which exists.
    seed : int
        The seed of every random number.
    device : str
        One of `snn_credit.devices.DEVICES`.
    resume : bool
        Continue from what `out` holds, if it holds anything.
    progress : Progress
        Who to tell.
    """

    out: Path
    seed: int = 0
    device: str = "auto"
    resume: bool = False
    progress: Progress = field(default_factory=Silent)


def _no_circuit(config: Any) -> int | None:
    return None


def _costs_nothing(config: Any) -> str | None:
    return None


def _draws_nothing(config: Any, tables: Sequence[Table], context: Context) -> None:
    return None


@dataclass(frozen=True)
class Experiment(Generic[ConfigT]):
    """One figure or table of a paper.

    Attributes
    ----------
    id, paper, figure, about : str
        Its name on the command line, where it comes from, and one line of what it shows.
    presets : mapping
        ``smoke``, ``laptop`` and ``paper`` -> a frozen dataclass of plain fields.
    run : callable
        Runs one seed; returns the measured table.
    paper_numbers : Table
        The paper's own numbers, in the rows and columns of the measured table.
    synapses : callable
        How many synapses the largest spiking circuit has with this config, for the choice of a
        device, None where that is not known; without it there is no spiking circuit.
    cost : callable
        What a run with this config takes, as a sentence for a person; None when that is little.
    claims : tuple of Claim
        What the measured table must show at ``laptop`` and ``paper``, as the paper claims it; see
        `snn_credit.harness.claims`. A claim that does not come out stays.
    draw : callable
        Draws what the measured tables of all seeds show together, into ``context.out``. It is
        called for each seed by itself too.
    """

    id: str
    paper: str
    figure: str
    about: str
    presets: Mapping[str, ConfigT]
    run: Callable[[ConfigT, Context], Table]
    paper_numbers: Table = field(default_factory=dict)
    claims: tuple[Claim, ...] = ()
    synapses: Callable[[ConfigT], int | None] = _no_circuit
    cost: Callable[[ConfigT], str | None] = _costs_nothing
    draw: Callable[[ConfigT, Sequence[Table], Context], None] = _draws_nothing

    @property
    def spiking(self) -> bool:
        """Whether it has spiking circuits, which run on a device; else it runs on the CPU."""
        return self.synapses is not _no_circuit

    def preset(self, name: str) -> ConfigT:
        """Return the settings of that name.

        Raises
        ------
        InputError
            There is no such preset.
        """
        if name not in self.presets:
            raise InputError(f"--preset: {one_of(name, self.presets)} (got {name!r})")
        return self.presets[name]
