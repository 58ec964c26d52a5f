"""The examples run at a small size, show what they say, and are listed with their figures."""

import ast
import os
import re
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples" / "frompapers"
SCRIPTS = sorted(FOLDER.glob("*.py"))
PNG = b"\x89PNG"


def main_of(name: str) -> Callable[..., Any]:
    return runpy.run_path(str(FOLDER / f"{name}.py"))["main"]


def test_feedback_alignment_learns_a_linear_function(tmp_path: Path) -> None:
    found = main_of("lillicrap_2016_fig2")(examples=400, seed=1, out=tmp_path)
    assert found["BP"] < 0.02
    assert found["FA"] < 0.02
    assert found["Shallow"] > 0.25  # it sees 20 of 30 dimensions
    assert found["NP"] > 0.1
    assert 5 < found["angle"] < 65
    assert (tmp_path / "lillicrap_2016_fig2.png").read_bytes().startswith(PNG)


def test_spiking_neurons_learn_digits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    error = main_of("lillicrap_2016_fig4")(
        images=1500, hidden=50, seed=1, device="dense", out=tmp_path
    )
    assert error < 50  # chance is 90
    printed = capsys.readouterr().out
    assert "population feedback1: 50 neurons" in printed
    assert "nan" not in printed
    assert (tmp_path / "lillicrap_2016_fig4.png").read_bytes().startswith(PNG)


def test_sign_concordant_feedback_is_at_acute_angles(tmp_path: Path) -> None:
    found = main_of("moskovitz_2018_fig3")(epochs=1, maps=6, seed=1, out=tmp_path)
    angles = {
        name: np.array([values[-1] for values in history.watched.values()])
        for name, history in found.items()
    }
    assert list(angles) == ["FA", "uSF Init", "uSF SN"]
    assert all(len(values) == 4 for values in angles.values())
    assert (angles["FA"] > 75).all()
    assert (angles["uSF Init"] < angles["FA"]).all()
    assert (angles["uSF SN"] < 70).all()
    assert (tmp_path / "moskovitz_2018_fig3.png").read_bytes().startswith(PNG)


def test_node_perturbation_teaches_feedback(tmp_path: Path) -> None:
    found = main_of("lansdell_2020_fig2")(iterations=400, warm=100, seed=1, out=tmp_path)
    fixed, learned = found["FA"].watched, found["NP"].watched
    for layer in (1, 2):
        assert learned[f"angle {layer}"][-1] < fixed[f"angle {layer}"][-1] - 5
    assert learned["error 2"][-1] < fixed["error 2"][-1] - 20
    assert learned["signs 2"][-1] > 70
    assert not found["BP"].watched
    assert (tmp_path / "lansdell_2020_fig2.png").read_bytes().startswith(PNG)


def test_the_mirror_explodes_stays_or_collapses(tmp_path: Path) -> None:
    found = main_of("kunin_2020_fig2")(time=2.0, points=7, out=tmp_path)
    symmetric, skew = (np.array(part) for part in zip(*found.values(), strict=True))
    # lambda_u = lambda - x^2 is -0.5, 0 and 0.5, and SA's 0; lambda_v = 1.5, 2, 2.5, and SA's 2
    assert np.allclose(symmetric, np.exp([1.0, 0.0, -1.0, 0.0]))
    assert np.allclose(skew, np.exp([-3.0, -4.0, -5.0, -4.0]))
    assert (tmp_path / "kunin_2020_fig2.png").read_bytes().startswith(PNG)


def test_weights_turn_away_from_the_projection(tmp_path: Path) -> None:
    found = main_of("dellaferrera_2022_fig3")(epochs=8, hidden=32, seed=1, out=tmp_path)
    learned, control = found["PEPITA"], found["F = 0"]
    assert learned.watched["angle"][-1] > learned.watched["angle"][0] + 5
    assert learned.watched["norm"][-1] > learned.watched["norm"][0] * 1.005
    assert control.watched["norm"][-1] == control.watched["norm"][0]
    assert learned.test_error < control.test_error
    assert (tmp_path / "dellaferrera_2022_fig3.png").read_bytes().startswith(PNG)


def test_an_example_runs_from_any_folder(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(FOLDER / "kunin_2020_fig2.py")],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 4
    assert [path.name for path in tmp_path.iterdir()] == ["kunin_2020_fig2.png"]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_an_example_says_where_it_is_from(script: Path) -> None:
    text = script.read_text()
    described = ast.get_docstring(ast.parse(text)) or ""
    assert re.search(r"doi:10\.\d+/|arXiv:\d{4}\.\d{5}", described)
    assert re.search(r"^Figure \d", described, re.MULTILINE)
    assert re.search(r"Departure|Erratum", described)
    assert 50 < len(text.splitlines()) < 150


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_an_example_is_listed_with_its_figure(script: Path) -> None:
    listed = (ROOT / "examples" / "README.md").read_text()
    assert f"| [{script.name}](frompapers/{script.name}) |" in listed
    assert f"(../docs/images/example_{script.stem}.png)" in listed
    figure = (ROOT / "docs" / "images" / f"example_{script.stem}.png").read_bytes()
    assert figure.startswith(PNG)
    assert len(figure) < 80_000


def test_the_experiments_that_examples_name_are_there() -> None:
    from snn_credit.experiments import TABLE

    for script in SCRIPTS:
        described = ast.get_docstring(ast.parse(script.read_text())) or ""
        named = re.findall(r"`([a-z]+-[a-z-]+)`", described)
        assert named, script.name
        assert set(named) <= set(TABLE), script.name
