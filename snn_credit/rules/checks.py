"""What a declaration must satisfy, checked when it is made: names, windows, use, signs.

Every refusal is one line that names the rule and the field.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import get_args

from snn_credit.errors import InputError
from snn_credit.rules import vocabulary
from snn_credit.rules.expressions import Expression, expression
from snn_credit.rules.names import (
    BASIC,
    SYNAPSE,
    Names,
    Place,
    active,
    names_of,
    of_direct,
    step_places,
)
from snn_credit.rules.reserved import why_reserved
from snn_credit.rules.signs import check_signs
from snn_credit.rules.vocabulary import Local, Message, Rule, Update


def check_rule(rule: Rule) -> None:
    """Check a declaration.

    Raises
    ------
    InputError
        At the first thing that is wrong: ``FA.steps[1].hidden: unknown name 'foo' (knows: ...)``.
    """
    if not rule.name or not rule.updates:
        raise InputError(f"Rule: needs a name and an update (got {rule.name!r}, {rule.updates!r})")
    _check_choices(rule)
    _check_definitions(rule)
    for where, text in _expressions(rule):
        expression(text, where)
    names = names_of(rule)
    for at, step in enumerate(rule.steps):
        where = f"{rule.name}.steps[{at}]"
        if isinstance(step, Message):
            _check_message(rule, names, step, where)
        else:
            _check_local(rule, names, step, at, where)
    _check_phases(rule, names)
    for at, update in enumerate(rule.updates):
        _check_update(rule, names, update, f"{rule.name}.updates[{at}]")
    _check_hosts(rule, names)
    _check_used(rule)
    check_signs(rule)


def _expressions(rule: Rule) -> Iterator[tuple[str, str]]:
    for group in ("steps", "updates"):
        for at, item in enumerate(getattr(rule, group)):
            for part in ("via", "hidden", "output", "post", "pre", "factor", "leak", "leak_pre"):
                text = getattr(item, part, None)
                if text is not None:
                    yield f"{rule.name}.{group}[{at}].{part}", text
    for at, phase in enumerate(rule.phases):
        yield f"{rule.name}.phases[{at}].drive", phase.drive
        for name, text in phase.keep.items():
            yield f"{rule.name}.phases[{at}].keep.{name}", text


def _check_choices(rule: Rule) -> None:
    """Refuse words that are none of a field's choices."""
    allowed = {"frm": vocabulary.Source, "on": vocabulary.Layers}
    choices = {part: get_args(words) for part, words in allowed.items()}
    choices |= {
        "to": ("hidden", "input"),
        "across": ("forward", "self", "direct"),
        "every": ("start", "step"),
    }
    for group in ("steps", "updates", "host"):
        for at, item in enumerate(getattr(rule, group)):
            for part, words in choices.items():
                got = getattr(item, part, words[0])
                if got not in words:
                    raise InputError(
                        f"{rule.name}.{group}[{at}].{part}: one of {', '.join(words)} (got {got!r})"
                    )


def _check_definitions(rule: Rule) -> None:
    """Refuse names that Brian needs, that are defined twice, or nowhere."""
    for at, step in enumerate(rule.steps):
        if isinstance(step, Local) and step.hidden is None and step.output is None:
            raise InputError(
                f"{rule.name}.steps[{at}]: an expression for hidden or output (got None for both)"
            )
    taken = dict.fromkeys([*BASIC, *SYNAPSE], "the vocabulary")
    defined = [(f"{rule.name}.needs", name) for name in rule.needs]
    defined += [(f"{rule.name}.rates", name) for name in rule.rates]
    defined += [(f"{rule.name}.steps[{at}].name", s.name) for at, s in enumerate(rule.steps)]
    for at, phase in enumerate(rule.phases):
        defined += [(f"{rule.name}.phases[{at}].keep", name) for name in phase.keep]
    for where, name in defined:
        _refuse_reserved(where, name)
        if name in taken:
            raise InputError(f"{where}: a new name (got {name!r}, taken by {taken[name]})")
        taken[name] = where
    across: dict[str, str] = {}
    for at, update in enumerate(rule.updates):
        _check_variable(f"{rule.name}.updates[{at}].of", update.of, taken)
        if across.setdefault(update.of, update.across) != update.across:
            raise InputError(
                f"{rule.name}.updates[{at}].across: {update.of!r} is one matrix "
                f"(got {across[update.of]!r} and {update.across!r})"
            )
    for at, host in enumerate(rule.host):
        _check_variable(f"{rule.name}.host[{at}].of", host.of, taken)
    windows = [phase.name for phase in rule.phases]
    if len(set(windows)) < len(windows):
        raise InputError(f"{rule.name}.phases: names that differ (got {', '.join(windows)})")


