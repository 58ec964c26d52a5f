"""A recording and a network are asked the same, and the answers are those that were put in."""

import runpy
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pynwb")
pytest.importorskip("elephant")
SCRIPT = Path(__file__).parents[2] / "examples" / "recorded_data.py"
SAME = "Fano factor over trials of a direction"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    out = tmp_path_factory.mktemp("recorded")
    main = runpy.run_path(str(SCRIPT))["main"]
    return out, main(trials=80, units=10, images=100, seed=1, out=out)


def test_random_spikes_have_known_statistics(found: tuple[Path, dict[str, Any]]) -> None:
    v1, ca1 = found[1]["V1"], found[1]["CA1"]
    assert ca1["CV"] == pytest.approx(1, abs=0.06)
    assert ca1["Fano factor"] == pytest.approx(1, abs=0.1)
    assert v1["Fano factor"] > 1.5  # rates change from trials to gaps
    assert v1[SAME] == pytest.approx(1, abs=0.2)
    assert ca1[SAME] == pytest.approx(1, abs=0.2)


def test_the_direction_is_in_the_tuned_area_alone(found: tuple[Path, dict[str, Any]]) -> None:
    v1, ca1 = found[1]["V1"], found[1]["CA1"]
    assert v1["by chance, %"] == 25
    assert v1["decoded, %"] > 80
    assert ca1["decoded, %"] < 45


def test_the_network_is_asked_the_same(found: tuple[Path, dict[str, Any]]) -> None:
    out, answers = found
    assert list(answers) == ["V1", "CA1", "hidden1", "output"]
    assert set(answers["hidden1"]) == {"rate, Hz", "CV", "Fano factor"}
    assert 100 < answers["hidden1"]["rate, Hz"] < 900  # a step is 1 ms, and p about 1/2
    assert (out / "recorded_data.png").read_bytes().startswith(b"\x89PNG")


def test_a_file_of_ones_own_is_read(found: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    main = runpy.run_path(str(SCRIPT))["main"]
    again = main(found[0] / "recorded_data.nwb", "area", "direction", images=100, out=tmp_path)
    assert again["V1"]["rate, Hz"] == found[1]["V1"]["rate, Hz"]
    assert not (tmp_path / "recorded_data.nwb").exists()
