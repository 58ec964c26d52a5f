"""Results that are kept in ``docs/laptop`` from the tables of the documents.

Their rows and columns are the experiment's, their settings those of ``laptop`` but where they say
so, and their numbers stand on the page that they name.
"""

import re
from pathlib import Path
from typing import Any

import pytest
from named_claims import unnamed

from snn_credit.experiments import load
from snn_credit.harness.config import from_plain, to_plain
from snn_credit.harness.manifest import Manifest, permit, read_result
from snn_credit.harness.results import same_shape

ROOT = Path(__file__).parents[2]
FOLDERS = sorted(path.parent for path in ROOT.glob("docs/laptop/*/recorded*/result.json"))
EACH = pytest.mark.parametrize("folder", FOLDERS, ids=lambda f: f"{f.parent.name}-{f.name}")

NUMBER = r"[-+]?\d[\d,]*(?:\.\d+)?(?:e-?\d+)?"
#: What the pages say in other words: means of listed seeds, percentages of what is 1.
IN_WORDS = {
    ("lillicrap-linear", "lowest NSE"),
    ("lillicrap-linear", "share of T that W0 does not see"),
    ("lillicrap-switch", "speed of the weights, share of BP's first"),
    ("pepita-dynamics", "growth of |W1|"),
}


def result(folder: Path) -> dict[str, Any]:
    found = read_result(folder)
    assert found is not None
    return found


def test_there_are_recorded_results() -> None:
    assert FOLDERS
    for folder in FOLDERS:
        assert (folder.parent / "recorded").is_dir()


@EACH
def test_the_run_beside_a_result_is_its_own(folder: Path) -> None:
    found = result(folder)
    assert found["experiment"] == folder.parent.name
    assert found["preset"] == "laptop"
    assert found["seeds"] == sorted(set(found["seeds"]))
    config, seeds = found["provenance"]["config"], tuple(found["seeds"])
    wanted = Manifest(found["experiment"], "laptop", config, seeds, found["device"])
    assert permit(folder, wanted, force=False, resume=True) == wanted


@EACH
def test_settings_are_those_of_the_preset(folder: Path) -> None:
    found = result(folder)
    preset, config = load(found["experiment"]).preset("laptop"), found["provenance"]["config"]
    assert to_plain(from_plain(type(preset), config)) == config
    assert (config == to_plain(preset)) == (folder.name == "recorded")


@EACH
def test_tables_have_the_experiments_rows_and_columns(folder: Path) -> None:
    found = result(folder)
    experiment = load(found["experiment"])
    tables = found["measured"], found["spread"], experiment.paper_numbers
    assert same_shape(*tables) == [found["measured"], found["spread"], found["paper"]]
    if folder.name == "recorded":
        assert unnamed(experiment, found["measured"]) == []
    for row, columns in found["spread"].items():
        for column, sd in columns.items():
            assert sd is None or (sd >= 0 and found["measured"][row][column] is not None)


@EACH
def test_numbers_stand_on_the_page(folder: Path) -> None:
    found = result(folder)
    name, heading = found["provenance"]["recorded"].split(", ", maxsplit=1)
    page = (ROOT / name).read_text(encoding="utf-8")
    assert any(heading.startswith(line) for line in re.findall(r"(?m)^#+ (.+)$", page))
    numbers = {_float(text) for text in re.findall(NUMBER, page)}
    pairs = {
        (_float(mean), _float(sd)) for mean, sd in re.findall(rf"({NUMBER}) ± ({NUMBER})", page)
    }
    cells = [
        (row, column, mean, found["spread"][row][column])
        for row, columns in found["measured"].items()
        for column, mean in columns.items()
        if mean is not None and (found["experiment"], column) not in IN_WORDS
    ]
    assert cells
    for row, column, mean, sd in cells:
        # a count that is the same in every seed is printed without its spread of 0
        there = (mean, sd) in pairs if sd else mean in numbers
        assert there, (row, column, mean, sd)


def _float(text: str) -> float:
    return float(text.replace(",", ""))