def _check_variable(where: str, name: str, taken: dict[str, str]) -> None:
    if name in SYNAPSE:
        return
    _refuse_reserved(where, name)
    if name in taken:
        raise InputError(f"{where}: a synapse's variable (got {name!r}, taken by {taken[name]})")


def _refuse_reserved(where: str, name: str) -> None:
    reason = why_reserved(name)
    if reason:
        raise InputError(f"{where}: another name (got {name!r}, which {reason})")


def _refuse_unknown(where: str, parsed: Expression, knows: Iterable[str]) -> None:
    known = list(knows)
    for name in parsed.names:
        if name not in known:
            raise InputError(f"{where}: unknown name {name!r} (knows: {', '.join(known)})")


def _known(rule: Rule, names: Names, place: Place, *, steps: bool = True) -> list[str]:
    """Return the names of a kind of layer, the vocabulary's first."""
    made = {step.name for step in rule.steps}
    order = [*BASIC, *rule.needs, *names.kept, *(step.name for step in rule.steps)]
    return [n for n in order if place in names.places[n] and (steps or n not in made)]


def _check_message(rule: Rule, names: Names, message: Message, where: str) -> None:
    own_synapses = message.frm in ("output", "all_above")
    via = expression(message.via)
    _refuse_unknown(f"{where}.via", via, ("b",) if own_synapses else names.forward)
    if not via.names:
        raise InputError(f"{where}.via: a variable of the synapse (got {message.via!r})")
    if not message.of.isidentifier():
        raise InputError(f"{where}.of: the name of a variable (got {message.of!r})")
    for place in _senders(message):
        # What comes from below or goes to the input does not wait for a sweep: it is read as it is.
        settled = message.frm == "below" or message.to == "input"
        known = _known(rule, names, place, steps=not settled)
        if message.to == "input":
            known = [name for name in known if name in names.kept or name in rule.needs]
        _refuse_unknown(f"{where}.of", expression(message.of, where), known)
    if message.frm == "below" and message.to == "input":
        raise InputError(f"{where}.to: nothing lies below the input (got frm='below')")


def _senders(message: Message) -> tuple[Place, ...]:
    if message.frm == "below" or (message.frm == "above" and message.to == "input"):
        return ("hidden",)
    return ("output",) if message.frm == "output" else ("hidden", "output")


def _check_local(rule: Rule, names: Names, local: Local, at: int, where: str) -> None:
    places: tuple[tuple[Place, str | None], ...] = (
        ("hidden", local.hidden),
        ("output", local.output),
    )
    for place, text in places:
        if text is None:
            continue
        parsed = expression(text)
        for later in rule.steps[at:]:
            if later.name in parsed.names and place in step_places(later):
                raise InputError(
                    f"{where}.{place}: {later.name!r} is used before it is made "
                    f"(got it as steps[{rule.steps.index(later)}])"
                )
        to_come = {step.name for step in rule.steps[at:]}
        known = [name for name in _known(rule, names, place) if name not in to_come]
        _refuse_unknown(f"{where}.{place}", parsed, [*known, *rule.rates])


def _check_phases(rule: Rule, names: Names) -> None:
    to_input = [s.name for s in rule.steps if isinstance(s, Message) and s.to == "input"]
    for at, phase in enumerate(rule.phases):
        where = f"{rule.name}.phases[{at}]"
        drive = expression(phase.drive)
        _refuse_unknown(f"{where}.drive", drive, ["x", *to_input, *rule.rates])
        _refuse_early(f"{where}.drive", drive, names, at, phase.name)
        for name, text in phase.keep.items():
            known = [n for n in names.places if n != name and n not in to_input]
            _refuse_unknown(f"{where}.keep.{name}", expression(text), known)
            _refuse_early(f"{where}.keep.{name}", expression(text), names, at, phase.name)
            if not names.places[name]:
                raise InputError(f"{where}.keep.{name}: no layer has all its names (got {text!r})")


def _refuse_early(where: str, parsed: Expression, names: Names, at: int, window: str) -> None:
    for name in parsed.names:
        if names.since.get(name, 0) > at:
            raise InputError(f"{where}: {name!r} is kept too late for it (got window {window!r})")


