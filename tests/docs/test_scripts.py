"""The scripts in docs/ run, and the README shows them as they are."""

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snn_credit import cli
from snn_credit.data import load
from snn_credit.models.lillicrap_spiking import network
from snn_credit.recording import open_run
from snn_credit.spiking import train

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SMALL = load("digits").subset(100, 20, 20)


@pytest.mark.parametrize("name", ["first_script.py", "own_rule.py", "own_neuron.py"])
def test_the_readme_shows_the_script(name: str) -> None:
    assert f"```python\n{(DOCS / name).read_text()}```" in (ROOT / "README.md").read_text()


def test_the_documents_print_what_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    circuit = network((64, 100, 100), "FA")
    assert f"```text\n{circuit}\n```" in (DOCS / "circuits.md").read_text()
    assert cli.main(["run", "lillicrap-spiking", "--preset", "laptp"]) == 2
    assert capsys.readouterr().err.strip() in (ROOT / "README.md").read_text()


def test_the_first_script_learns_and_draws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = subprocess.run(
        [sys.executable, str(DOCS / "first_script.py")],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    *described, answer = done.stdout.splitlines()
    assert "population hidden1: 100 neurons" in described
    assert answer.startswith("test error: ")
    assert float(answer.split()[2]) < 60  # chance is 90
    assert (tmp_path / "raster.png").read_bytes().startswith(b"\x89PNG")
    (reading,) = re.findall(r"```python\n(.*?)```", (DOCS / "run_file.md").read_text(), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    found: dict[str, Any] = {}
    exec(reading, found)
    assert found["run"].complete
    assert len(found["times_ms"]) == len(found["weights"]) == 2  # before and after learning
    assert found["potentials"].shape[1] == len(np.unique(found["neurons"]))
    assert {"images_seen", "test_error"} <= found["errors"].keys()


def test_the_rate_script_is_shown_and_runs(monkeypatch, capsys) -> None:
    text = (DOCS / "rate_script.py").read_text()
    assert f"```python\n{text}```" in (DOCS / "rate.md").read_text()
    few = text.replace("images=20_000", "images=300")
    assert few != text
    exec(compile(few, "rate_script.py", "exec"), {})
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [
        *("BP", "FA", "uSF", "DFA", "Shallow")
    ]


def test_the_script_of_primitives_is_shown_and_runs(monkeypatch, capsys) -> None:
    text = (DOCS / "primitives_script.py").read_text()
    assert f"```python\n{text}```" in (DOCS / "rate.md").read_text()
    few = text.replace("images=20_000", "images=200")
    assert few != text
    exec(compile(few, "primitives_script.py", "exec"), {})
    first, *rows = capsys.readouterr().out.splitlines()
    assert first == "amp + null is local: True"
    assert [row.split()[0] for row in rows] == ["FA", "amp", "IA", "AA", "SA"]


def test_the_brian_script_runs_on_dense(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(DOCS / "brian_script.py")],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    spikes, *program = done.stdout.splitlines()
    assert int(spikes.split()[0]) > 1000
    assert "//     w = clip(w + apre, 0, 0.05)" in program


def test_a_rule_of_ones_own_runs_on_both_paths(tmp_path: Path) -> None:
    from snn_credit import rate
    from snn_credit.models.perceptron import perceptron

    rule = runpy.run_path(str(DOCS / "own_rule.py"))["SIGN_FA"]
    assert rule.is_local
    circuit = network((64, 20, 20, 20), rule)
    outcome = train(circuit, SMALL, tmp_path / "run.h5", images=40, evaluations=1, device="runtime")
    assert outcome.test_error is not None
    before = circuit.projection("input_to_hidden1").initial["w"]
    after = open_run(tmp_path / "run.h5").weights("input_to_hidden1", "w")[1][-1]
    assert np.abs(after - before).max() > 0.01
    net = rate.convert(perceptron((64, 20, 10), w_scale=0.1), rule, b_scale=0.1)
    history = rate.fit(net, SMALL, images=2000, batch=1, lr=0.1)
    assert history.test_error < 60


def test_a_neuron_of_ones_own_runs(tmp_path: Path) -> None:
    neuron = runpy.run_path(str(DOCS / "own_neuron.py"))["ADAPTING"]
    circuit = network((64, 20, 20, 20), "FA", forward=neuron)
    assert "da/dt = -a/tau_a : 1" in str(circuit)
    outcome = train(circuit, SMALL, tmp_path / "run.h5", images=20, evaluations=1, device="runtime")
    assert outcome.test_error is not None
