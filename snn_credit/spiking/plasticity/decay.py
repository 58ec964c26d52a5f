"""How far decay may go within a chunk.

Synapses that decay are kept as ``v/s`` (see ``updates``). ``s`` shrinks in every learning step and
is multiplied into the synapses between chunks, so within one chunk ``v/s`` must stay a number.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from snn_credit.errors import InputError
from snn_credit.rules.expressions import expression, functions_for
from snn_credit.spiking.circuit import Circuit, Population

#: Orders of e kept for the synapses themselves, and for a scale that was not 1 to begin with.
_MARGIN = 8.0


def check_decay(circuit: Circuit, steps: int, dtype: str) -> None:
    """Refuse rates by which decayed synapses would overflow within a chunk of learning steps.

    Raises
    ------
    InputError
        If they would; it names the rates.
    """
    room = math.log(np.finfo(dtype).max) - _MARGIN
    for projection in circuit.projections:
        target = circuit.population(projection.target)
        for variable, scale in projection.scales.items():
            rates, left = _decay(target, scale)
            if left <= 0 or -math.log(left) * steps > room:
                most = -math.expm1(-room / steps)
                raise InputError(
                    f"rates: {' and '.join(rates)} by which {variable} of {projection.name} loses "
                    f"at most {most:.2g} of itself a step, in {dtype} and chunks (chunk_steps) of "
                    f"{steps} steps (got {1 - left:.2g})"
                )


def _decay(population: Population, scale: str) -> tuple[list[str], float]:
    """Return the rates that make a scale shrink, and what a step leaves of it at the least."""
    lines = (line for step in population.steps for line in step.code.splitlines())
    values = (line.partition("=")[2] for line in lines if line.partition("=")[0].strip() == scale)
    shrunk = expression(next(values, "1"))
    known = {n: float(v) for n, v in population.initial.items() if n in shrunk.names}
    known[f"{scale}_was"] = 1.0
    rates = [name for name in shrunk.names if name in known and name != f"{scale}_was"]
    # A name that has no value follows the stream. Windows of the stimulus exclude each other.
    windows = [name for name in shrunk.names if name not in known]

    def after(window: str) -> float:
        on: Mapping[str, float] = {name: float(name in (window, "learn")) for name in windows}
        return shrunk({**known, **on}, functions_for(0.0))

    return rates, min(map(after, windows), default=1.0)
