"""What the neurons of a population share: the rule's rates, and what follows the stream."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np

from snn_credit.errors import InputError
from snn_credit.rules.names import phase_index
from snn_credit.rules.vocabulary import Phase, Rule

Rates = Mapping[str, float | Sequence[float]]


def learning(rule: Rule, phase: str | None) -> str:
    """Return the name that is 1 while an update takes place, else 0."""
    return "learn" if phase is None else f"learn_{_label(rule, phase)}"


def now(rule: Rule, phase: Phase) -> str:
    """Return the name that is 1 during a window of the stimulus, else 0."""
    return f"now_{_label(rule, phase.name)}"


def switches(rule: Rule) -> dict[str, str]:
    """Return the names that follow the stream, with what they are at the start of each step."""
    found = {"learn": "learn_at(t - t0)"}
    for number, phase in enumerate(rule.phases):
        inside = f"int(phase_at(t - t0) == {number})"
        found[now(rule, phase)] = inside
        found[learning(rule, phase.name)] = f"learn_at(t - t0)*{inside}"
    return found


def rates_by_layer(rule: Rule, given: Rates, count: int) -> list[dict[str, float | None]]:
    """Return the rates of the input and of the ``count`` layers above it.

    The input has those that are the same everywhere; the others are None there.

    Raises
    ------
    InputError
        If a rate is unknown, not a finite number, or not one per layer.
    """
    for rate in given:
        if rate not in rule.rates:
            known = ", ".join(rule.rates) or "none"
            raise InputError(f"rates: some of {known}, for rule {rule.name} (got {rate!r})")
    layers: list[dict[str, float | None]] = [{} for _ in range(count + 1)]
    for rate, default in rule.rates.items():
        values = _values(rate, given.get(rate, default), count)
        layers[0][rate] = values[0] if len(set(values)) == 1 else None
        for layer, value in zip(layers[1:], values, strict=True):
            layer[rate] = value
    return layers


def _values(rate: str, given: Any, count: int) -> list[float]:
    values = [given] * count if np.ndim(given) == 0 else list(given)
    if len(values) != count:
        raise InputError(
            f"rates[{rate!r}]: a number, or {count} of them, one per layer above the input "
            f"(got {len(values)})"
        )
    for value in values:
        if not isinstance(value, Real) or not math.isfinite(value):
            raise InputError(f"rates[{rate!r}]: finite numbers (got {value!r})")
    return [float(value) for value in values]


def _label(rule: Rule, phase: str) -> str:
    return phase if phase.isidentifier() else str(phase_index(rule, phase))
