"""Signs that a declaration can get wrong, found by evaluating it at a few numbers.

A leak must pull its own variable back to a fixed point. A factor must do something. And what is
said of the output layer must descend: its weights have to move its activity against ``err``, which
is dLoss/dh there by the vocabulary's definition. Whether a hidden layer's change descends depends
on the feedback weights, so no sign can be asked of it.
"""

from __future__ import annotations

import math
from typing import Any

from snn_credit.errors import InputError
from snn_credit.rules.expressions import expression, functions_for
from snn_credit.rules.names import BASIC, names_of
from snn_credit.rules.vocabulary import Local, Rule, Update

_POINTS = (-1.1, -0.4, 0.3, 0.9)  # values of a synapse's own variable, of both signs
_OTHERS = (0.37, -0.62)  # values of its other variables
_STEP = 1e-4


def check_signs(rule: Rule) -> None:
    """Check leaks, factors and the output layer's descent.

    Raises
    ------
    InputError
        If one of them has the wrong sign or is nought.
    """
    # A rate that is off by default is judged as if it were on.
    rates = {name: value or 1.0 for name, value in rule.rates.items()}
    for at, update in enumerate(rule.updates):
        where = f"{rule.name}.updates[{at}]"
        factor = _check_factor(update, rates, where)
        if update.leak is not None:
            _check_leak(rule, update, rates, where)
        if update.of == "w" and update.on != "hidden" and factor != 0:
            _check_descent(rule, update, rates, factor, where)


def _value(text: str, known: dict[str, Any]) -> float:
    try:
        return float(expression(text)(known, functions_for(0.0)))
    except (ArithmeticError, NameError, ValueError, TypeError):
        return math.nan


def _check_factor(update: Update, rates: dict[str, float], where: str) -> float:
    if update.factor.strip() == "0":
        if update.leak is None:
            raise InputError(f"{where}.factor: must not be 0 without a leak (got '0')")
        return 0.0
    factor = _value(update.factor, rates)
    if factor == 0 or not math.isfinite(factor):
        raise InputError(f"{where}.factor: must be finite and not 0 (got {update.factor!r})")
    return factor


def _check_leak(rule: Rule, update: Update, rates: dict[str, float], where: str) -> None:
    names = names_of(rule)
    variables = names.across(update.across)
    for other in _OTHERS:
        for point in _POINTS:
            known = {**rates, **dict.fromkeys(variables, other)}
            ends = [
                _value(update.leak or "", {**known, update.of: point + step})
                for step in (-_STEP, _STEP)
            ]
            if not ends[1] > ends[0]:
                raise InputError(
                    f"{where}.leak: must grow with {update.of!r}, so that it pulls it back "
                    f"(got {update.leak!r})"
                )


def _check_descent(
    rule: Rule, update: Update, rates: dict[str, float], factor: float, where: str
) -> None:
    # A positive presynaptic activity: the change of the output has the sign of factor * post.
    more, less = (factor * _output_post(rule, update, rates, err) for err in (1.0, -1.0))
    if more > less:
        raise InputError(
            f"{where}.factor: must move the output against err = dLoss/dh "
            f"(got {update.factor!r} times post {update.post!r})"
        )


def _output_post(rule: Rule, update: Update, rates: dict[str, float], err: float) -> float:
    """``post`` in an output neuron whose names all have plain positive values but for err."""
    known = {**rates, **dict.fromkeys(rule.needs, 0.5), **dict.fromkeys(BASIC, 0.4), "err": err}
    known |= {step.name: 0.2 for step in rule.steps if not isinstance(step, Local)}
    for phase in (*rule.phases, None):
        for step in rule.steps:
            if isinstance(step, Local) and step.output is not None and _has(step.output, known):
                known[step.name] = _value(step.output, known)
        for name, text in phase.keep.items() if phase else ():
            known[name] = _value(text, known) if _has(text, known) else 0.0
    return _value(update.post, known)


def _has(text: str, known: dict[str, float]) -> bool:
    return all(name in known for name in expression(text).names)
