"""Dellaferrera & Kreiman 2022, Fig 4: the hidden layer before and after training.

Dellaferrera & Kreiman, ICML (2022), arXiv 2201.11665. t-SNE embeddings of the hidden activity of
784-1024-10 on MNIST test images, before and after training with PEPITA. The figure shows it; the
numbers are the mean fraction of a point's 10 nearest neighbours that are of its class, in the
hidden layer itself and in its embedding. The images that are embedded are test images; nothing is
chosen by them.

Settings are those of appendix A. ``laptop`` has all images and 3 epochs in place of 100, and embeds
1,500 images: 1 minute a seed on one core.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from snn_credit.experiments.pepita_training import PAPER, TEST, Learner, cost, early, load, train
from snn_credit.harness import Context, Experiment, Table, ordered, require

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

HIDDEN, EMBEDDED = (
    "hidden neighbours of the same class %",
    "embedded neighbours of the same class %",
)


@dataclass(frozen=True)
class Config:
    """Settings: how long, on what, how many images are embedded, how many neighbours count."""

    data: str = "mnist"
    images: int | None = None
    hidden: int = 1024
    epochs: int = 3
    shown: int = 1500
    neighbours: int = 10
    held_out: bool = True

    def __post_init__(self) -> None:
        require(self, ("images", "hidden", "epochs", "neighbours"), lambda n: n >= 1, "at least 1")
        require(self, ("shown",), lambda n: n > 30, "more than t-SNE's perplexity of 30")


def _learner(config: Config) -> Learner:
    return Learner("PEPITA", config.epochs, hidden=config.hidden, drops=early(config.epochs))


def hidden(net: Any, x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the hidden layer's activity without dropout, (n, n_1), for inputs (n, n_0)."""
    import torch

    # The layer and its activation; what follows is dropout and the output.
    layer, activation = net.get_submodule("0"), net.get_submodule("1")
    with torch.no_grad():
        return activation(layer(torch.from_numpy(x))).numpy()


def run(config: Config, context: Context) -> Table:
    """Train with one seed, and embed the hidden layer before and after."""
    from snn_credit.analysis import embed, embeddings, neighbourhood_score

    data = load(config.data, config.images, held_out=config.held_out)
    some = data.subset(n_test=config.shown)
    before = _learner(config).network(data, context.seed)
    history = train(_learner(config), data, "PEPITA", config, context, EXPERIMENT.id)
    rows: dict[str, dict[str, float | None]] = {}
    panels = {}
    for name, net, accuracy in (
        ("before training", before, None),
        ("after training", history.module, 100 - history.test_error),
    ):
        activity = hidden(net, some.test_x)
        panels[name] = embed(activity, context.seed)
        scores = (
            100 * neighbourhood_score(points, some.test_y, config.neighbours)
            for points in (activity, panels[name])
        )
        rows[name] = {TEST: accuracy, **dict(zip((HIDDEN, EMBEDDED), scores, strict=True))}
    embeddings(panels, some.test_y, config.neighbours).savefig(context.out / "tsne.png")
    return rows


EXPERIMENT = Experiment(
    id="pepita-tsne",
    paper=PAPER,
    figure="Fig 4",
    about="the hidden layer tells classes apart after training with PEPITA",
    presets={
        "smoke": Config(data="digits", images=200, hidden=30, epochs=2, shown=100),
        "laptop": Config(),
        "paper": Config(epochs=100, shown=5000, held_out=False),
    },
    run=run,
    cost=lambda config: cost([(config.data, _learner(config), config.images)]),
    claims=(
        ordered(HIDDEN, "before training", "after training"),
        ordered(EMBEDDED, "before training", "after training"),
    ),
)
