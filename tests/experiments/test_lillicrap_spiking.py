"""The settings of Fig 4: a value that cannot be is refused before anything runs."""

from dataclasses import replace
from math import inf, nan
from typing import Any

import pytest

from snn_credit import cli
from snn_credit.errors import InputError
from snn_credit.experiments.lillicrap_spiking import EXPERIMENT, Config


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rate_batch": 0}, r"^rate_batch: at least 1 \(got 0\)$"),
        ({"rate_images": -1}, r"^rate_images: at least 1 \(got -1\)$"),
        ({"rate_w_scale": -0.1}, r"^rate_w_scale: a finite .* at least 0 \(got -0\.1\)$"),
        ({"rate_b_scale": inf}, r"^rate_b_scale: a finite .* at least 0 \(got inf\)$"),
        ({"rate_eta_fa": nan}, r"^rate_eta_fa: a finite number \(got nan\)$"),
        ({"rate_eta_bp": inf}, r"^rate_eta_bp: a finite number \(got inf\)$"),
        ({"rate_eta_shallow": -inf}, r"^rate_eta_shallow: a finite number \(got -inf\)$"),
        ({"hidden": (300, 0)}, r"^hidden: at least 1 \(got 300, 0\)$"),
        ({"images": 0}, r"^images: at least 1 \(got 0\)$"),
        ({"validation_images": 0}, r"^validation_images: at least 1 \(got 0\)$"),
        ({"tau": 1.0}, r"^tau: a number between 0 and 1 \(got 1\.0\)$"),
        ({"gamma": 1.0}, r"^gamma: a number from 0 to below 1 \(got 1\.0\)$"),
        ({"b_scale": nan}, r"^b_scale: a finite number of at least 0 \(got nan\)$"),
    ],
)
def test_a_setting_that_cannot_be(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(Config(), **change)


def test_the_command_line_refuses_it_before_anything_runs(
    tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    words = ["run", "lillicrap-spiking", "--set", "rate_batch=0", "--out", str(out)]
    assert cli.main(words) == 2
    assert capsys.readouterr().err == "snn-credit: rate_batch: at least 1 (got 0)\n"
    assert not out.exists()


def test_nothing_of_what_is_optional_is_asked_for() -> None:
    for preset in EXPERIMENT.presets.values():
        changed = replace(preset, train_images=None, test_images=None, hidden=())
        assert changed.hidden == ()
