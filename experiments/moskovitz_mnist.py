"""Moskovitz et al. 2018, Table 1, column 1: MNIST.

Moskovitz, Litwin-Kumar & Abbott, "Feedback alignment in deep convolutional networks" (2018),
arXiv:1812.06488. Two 5 x 5 convolutions of 32 and 64 maps with pools, 1024 dense neurons with
dropout, softmax; nine methods.

``paper`` has the paper's settings: Adam with 1e-4, 1e-5 after epoch 20 of 25, batches of 50.
``laptop`` has half the maps and a quarter of the dense neurons, without dropout, on 10,000 images
for 5 epochs, which is 1,000 steps in place of the paper's 27,500: about six minutes a seed on one
core. The learning rate falls to a tenth after the same part of the training. It was chosen for FA,
which is the last to learn, on validation images with seed 100: of 3e-4, 1e-3, 2e-3 and 3e-3, the
lowest error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from snn_credit.experiments import moskovitz_training as shared
from snn_credit.harness import Context, Experiment, all_of, not_above


@dataclass(frozen=True)
class Config(shared.Training):
    """Settings; ``maps``, ``dense`` and ``dropout`` are those of the network."""

    data: str = "mnist"
    maps: tuple[int, int] = (32, 64)
    dense: int = 1024
    dropout: float = 0.5
    decay: float = 0.1
    decay_every: int = 20


def run(config: Config, context: Context) -> Mapping[str, Mapping[str, float | None]]:
    """Train by each method with one seed; draw the learning curves."""
    from snn_credit.models.moskovitz import mnist

    data = shared.dataset(config, (1, 28, 28))

    def network() -> Any:
        return mnist(config.maps, config.dense, config.dropout, seed=context.seed)

    return shared.table(config, context, data, network)


EXPERIMENT = Experiment(
    id="moskovitz-mnist",
    paper=shared.PAPER,
    figure="Table 1, MNIST",
    about="convolutional network, nine methods from BP to sign-concordant and dense feedback",
    presets={
        "smoke": shared.smoke(Config(), maps=(3, 4), dense=8),
        "laptop": Config(
            train_images=10_000,
            validation_images=2000,
            epochs=5,
            maps=(16, 32),
            dense=256,
            dropout=0.0,
            lr=3e-3,
            decay_every=4,
            evaluations=5,
        ),
        "paper": Config(),
    },
    run=run,
    paper_numbers=shared.paper(
        {
            "BP": 0.8,
            "BP + noise": 0.8,
            "BP + alignment": 0.9,
            "FA": 1.1,
            "uSF Init E/I": 0.9,
            "uSF Init": 0.7,
            "uSF SN": 0.7,
            "DFA": 1.0,
            "DenseFA": 0.7,
        }
    ),
    cost=lambda config: shared.cost(config, 0.5 if config.dense < 512 else 1.7, 55_000),
    claims=(
        *(
            all_of(
                *(not_above(shared.TEST, name, "BP", 1.5) for name in names),
                text=f"{', '.join(names)}: at most 1.5 points above BP",
            )
            for names in (
                ("BP + noise", "BP + alignment"),
                ("uSF Init", "uSF SN", "uSF Init E/I"),
                ("FA", "DFA", "DenseFA"),
            )
        ),
    ),
)
