"""What a step costs: a network's counts, the bytes that must move, a fit of measured times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from bandwidth import Bandwidth
from task import CLASSES

from snn_credit.errors import InputError

_FLOAT32 = 4
#: A fit has three coefficients; its residual says something from one network more.
FEWEST = 4


@dataclass(frozen=True)
class Net:
    """Sizes of the layers, input to output, and what follows from them."""

    sizes: tuple[int, ...]

    @classmethod
    def parse(cls, text: str) -> Net:
        """Read sizes such as '784-300-300-100'.

        Raises
        ------
        InputError
            If they are not at least two positive whole numbers, the last a multiple of the classes.
        """
        parts = text.split("-")
        sizes = tuple(int(part) for part in parts if part.isascii() and part.isdigit())
        if len(sizes) < max(2, len(parts)) or min(sizes) < 1 or sizes[-1] % CLASSES:
            raise InputError(
                "sizes: two or more positive whole numbers joined by '-', the last a multiple of"
                f" {CLASSES}, such as 784-300-300-100 (got {text!r})"
            )
        return cls(sizes)

    def __str__(self) -> str:
        return "-".join(map(str, self.sizes))

    @property
    def neurons(self) -> int:
        """Neurons of all layers, input to output; feedback and error neurons are not counted."""
        return sum(self.sizes)

    @property
    def plastic(self) -> int:
        """Plastic synapses: all of W."""
        return sum(a * b for a, b in zip(self.sizes, self.sizes[1:], strict=False))

    @property
    def feedback(self) -> int:
        """Fixed feedback synapses: all of B. None reach the input, which does not learn."""
        return sum(a * b for a, b in zip(self.sizes[1:], self.sizes[2:], strict=False))

    @property
    def synapses(self) -> int:
        """Plastic and feedback synapses."""
        return self.plastic + self.feedback


@dataclass(frozen=True)
class Moved:
    """Bytes of float32 that a step must move between memory and processor.

    Attributes
    ----------
    read
        Rows of W whose source spiked, for the potentials of the layer above, and all of B.
    rewritten
        The same rows of W again, read and written, for their update. Neither the forward pass nor
        the update can be skipped, and the error comes in between: these are two passes.
    """

    read: float
    rewritten: float

    @property
    def total(self) -> float:
        """Bytes in all."""
        return self.read + self.rewritten

    def floor_ms(self, bandwidth: Bandwidth) -> float:
        """Return how long that takes at a measured bandwidth, in ms."""
        seconds = self.read / bandwidth.read_gb_s + self.rewritten / bandwidth.rewrite_gb_s
        return seconds * 1e-9 * 1e3


def bytes_moved(net: Net, activity: Sequence[float]) -> Moved:
    """Return what a step moves, where ``activity[k]`` of layer k's neurons spike.

    Raises
    ------
    ValueError
        Unless there is one activity for every layer but the last.
    """
    pairs = zip(net.sizes[:-1], net.sizes[1:], activity, strict=True)
    active = sum(fraction * a * b for a, b, fraction in pairs) * _FLOAT32
    return Moved(read=active + net.feedback * _FLOAT32, rewritten=2 * active)


@dataclass(frozen=True)
class Fit:
    """Times of a step as ``a + b * neurons + c * synapses``, plastic and feedback synapses alike.

    Attributes
    ----------
    step_us, neuron_ns, synapse_ns
        a, b and c, each with its standard error.
    residual
        Root mean square of (fitted - measured) / measured.
    worst
        The largest of their absolute values.
    """

    step_us: tuple[float, float]
    neuron_ns: tuple[float, float]
    synapse_ns: tuple[float, float]
    residual: float
    worst: float

    def ms(self, net: Net) -> float:
        """Return the fitted time of a step in ms."""
        return (
            self.step_us[0] * 1e-3
            + self.neuron_ns[0] * 1e-6 * net.neurons
            + self.synapse_ns[0] * 1e-6 * net.synapses
        )


def fit(nets: Sequence[Net], ms_per_step: Sequence[float]) -> Fit:
    """Fit by least squares of relative errors, so that small networks count as much as large ones.

    Raises
    ------
    InputError
        For fewer than four networks, networks all alike, or a time that is not above 0.
    """
    if len(nets) < FEWEST:
        raise InputError(f"fit: at least {FEWEST} networks (got {len(nets)})")
    if min(ms_per_step) <= 0:
        raise InputError(f"fit: times above 0 (got {min(ms_per_step)} ms)")
    measured = np.asarray(ms_per_step) * 1e-3
    design = np.array([(1.0, net.neurons, net.synapses) for net in nets])
    relative = design / measured[:, None]
    scale = np.abs(relative).max(axis=0)
    solved, _, rank, _ = np.linalg.lstsq(relative / scale, np.ones(len(nets)), rcond=1e-9)
    if rank < design.shape[1]:
        raise InputError("fit: networks of different widths or depths (got all alike)")
    errors = relative @ (solved / scale) - 1
    inverse = np.linalg.inv((relative / scale).T @ (relative / scale))
    spread = np.sqrt(np.diag(inverse) * np.sum(errors**2) / (len(nets) - design.shape[1]))
    units = np.array([1e6, 1e9, 1e9]) / scale
    step, neuron, synapse = zip((solved * units).tolist(), (spread * units).tolist(), strict=True)
    return Fit(
        step, neuron, synapse, float(np.sqrt(np.mean(errors**2))), float(np.abs(errors).max())
    )
