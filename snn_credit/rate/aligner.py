"""Feedback weights while a module is trained: which they are, how they step, when they diverge."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from snn_credit.errors import DivergedError
from snn_credit.rate.layers import OWN, Learning
from snn_credit.rate.pairs import feedback_updates
from snn_credit.rate.stack import Stack
from snn_credit.rules import Message, Rule, Update
from snn_credit.rules.expressions import expression

#: A feedback matrix has diverged where its norm is so many times that of its W.
LARGEST = 1e6
#: Steps between two looks at the norms.
LOOK_EVERY = 20


def feedback_parameters(module: nn.Module) -> list[nn.Parameter]:
    """Return what a rule learns besides W and biases."""
    found: list[nn.Parameter] = []
    for part in module.modules():
        if isinstance(part, Stack):
            found += part.synapses.parameters()
        elif isinstance(part, Learning):
            found += [p for name, p in part._parameters.items() if p is not None and OWN in name]
    return found


def feedback_pairs(module: nn.Module) -> dict[str, tuple[Tensor, Tensor]]:
    """Return W and b of each layer with feedback of its own, both ``(n_post, n_pre)``, by its name.

    Those of layers 2 and up: the first has none. Feedback that skips layers has no W beside it.
    """
    found: dict[str, tuple[Tensor, Tensor]] = {}
    for prefix, part in module.named_modules():
        if isinstance(part, Stack):
            for name, pair in part.feedback_pairs().items():
                found[f"{prefix}.{name}".removeprefix(".")] = pair
        elif isinstance(part, Learning) and "b" in (own := part.variables()):
            found[prefix] = part.weight.detach(), own["b"]
    return found


@torch.no_grad()
def moved(optimiser: Optimizer, noise: float, random: torch.Generator) -> None:
    """Add Gaussian noise, times the rate of each group, to what an optimiser has just moved."""
    for group in optimiser.param_groups:
        for parameter in group["params"]:
            drawn = torch.empty_like(parameter).normal_(generator=random)
            parameter.add_(drawn, alpha=noise * float(group["lr"]))


def check_feedback(module: nn.Module, step: int) -> None:
    """Refuse feedback that diverges.

    Raises
    ------
    DivergedError
        If a layer's feedback is not finite though its W is, or `LARGEST` times as large as its W;
        the message names the layer, the norms, the rule and the step, and says why where that is
        known.
    """
    for name, (w, b) in feedback_pairs(module).items():
        size, own = float(b.norm()), float(w.norm())
        if not math.isfinite(own):
            continue  # which of them went first is not to be seen any more
        if not math.isfinite(size) or size > LARGEST * own:
            rule = _rule_of(module)
            raise DivergedError(
                f"alignment: feedback that stays finite under {rule.name}: a smaller rate, or more "
                f"decay (got |B| = {size:.3g} beside |W| = {own:.3g} in layer {name!r} at step "
                f"{step}){_why(rule)}",
                step,
            )
    # Feedback that skips layers has no W beside it.
    apart = {id(p) for p in feedback_parameters(module)}
    lost = [n for n, p in module.named_parameters() if not p.isfinite().all()]
    if lost and all(id(module.get_parameter(name)) in apart for name in lost):
        raise DivergedError(
            f"alignment: feedback that stays finite under {_rule_of(module).name}: a smaller rate "
            f"(got {lost[0]!r} at step {step})",
            step,
        )


def _rule_of(module: nn.Module) -> Rule:
    return next(part.rule for part in module.modules() if isinstance(part, Stack | Learning))


def _why(rule: Rule) -> str:
    if not is_hebbian(rule):
        return ""
    return (
        "; it is Hebbian: B grows without end where the mean square of the activity is above "
        "decay/amp, and collapses where it is below (Kunin et al. 2020, section 4)"
    )


def is_hebbian(rule: Rule) -> bool:
    """Whether b grows by activities alone: by no error, and by nothing that b itself has sent.

    A regression, whose leak goes with what it reads, is none: it fades as fast as it grows.
    """
    grows = [update for update in feedback_updates(rule) if update.factor.strip() != "0"]
    return any(update.leak_pre is None and not _checked(rule, update) for update in grows)


def _checked(rule: Rule, update: Update) -> bool:
    """Whether a change reads an error, or something that b has sent."""
    steps = {step.name: step for step in rule.steps}
    left = [*expression(update.post).names, *expression(update.pre).names]
    seen: set[str] = set()
    while left:
        name = left.pop()
        step = steps.get(name)
        through = expression(step.via).names if isinstance(step, Message) else ()
        if name in ("err", "dL") or "b" in through:
            return True
        if name in seen or step is None:
            continue
        seen.add(name)
        texts = [step.of] if isinstance(step, Message) else [step.hidden, step.output]
        left += [each for text in texts if text for each in expression(text).names]
    return False
