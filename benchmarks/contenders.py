"""The contenders by name, and what it takes to run one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from snn_credit.devices import DEVICES

PLAIN, PLAIN_FLOAT32, BINDSNET = "plain", "plain:float32", "bindsnet"
#: Every name that ``--contenders`` takes.
NAMES = (PLAIN, PLAIN_FLOAT32, *(device for device in DEVICES if device != "auto"), BINDSNET)
PLAIN_LABEL = "plain Brian"
_LABELS = {PLAIN: PLAIN_LABEL, PLAIN_FLOAT32: PLAIN_LABEL, BINDSNET: "BindsNET"}


@dataclass(frozen=True)
class Contender:
    """A network on a device of this package, as the plain script or in BindsNET.

    Attributes
    ----------
    lengths
        Two numbers of steps to run it for, the shorter first.
    runs
        The most times that it runs for either length.
    folder
        Where what it builds goes, and nothing else.
    python
        BindsNET's interpreter.
    """

    name: str
    sizes: str
    dtype: str
    lengths: tuple[int, int]
    runs: int
    folder: str
    python: str = ""

    @property
    def label(self) -> str:
        """The name in tables and figures."""
        return _LABELS.get(self.name, self.name)


@dataclass(frozen=True)
class Loaded:
    """What there is before anything is built: memory of the imports, versions where asked for."""

    imports_mb: float = 0.0
    about: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Ran:
    """What one run used in processes that its own does not see: processor seconds, peak memory."""

    cpu_s: float = 0.0
    child_mb: float = 0.0


Run = Callable[[], Ran]


class Runner(Protocol):
    """How to run a contender in this process."""

    def load(self) -> Loaded:
        """Import what it needs."""
        ...

    def prepare(self, steps: int) -> tuple[Run, float]:
        """Build the program, or find it built.

        Returns what runs it once for ``steps``, and how many seconds that took without imports.
        """
        ...

    def activity(self) -> list[float] | None:
        """Return the fraction that spikes of each layer but the last, None if it is not known."""
        ...
