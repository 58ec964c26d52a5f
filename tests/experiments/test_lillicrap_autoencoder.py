"""Autoencoders at reduced size: what is measured, and the order of the images."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from named_claims import unnamed

from snn_credit.errors import InputError
from snn_credit.experiments import lillicrap_autoencoder as autoencoder
from snn_credit.harness import Context, Table

SMALL = replace(
    autoencoder.EXPERIMENT.presets["smoke"], images=4000, eta_narrow=0.02, eta_wide=0.02
)
CONTROL = "mean image (control)"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Table]:
    out = tmp_path_factory.mktemp("autoencoder")
    return out, autoencoder.run(SMALL, Context(out, seed=0))


def test_what_the_claims_name_is_measured(found: tuple[Path, Table]) -> None:
    assert unnamed(autoencoder.EXPERIMENT, found[1]) == []


def test_bp_and_the_wide_net_learn_more_than_the_mean_image(found: tuple[Path, Table]) -> None:
    out, rows = found
    shapes = ("narrow", "wide", "wide, small W")
    assert list(rows) == [
        CONTROL,
        *(f"{rule}, {shape}" for shape in shapes for rule in ("BP", "FA")),
    ]
    mean = rows[CONTROL][autoencoder.TEST] or 0
    assert (rows["BP, wide"][autoencoder.TEST] or 0) < 0.9 * mean
    assert (rows["BP, wide"][autoencoder.TEST] or 0) < (rows["BP, narrow"][autoencoder.TEST] or 0)
    assert (out / "autoencoder.png").read_bytes().startswith(b"\x89PNG")


def test_the_error_is_summed_over_pixels() -> None:
    images = np.array([[0.0, 1.0, 2.0], [1.0, 1.0, 1.0]], np.float32)
    assert autoencoder._mse(images, np.zeros(3, np.float32)) == pytest.approx((5 + 3) / 2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"narrow": (20, 0, 20)}, r"^narrow: at least 1 \(got 20, 0, 20\)$"),
        ({"eta_wide": 0.0}, r"^eta_wide: a finite number above 0 \(got 0\.0\)$"),
    ],
)
def test_a_setting_that_cannot_be(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(autoencoder.Config(), **change)
