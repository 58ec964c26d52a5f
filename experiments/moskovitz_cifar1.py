"""Moskovitz et al. 2018, Table 1, column 2: CIFAR-10, the LeNet-style network.

Moskovitz, Litwin-Kumar & Abbott, "Feedback alignment in deep convolutional networks" (2018),
arXiv:1812.06488. Two 5 x 5 convolutions of 64 maps with pools, 384 and 192 dense neurons, softmax,
on random windows of 24 x 24 pixels; validation and test images are seen in their middle. Nine
methods, and Batch Manhattan as a control.

``paper`` has the paper's settings: Adam with 5e-4, times 0.8 every 30 of 154 epochs, batches of
128. Of 7.1's sentence on weight decay we read that it is the all-convolutional network's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from snn_credit.experiments import moskovitz_training as shared
from snn_credit.harness import Context, Experiment, ordered


@dataclass(frozen=True)
class Config(shared.Training):
    """Settings; ``maps`` and ``dense`` are those of the network."""

    methods: tuple[str, ...] = (*shared.ALL, *shared.MANHATTAN)
    epochs: int = 154
    batch: int = 128
    lr: float = 5e-4
    decay: float = 0.8
    decay_every: int = 30
    maps: tuple[int, int] = (64, 64)
    dense: tuple[int, int] = (384, 192)


def run(config: Config, context: Context) -> Mapping[str, Mapping[str, float | None]]:
    """Train by each method with one seed; draw the learning curves."""
    from snn_credit.models.moskovitz import cifar1

    data = shared.dataset(config, (3, 32, 32))

    def network() -> Any:
        return cifar1(config.maps, config.dense, seed=context.seed)

    return shared.table(config, context, data, network, transform=window)


def window(x: Any, random: Any) -> Any:
    """Move a random window of 24 x 24 pixels into the middle, which is what the network sees."""
    import numpy as np
    import torch

    from snn_credit.data.augmentation import random_crop

    images = random_crop(x.cpu().numpy().reshape(-1, 3, 32, 32), (24, 24), random)
    framed = np.pad(images, ((0, 0), (0, 0), (4, 4), (4, 4)))
    return torch.from_numpy(framed.reshape(len(x), -1)).to(x)


EXPERIMENT = Experiment(
    id="moskovitz-cifar1",
    paper=shared.PAPER,
    figure="Table 1, CIFAR-10 model 1",
    about="LeNet-style network on CIFAR-10, nine methods and Batch Manhattan",
    presets={
        "smoke": shared.smoke(Config(), maps=(3, 4), dense=(6, 5)),
        "laptop": Config(
            train_images=4000,
            validation_images=1000,
            test_images=2000,
            epochs=10,
            batch=50,
            maps=(16, 16),
            dense=(96, 48),
            lr=1e-3,
            decay=1.0,
            evaluations=5,
        ),
        "paper": Config(),
    },
    run=run,
    paper_numbers=shared.paper(
        {
            "BP": 17.2,
            "BP + noise": 17.4,
            "BP + alignment": 17.4,
            "FA": 26.6,
            "uSF Init E/I": 18.9,
            "uSF Init": 17.6,
            "uSF SN": 17.7,
            "DFA": 28.6,
            "DenseFA": 16.9,
        }
    ),
    cost=lambda config: shared.cost(config, 0.6 if config.maps[0] < 32 else 1.5, 45_000),
    claims=(
        *shared.CIFAR_CLAIMS,
        ordered(shared.TEST, "DenseFA", "DFA"),
    ),
)