def _check_update(rule: Rule, names: Names, update: Update, where: str) -> None:
    windows = [phase.name for phase in rule.phases]
    if update.phase is not None and update.phase not in windows:
        known = ", ".join(windows) or "none"
        raise InputError(f"{where}.phase: unknown phase {update.phase!r} (knows: {known})")
    ends = [("post", _posts(rule, update, where)), ("pre", _pres(update))]
    if update.leak_pre is not None:
        if update.leak is None:
            raise InputError(f"{where}.leak_pre: with a leak (got {update.leak_pre!r} alone)")
        ends.append(("leak_pre", _pres(update)))
    for part, places in ends:
        parsed = expression(getattr(update, part))
        for place in sorted(places):
            _refuse_unknown(f"{where}.{part}", parsed, _known(rule, names, place))
        for at, window in enumerate(windows):
            if active(rule, update, window):
                _refuse_early(f"{where}.{part}", parsed, names, at, window)
    _refuse_unknown(f"{where}.factor", expression(update.factor), rule.rates)
    if update.leak is not None:
        variables = names.across(update.across)
        _refuse_unknown(f"{where}.leak", expression(update.leak), [*variables, *rule.rates])


def _posts(rule: Rule, update: Update, where: str) -> set[Place]:
    """Return the kinds of layer that know an update's ``post``."""
    if update.across != "direct":
        return {"hidden", "output"} if update.on == "all" else {update.on}
    if update.on != "all":
        raise InputError(f"{where}.on: all, of feedback that skips layers (got {update.on!r})")
    # What reaches the input teaches nothing there: synapses to it do not learn.
    messages = [step for step in rule.steps if isinstance(step, Message)]
    skipping = {message.frm for message in messages if message.to == "hidden"}
    if not skipping & {"output", "all_above"}:
        raise InputError(
            f"{where}.across: a message that skips layers to hidden ones (got none in steps)"
        )
    return {"hidden", "output"} if "all_above" in skipping else {"output"}


def _pres(update: Update) -> set[Place]:
    """Return the kinds of layer that know an update's ``pre``."""
    if update.across == "direct":
        return {"hidden"}
    if update.across == "self":
        return {"hidden", "output"} if update.on == "all" else {update.on}
    # Synapses onto the first hidden layer own w alone; all others start from a hidden layer.
    return {"hidden"} if update.of != "w" or update.on == "output" else {"hidden", "input"}


def _check_hosts(rule: Rule, names: Names) -> None:
    for at, host in enumerate(rule.host):
        known = list(dict.fromkeys([*names.forward, *names.own, *names.direct]))
        for name in host.reads:
            if name not in known:
                raise InputError(
                    f"{rule.name}.host[{at}].reads: unknown name {name!r} "
                    f"(knows: {', '.join(known)})"
                )
        if not host.reads or not callable(host.fn):
            raise InputError(
                f"{rule.name}.host[{at}]: a function of named matrices (got {host.reads!r})"
            )


def _check_used(rule: Rule) -> None:
    """Refuse what is declared and read nowhere: it is a slip, or a rule other than was meant."""
    read = {step.of for step in rule.steps if isinstance(step, Message)}
    read |= {n for where, text in _expressions(rule) for n in expression(text).names}
    # The size of the noise, where a path draws it.
    read |= {"sig"} if "noise" in rule.needs else set()
    for part, declared in (("needs", rule.needs), ("rates", rule.rates)):
        for name in declared:
            if name not in read:
                raise InputError(f"{rule.name}.{part}: names that are read (got {name!r})")
    for name, value in rule.rates.items():
        if not (isinstance(value, int | float) and math.isfinite(value) and value >= 0):
            raise InputError(f"{rule.name}.rates.{name}: a finite number >= 0 (got {value!r})")
    for at, step in enumerate(rule.steps):
        if step.name not in read:
            raise InputError(
                f"{rule.name}.steps[{at}].name: a name that is read (got {step.name!r})"
            )
    _check_variables_used(rule)


def _check_variables_used(rule: Rule) -> None:
    anywhere = {"w"} | {name for host in rule.host for name in host.reads}
    for update in rule.updates:
        anywhere |= set(expression(update.leak).names) - {update.of} if update.leak else set()
    # Feedback that skips layers has synapses of its own, with a b of its own.
    sent: dict[bool, set[str]] = {False: set(), True: set()}
    for step in rule.steps:
        if isinstance(step, Message):
            sent[step.frm in ("output", "all_above")] |= set(expression(step.via).names)
    direct = {update.of for update in rule.updates if update.across == "direct"}
    direct |= {host.of for host in rule.host if of_direct(rule, host)}
    changed = [(f"updates[{at}].of", update.of) for at, update in enumerate(rule.updates)]
    changed += [(f"host[{at}].of", host.of) for at, host in enumerate(rule.host)]
    for where, name in changed:
        if name not in anywhere | sent[name in direct]:
            raise InputError(f"{rule.name}.{where}: a variable that something reads (got {name!r})")
