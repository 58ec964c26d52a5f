"""The learning rules: each declared once, in the words of `snn_credit.rules.vocabulary`.

``RULES`` holds them by their names in the literature; `get_rule` looks one up.
"""

from difflib import get_close_matches

from snn_credit.errors import InputError
from snn_credit.rules.activation_alignment import AA
from snn_credit.rules.backpropagation import BP
from snn_credit.rules.direct_feedback_alignment import DENSE_FA, DFA
from snn_credit.rules.direct_random_target_projection import DRTP
from snn_credit.rules.feedback_alignment import FA, FA_CHAIN, SPARSE_FA
from snn_credit.rules.information_alignment import IA
from snn_credit.rules.kolen_pollack import KP
from snn_credit.rules.matched import MATCHED
from snn_credit.rules.modified_backpropagation import BP_ALIGNMENT, BP_NOISE
from snn_credit.rules.node_perturbation import NP
from snn_credit.rules.node_perturbation_feedback import NP_FEEDBACK, NP_FEEDBACK_DFA
from snn_credit.rules.node_perturbation_ridge import NP_RIDGE, NP_RIDGE_DFA
from snn_credit.rules.pepita import PEPITA
from snn_credit.rules.pseudobackprop import PSEUDOBACKPROP
from snn_credit.rules.shallow import SHALLOW
from snn_credit.rules.sign_concordant_feedback import USF_INIT, USF_SN
from snn_credit.rules.symmetric_alignment import SA
from snn_credit.rules.synthetic_gradients import SG, SG_DFA
from snn_credit.rules.vocabulary import Host, Local, Message, Phase, Rule, Update
from snn_credit.rules.weight_estimation import WE, WE_SA
from snn_credit.rules.weight_mirror import WM, WM_ACTIVITY

__all__ = ["RULES", "Host", "Local", "Message", "Phase", "Rule", "Update", "get_rule"]

RULES: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        *(BP, SHALLOW, FA, FA_CHAIN, SPARSE_FA, DFA, DENSE_FA, DRTP, USF_INIT, USF_SN),
        *(BP_NOISE, BP_ALIGNMENT),
        *(NP, NP_FEEDBACK, NP_RIDGE, SG, NP_FEEDBACK_DFA, NP_RIDGE_DFA, SG_DFA),
        *(KP, MATCHED, SA, WM, WM_ACTIVITY, WE, WE_SA, IA, AA, PEPITA, PSEUDOBACKPROP),
    )
}


def get_rule(rule: Rule | str) -> Rule:
    """Return a rule by its name, whose case does not matter, or as it is given.

    Raises
    ------
    InputError
        If no rule has the name; the message lists those that are close.
    """
    if isinstance(rule, Rule):
        return rule
    by_lower = {name.lower(): found for name, found in RULES.items()}
    key = str(rule).lower()
    if key not in by_lower:
        near = get_close_matches(key, by_lower, n=4, cutoff=0.4)
        names = ", ".join(by_lower[name].name for name in near or by_lower)
        others = ", or another that `snn-credit rules` lists" if near else ""
        raise InputError(f"rule: one of {names}{others} (got {rule!r})")
    return by_lower[key]
