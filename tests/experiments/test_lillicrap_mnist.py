"""Fig 3a,b on digits: rows, the sparse net's missing synapses, and what is refused."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from named_claims import unnamed

from snn_credit.errors import InputError
from snn_credit.experiments import lillicrap_mnist as mnist
from snn_credit.harness import Context, Table

SMALL = replace(
    mnist.EXPERIMENT.presets["smoke"],
    train_images=600, hidden=100, w_scale=0.3, b_scale=1.0, eta_bp=0.5, eta_fa=0.5,
    eta_shallow=0.5, images=6000,
)  # fmt: skip


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Table]:
    out = tmp_path_factory.mktemp("mnist")
    return out, mnist.run(SMALL, Context(out, seed=0))


def test_what_the_claims_name_is_measured(found: tuple[Path, Table]) -> None:
    assert unnamed(mnist.EXPERIMENT, found[1]) == []


def test_the_hidden_layer_learns(found: tuple[Path, Table]) -> None:
    out, rows = found
    assert list(rows) == ["BP", "FA", "sparse FA", "Shallow"]
    for rule in ("BP", "FA", "sparse FA"):
        assert (rows[rule][mnist.TEST] or 0) < 30
    for name in ("learning.png", "angle.png", "fields.png"):
        assert (out / name).read_bytes().startswith(b"\x89PNG")


def test_the_angle_falls(found: tuple[Path, Table]) -> None:
    for rule in ("FA", "sparse FA"):
        before, after = (
            found[1][rule][f"{mnist.ANGLE}, {when} learning"] or 0 for when in ("before", "after")
        )
        assert 0 < after < before - 10
    assert all(mnist.ANGLE not in name for name in found[1]["BP"])


def test_removed_synapses_do_not_come_back(tmp_path: Path) -> None:
    from snn_credit.data import load

    config = replace(SMALL, images=200)
    data = load("digits").subset(300, 60, 60)
    module = mnist._learn(config, Context(tmp_path), data, "sparse FA", 0.5).module
    b, mask = module.synapses.b_2, module.synapses.mask_2
    for w in (module.get_submodule("0").weight, module.get_submodule("2").weight):
        assert float((w == 0).float().mean()) == pytest.approx(0.5, abs=0.06)
    assert float(mask.mean()) == pytest.approx(0.5, abs=0.06)
    both = (module.get_submodule("2").weight != 0) & (b * mask != 0)
    assert float(both.float().mean()) == pytest.approx(0.25, abs=0.06)
    dense = mnist._learn(config, Context(tmp_path), data, "FA", 0.5).module
    assert not (dense.get_submodule("0").weight == 0).any()
    assert torch.isfinite(dense.get_submodule("0").weight).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kept": 0.0}, r"^kept: a fraction above 0 \(got 0\.0\)$"),
        ({"decay": 1.0}, r"^decay: a number from 0 to below 1 \(got 1\.0\)$"),
        ({"batch": 0}, r"^batch: at least 1 \(got 0\)$"),
        ({"w_scale": 0.0}, r"^w_scale: a finite number above 0 \(got 0\.0\)$"),
    ],
)
def test_a_setting_that_cannot_be(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(mnist.Config(), **change)
