"""How a rule drives a network of rate neurons in torch: the network and its training loop."""

from snn_credit.rate.network import ACTIVATIONS, Dense
from snn_credit.rate.support import learnable, obstacles
from snn_credit.rate.training import History, evaluate, train

__all__ = ["ACTIVATIONS", "Dense", "History", "evaluate", "learnable", "obstacles", "train"]
