"""What the deep networks share: targets, feedback, rates, distorted images."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from snn_credit.data import Dataset, load
from snn_credit.data.standardised import standardised
from snn_credit.errors import InputError
from snn_credit.experiments import lillicrap_deep as deep
from snn_credit.experiments.lillicrap_deep import Recipe, Variant
from snn_credit.harness import Context


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return standardised(load("digits").subset(400, 100, 100))


RECIPE = Recipe(images=4000, batch=10, eta=0.03, evaluations=2)


@pytest.mark.parametrize(
    "variant",
    [
        Variant("BP", (40, 40)),
        Variant("FA", (40, 40)),
        Variant("FA", (40,), maps=3, field=3),
    ],
    ids=["BP", "FA", "local"],
)
def test_they_learn(digits: Dataset, variant: Variant, tmp_path: Path) -> None:
    history = deep.train(variant, digits, RECIPE, Context(tmp_path, seed=1), "a net")
    assert history.test_error < 25
    assert history.images_seen.tolist() == [0, 2000, 4000]


def test_feedback_is_levelled_and_bp_has_none(digits: Dataset, tmp_path: Path) -> None:
    few = replace(RECIPE, images=10, gain=2.0)
    module = deep.train(Variant("FA", (40, 30)), digits, few, Context(tmp_path), "").module
    # The gain is that of what the output layer sends.
    for name, n, size in (("b_2", 30, 1.0), ("b_3", 10, 2.0)):
        b = module.synapses.get_buffer(name)
        assert float(b.square().mean() * n) == pytest.approx(size**2, rel=1e-4)


def test_the_rate_falls_tenfold(digits: Dataset, tmp_path: Path) -> None:
    """After one step; before it, a step with almost no rate."""
    norms = []
    for falls in ((), (0.0,)):
        nets = [
            deep.train(Variant("BP", (5,)), digits, Recipe(10, 10, eta, decay=0.0, falls=falls),
                       Context(tmp_path), "").module.get_submodule("0").weight.detach()
            for eta in (1e-9, 1e-3)
        ]  # fmt: skip
        norms.append(float((nets[1] - nets[0]).norm()))
    assert norms[0] == pytest.approx(10 * norms[1], rel=1e-3)
    assert norms[1] > 0


def test_distorted_images_stay_on_a_black_ground(digits: Dataset) -> None:
    transform = deep.distorted(digits)
    x = torch.from_numpy(digits.train_x[:20])
    before = x.clone()
    found = transform(x, np.random.default_rng(0))
    assert found.shape == x.shape
    assert found.dtype == x.dtype
    assert torch.equal(x, before)
    assert float((found - x).abs().max()) > 0.5
    # Interpolation between pixels, and black beyond the borders, never leaves their range.
    black = float(digits.train_x.min())
    assert float(found.min()) >= black - 1e-5
    assert float(found.max()) <= float(x.max()) + 1e-5
    again = transform(x, np.random.default_rng(0))
    assert torch.equal(found, again)


def test_what_training_costs() -> None:
    assert deep.synapses((3, 4, 5)) == 32
    assert deep.cost(1000, 100, 1e6) is None
    said = deep.cost(100_000, 100, 1e7) or ""
    assert said == "100,000 updates of 100 examples: about 4 hours a seed on one core"
    long = replace(RECIPE, images=10**7, batch=100)
    both = deep.cost_of([Variant("FA", (1000,)), Variant("BP", (2000,))], long, 784)
    # Two networks, 1.191 million synapses on average.
    assert both == deep.cost(2 * 10**5, 100, 1.5 * 794_000)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"eta": 0.0}, r"^eta: a finite number above 0 \(got 0\.0\)$"),
        ({"falls": (0.5, 1.5)}, r"^falls: a share of the training \(got 0\.5, 1\.5\)$"),
        ({"decay": -0.1}, r"^decay: a number from 0 to below 1 \(got -0\.1\)$"),
        ({"images": 0}, r"^images: at least 1 \(got 0\)$"),
    ],
)
def test_a_setting_that_cannot_be(change: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(RECIPE, **change)
