"""What the papers prove, as code: flows of linear nets, their invariants, two theorems, Jacobians.

Needs numpy and scipy alone. `twolayer` ties the flows to the declared rules.
"""

from snn_credit.theory.integrate import Flow, State, Trajectory, alternate, integrate, only
from snn_credit.theory.linear import (
    Problem,
    error,
    invariant,
    invariant_of_bp,
    linear_flow,
    normalized_error,
)
from snn_credit.theory.twolayer import TwoLayer, white_inputs

__all__ = [
    "Flow",
    "Problem",
    "State",
    "Trajectory",
    "TwoLayer",
    "alternate",
    "error",
    "integrate",
    "invariant",
    "invariant_of_bp",
    "linear_flow",
    "normalized_error",
    "only",
    "white_inputs",
]
