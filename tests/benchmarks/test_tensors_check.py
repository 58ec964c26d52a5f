"""The check of tensors against C++: it runs without a GPU, and would notice a difference."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensors_check
from cost import Net

SCRIPT = Path(tensors_check.__file__)
SMALL = Net.parse("12-9-8-10")


def test_one_command_checks_and_times(tmp_path: Path) -> None:
    file = tmp_path / "found.json"
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--device", "dense:torch", "--sizes", "12-9-8-10",
         "20-10-10", "--steps", "60", "--checked", "300", "--megabytes", "10",
         "--json", str(file)],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(file.read_text())
    assert json.loads(done.stdout) == found
    assert found["passed"]
    assert [check["network"] for check in found["parity"]] == ["12-9-8-10", "20-10-10"]
    assert all(check["spikes"] > 500 for check in found["parity"])
    for row, synapses in zip(found["timing"], (12 * 9 + 2 * 9 * 8 + 2 * 8 * 10, 400), strict=True):
        assert row["synapses"] == synapses
        assert row["us a step"] > row["us a step, steps alone"] > 0


def test_the_numbers_are_those_that_neurons_drew() -> None:
    found = tensors_check.rasters(SMALL, "dense", 50, seed=5)
    for layer, (spikes, potentials) in found.items():
        assert 0 < spikes.mean() < 1
        for step in range(50):
            u = tensors_check.uniforms(layer, spikes.shape[1], step, seed=5)
            np.testing.assert_array_equal(u < 1 / (1 + np.exp(-potentials[step])), spikes[step])


@pytest.mark.parametrize(("gap", "passes"), [(1e-6, True), (1e-4, False)])
def test_a_difference_that_is_not_a_matter_of_bits_fails(
    gap: float, passes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The third step's second neuron of the second layer differs, by more or less."""
    made = tensors_check.rasters

    def changed(net: Net, device: str, steps: int, seed: int) -> tensors_check.Rasters:
        found = made(net, "dense", steps, seed)
        spikes, potentials = found["hidden2"]
        u = tensors_check.uniforms("hidden2", 8, 2, seed)[1]
        p = u + gap if device == "one" else u - gap
        potentials[2, 1], spikes[2, 1] = np.log(p / (1 - p)), device == "one"
        if device == "one":
            found["output"][0][2] ^= True  # a layer above, and all that follows
            found["hidden1"][0][3:] ^= True
        return found

    monkeypatch.setattr(tensors_check, "rasters", changed)
    found = tensors_check.parity(SMALL, "one", "other", 20)
    assert found["first step that differs"] == 2
    assert found["largest |u - p| there"] == pytest.approx(gap, rel=1e-3)
    assert found["passed"] is passes
