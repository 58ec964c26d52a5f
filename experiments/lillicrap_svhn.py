"""Lillicrap et al. 2016, Supplementary Note 6: house numbers by feedback alignment.

Lillicrap, Cownden, Tweed & Akerman, Nature Communications 7, 13276 (2016), doi:10.1038/ncomms13276.
Grey SVHN images; 1024-3000-3000-3000-3000-10 tanh by FA; with a first layer of eight maps of
neurons that see 10 x 10 pixels each and share no weights; and that with a piecewise linear
activation. BP, which the paper quotes from others at 10.3%, is trained beside them. What the
networks have in common is in `snn_credit.experiments.lillicrap_deep`.

All but ``smoke`` read the official files (``snn-credit data fetch svhn``, ``svhn-extra``), which
``laptop`` does without the extra images and ``paper`` with them. ``smoke`` makes tiny files of that
layout first. In the paper's second network the maps are taken to stand in the place of the first
3,000 neurons. ``laptop`` has 300 neurons a layer and 20,000 images; how many images the paper
showed it does not say, ten epochs are our choice. Settings are those of ``lillicrap-mnist-deep``;
nothing was tuned here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from snn_credit.experiments import lillicrap_deep as deep
from snn_credit.experiments.lillicrap_deep import TEST, Recipe, Variant
from snn_credit.harness import Context, Experiment, Table, ordered, require

if TYPE_CHECKING:
    from pathlib import Path

    from snn_credit.data import Dataset


@dataclass(frozen=True)
class Config:
    """Settings; ``width`` is of each of four hidden layers, ``made`` makes files to run on."""

    made: bool = False
    extra: bool = False
    train_images: int | None = 20_000
    test_images: int | None = 5000
    validation_images: int | None = 2000
    width: int = 300
    maps: int = 8
    field: int = 10
    images: int = 200_000
    batch: int = 50
    eta: float = 0.05
    gain: float = 1.0

    def __post_init__(self) -> None:
        counts = ("train_images", "test_images", "validation_images", "width", "maps", "field")
        require(self, counts, lambda n: n >= 1, "at least 1")
        assert self.recipe()

    def recipe(self) -> Recipe:
        """Return how each network is trained."""
        return Recipe(self.images, self.batch, self.eta, self.gain)

    def variants(self) -> dict[str, Variant]:
        """Return the networks by their names."""
        four = (self.width,) * 4
        return {
            "BP, tanh": Variant("BP", four),
            "FA, tanh": Variant("FA", four),
            "FA, locally connected": Variant("FA", four[1:], maps=self.maps, field=self.field),
            "FA, locally connected, leaky": Variant("FA", four[1:], "leaky", self.maps, self.field),
        }


def run(config: Config, context: Context) -> Table:
    """Train every network with one seed; draw the learning curves."""
    from snn_credit.data import svhn
    from snn_credit.data.standardised import standardised

    whole = _made(context.out) if config.made else svhn.load(grey=True, extra=config.extra)
    data = standardised(
        whole.subset(config.train_images, config.test_images, config.validation_images)
    )
    histories = {
        name: deep.train(variant, data, config.recipe(), context, name)
        for name, variant in config.variants().items()
    }
    deep.draw_curves(histories, context)
    return deep.rows(histories)


def cost(config: Config) -> str | None:
    """Say what all networks take, if it takes long."""
    return deep.cost_of(list(config.variants().values()), config.recipe(), 1024)


def _made(folder: Path) -> Dataset:
    """Write files of the official layout, stripes whose place is the label, and read them."""
    import numpy as np
    from scipy.io import savemat

    from snn_credit.data import svhn
    from snn_credit.data.dataset import of_bytes

    random, parts = np.random.default_rng(0), []
    for name, n in ((svhn.TRAIN, 120), (svhn.TEST, 40)):
        labels = np.arange(n) % 10 + 1  # 10 means the digit 0
        images = random.integers(0, 80, (32, 32, 3, n), dtype=np.uint8)
        for k, label in enumerate(labels):
            images[3 * (label - 1) : 3 * label, :, :, k] += 150
        savemat(folder / name, {"X": images, "y": labels[:, None].astype(np.uint8)})
        colours, digits = svhn.read(folder / name)
        parts.append((colours.mean(axis=1, dtype=np.float32), digits))
    return of_bytes("svhn", *parts, classes=10, validation=20)


EXPERIMENT = Experiment(
    id="lillicrap-svhn",
    paper="Lillicrap et al. 2016",
    figure="SN6",
    about="FA in deep networks on grey SVHN, with local receptive fields",
    presets={
        "smoke": Config(made=True, train_images=None, test_images=None, validation_images=None,
                        width=15, maps=1, images=200, batch=10),
        "laptop": Config(),
        "paper": Config(extra=True, train_images=None, test_images=None, validation_images=None,
                        width=3000, images=6_000_000, batch=100, eta=0.01),
    },
    run=run,
    cost=cost,
    paper_numbers={
        "FA, tanh": {TEST: 9.7},
        "FA, locally connected": {TEST: 8.1},
        "FA, locally connected, leaky": {TEST: 7.1},
    },
    claims=(
        ordered(TEST, "FA, locally connected, leaky", "FA, locally connected", "FA, tanh"),
    ),
)  # fmt: skip
