"""How a rule teaches torch networks: `convert` a module, `fit` it to data."""

from snn_credit.rate.aligner import feedback_pairs
from snn_credit.rate.convert import convert, present
from snn_credit.rate.evaluation import evaluate
from snn_credit.rate.layers import constrain
from snn_credit.rate.losses import LOSSES
from snn_credit.rate.neurons import Noise
from snn_credit.rate.operations import Operations
from snn_credit.rate.settings import Alignment, Settings
from snn_credit.rate.stack import Stack
from snn_credit.rate.support import learnable, obstacles
from snn_credit.rate.training import History, fit
from snn_credit.rate.wiring import LocallyConnected2d

__all__ = [
    "LOSSES",
    "Alignment",
    "History",
    "LocallyConnected2d",
    "Noise",
    "Operations",
    "Settings",
    "Stack",
    "constrain",
    "convert",
    "evaluate",
    "feedback_pairs",
    "fit",
    "learnable",
    "obstacles",
    "present",
]
