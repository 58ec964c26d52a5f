"""BindsNET's side of the benchmark, where its environment was made."""

import json
import subprocess
from pathlib import Path

import bindsnet_environment
import pytest

PYTHON = bindsnet_environment.find()
SCRIPT = Path(__file__).parents[2] / "benchmarks" / "bindsnet_network.py"
CHANGES = """
import bindsnet_network as script
import json

network = script.Lillicrap([40, 30, 10], script.bindsnet_modules())
connections = network.network.connections.values()
before = [connection.w.clone() for connection in connections]
network.run(400)
print(json.dumps([float((c.w != w).float().mean()) for c, w in zip(connections, before)]))
"""


@pytest.mark.skipif(PYTHON is None, reason="needs .venv-bindsnet (--install-bindsnet makes it)")
def test_every_layer_spikes_and_every_synapse_learns() -> None:
    told = subprocess.run(
        [str(PYTHON), str(SCRIPT), "--sizes", "40-300-300", "--steps", "20"],
        capture_output=True, text=True, check=True, timeout=120,
    ).stdout  # fmt: skip
    inputs, *hidden = json.loads(told)["spiking in the last step"]
    assert inputs < 0.4
    assert all(0.3 < fraction < 0.7 for fraction in hidden)
    changed = subprocess.run(
        [str(PYTHON), "-c", CHANGES], cwd=SCRIPT.parent,
        capture_output=True, text=True, check=True, timeout=120,
    ).stdout  # fmt: skip
    assert all(fraction > 0.99 for fraction in json.loads(changed))


def test_an_environment_that_was_not_made_is_not_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bindsnet_environment, "FOLDER", tmp_path)
    monkeypatch.setattr(bindsnet_environment, "_READY", tmp_path / ".installed")
    assert bindsnet_environment.find() is None
