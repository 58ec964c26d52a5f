"""Moskovitz et al. 2018, Table 1, column 3: CIFAR-10, the all-convolutional network.

Moskovitz, Litwin-Kumar & Abbott, "Feedback alignment in deep convolutional networks" (2018),
arXiv:1812.06488. Nine convolutions of 96 and 192 maps, global pool, softmax; seven methods, for
direct feedback would need too much memory (4), and Batch Manhattan as a control.

``paper`` has the paper's settings: times 0.1 every 120 of 256 epochs, batches of 128, weight decay
0.001, dropout of 20% of the pixels and of 50% after the layers with stride 2. Its learning rate,
0.05, is what Springenberg et al. took for SGD; the paper prints it for Adam. The row "BP, lr as
printed" takes it so, the others ``lr``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from snn_credit.errors import InputError
from snn_credit.experiments import moskovitz_training as shared
from snn_credit.harness import Context, Experiment

PRINTED = "BP, lr as printed"


@dataclass(frozen=True)
class Config(shared.Training):
    """Settings; ``maps`` and ``dropout`` are those of the network, ``printed_lr`` the paper's."""

    methods: tuple[str, ...] = (*shared.CHAINS, *shared.MANHATTAN)
    epochs: int = 256
    batch: int = 128
    lr: float = 1e-3
    weight_decay: float = 1e-3
    decay: float = 0.1
    decay_every: int = 120
    maps: tuple[int, int] = (96, 192)
    dropout: tuple[float, float] = (0.2, 0.5)
    printed_lr: float = 0.05


def run(config: Config, context: Context) -> Mapping[str, Mapping[str, float | None]]:
    """Train by each method with one seed; draw the learning curves."""
    from snn_credit.models.moskovitz import cifar2

    data = shared.dataset(config, (3, 32, 32))

    def network() -> Any:
        return cifar2(config.maps, config.dropout, seed=context.seed)

    rows = shared.table(config, context, data, network)
    printed = replace(config, lr=config.printed_lr)
    try:
        learning, _ = shared.train(printed, context, data, network(), PRINTED, shared.METHODS["BP"])
        rows[PRINTED] = shared.errors(learning)
    except InputError as error:
        if "finite" not in str(error):
            raise
        rows[PRINTED] = {shared.TEST: None, shared.VALIDATION: None}
    return rows


EXPERIMENT = Experiment(
    id="moskovitz-cifar2",
    paper=shared.PAPER,
    figure="Table 1, CIFAR-10 model 2",
    about="nine convolutions on CIFAR-10, seven methods and Batch Manhattan",
    presets={
        "smoke": shared.smoke(Config(), maps=(3, 4)),
        "laptop": Config(
            train_images=4000,
            validation_images=1000,
            test_images=2000,
            epochs=8,
            batch=50,
            maps=(12, 24),
            dropout=(0.0, 0.0),
            weight_decay=0.0,
            evaluations=4,
        ),
        "paper": Config(),
    },
    run=run,
    paper_numbers=shared.paper(
        {
            "BP": 11.0,
            "BP + noise": 11.0,
            "BP + alignment": 11.2,
            "FA": 35.6,
            "uSF Init E/I": 17.8,
            "uSF Init": 13.1,
            "uSF SN": 12.6,
        }
    ),
    cost=lambda config: shared.cost(config, 1.2 if config.maps[0] < 32 else 20, 45_000),
    claims=(*shared.CIFAR_CLAIMS,),
)
