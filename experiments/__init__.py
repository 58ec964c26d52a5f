"""One script per figure or table of the papers.

Each module holds a constant ``EXPERIMENT`` (`snn_credit.harness.Experiment`) and imports what
is slow to import (brian2, torch, matplotlib) only within its functions.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from snn_credit.errors import InputError, one_of
from snn_credit.harness import Experiment

#: Experiment -> its module, in the order of the list.
TABLE: dict[str, str] = {
    "demo": "snn_credit.experiments.demo",
    "lillicrap-spiking": "snn_credit.experiments.lillicrap_spiking",
    "lillicrap-linear": "snn_credit.experiments.lillicrap_linear",
    "lillicrap-mnist": "snn_credit.experiments.lillicrap_mnist",
    "lillicrap-teacher": "snn_credit.experiments.lillicrap_teacher",
    "lillicrap-mechanics": "snn_credit.experiments.lillicrap_mechanics",
    "lillicrap-xor": "snn_credit.experiments.lillicrap_xor",
    "lillicrap-momentum": "snn_credit.experiments.lillicrap_momentum",
    "lillicrap-mnist-deep": "snn_credit.experiments.lillicrap_mnist_deep",
    "lillicrap-svhn": "snn_credit.experiments.lillicrap_svhn",
    "lillicrap-timit": "snn_credit.experiments.lillicrap_timit",
    "lillicrap-autoencoder": "snn_credit.experiments.lillicrap_autoencoder",
    "lillicrap-flow": "snn_credit.experiments.lillicrap_flow",
    "lillicrap-deterministic": "snn_credit.experiments.lillicrap_deterministic",
    "lillicrap-switch": "snn_credit.experiments.lillicrap_switch",
    "lillicrap-pseudoinverse": "snn_credit.experiments.lillicrap_pseudoinverse",
    "pepita-table1": "snn_credit.experiments.pepita_table1",
    "pepita-slowness": "snn_credit.experiments.pepita_slowness",
    "pepita-controls": "snn_credit.experiments.pepita_controls",
    "pepita-dynamics": "snn_credit.experiments.pepita_dynamics",
    "pepita-weights": "snn_credit.experiments.pepita_weights",
    "pepita-whitened": "snn_credit.experiments.pepita_whitened",
    "pepita-tsne": "snn_credit.experiments.pepita_tsne",
    "pepita-theory": "snn_credit.experiments.pepita_theory",
    "moskovitz-mnist": "snn_credit.experiments.moskovitz_mnist",
    "moskovitz-cifar1": "snn_credit.experiments.moskovitz_cifar1",
    "moskovitz-cifar2": "snn_credit.experiments.moskovitz_cifar2",
    "moskovitz-imagenet": "snn_credit.experiments.moskovitz_imagenet",
    "moskovitz-gradients": "snn_credit.experiments.moskovitz_gradients",
    "moskovitz-signs": "snn_credit.experiments.moskovitz_signs",
    "lansdell-fixed-w": "snn_credit.experiments.lansdell_fixed_w",
    "lansdell-mnist": "snn_credit.experiments.lansdell_mnist",
    "lansdell-autoencoder": "snn_credit.experiments.lansdell_autoencoder",
    "lansdell-cifar": "snn_credit.experiments.lansdell_cifar",
    "lansdell-theorems": "snn_credit.experiments.lansdell_theorems",
    "kunin-dynamics": "snn_credit.experiments.kunin_dynamics",
    "kunin-predictivity": "snn_credit.experiments.kunin_predictivity",
    "kunin-resnet": "snn_credit.experiments.kunin_resnet",
    "kunin-noise": "snn_credit.experiments.kunin_noise",
    "kunin-weights": "snn_credit.experiments.kunin_weights",
    "kunin-search": "snn_credit.experiments.kunin_search",
    "spiking-scale": "snn_credit.experiments.spiking_scale",
    "spiking-rules": "snn_credit.experiments.spiking_rules",
    "spiking-node-perturbation": "snn_credit.experiments.spiking_node_perturbation",
    "spiking-weight-estimation": "snn_credit.experiments.spiking_weight_estimation",
    "spiking-pepita": "snn_credit.experiments.spiking_pepita",
}


def load(name: str) -> Experiment[Any]:
    """Return the experiment of that name.

    Raises
    ------
    InputError
        There is no such experiment.
    """
    if name not in TABLE:
        raise InputError(f"experiment: {one_of(name, TABLE)} (got {name!r})")
    return import_module(TABLE[name]).EXPERIMENT
