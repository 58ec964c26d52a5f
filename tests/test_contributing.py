"""CONTRIBUTING and the list of examples name what is there."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = {name: ROOT / name for name in ("CONTRIBUTING.md", "examples/README.md")}
CONTRIBUTING = PAGES["CONTRIBUTING.md"].read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    page = PAGES[name]
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text())
    assert len(links) > 5
    lost = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert not lost


def test_files_and_folders_are_there() -> None:
    folders = "snn_credit|tests|experiments|examples|docs|data|models"
    named = re.findall(rf"`((?:{folders})/[\w/.]+)`", CONTRIBUTING)
    assert len(named) > 8
    # A name in capitals stands for what is to be written beside the others.
    lost = {
        path for path in named if not (ROOT / re.sub(r"[^/]*NAME.*|AUTHOR.*", "", path)).exists()
    }
    assert not lost


def test_make_targets_are_there() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"make (\w+)[`  ]", CONTRIBUTING))
    assert {"venv", "test", "lint", "format"} <= named <= targets


def test_markers_are_those_of_the_project() -> None:
    declared = {
        marker.partition(":")[0] for marker in PROJECT["tool"]["pytest"]["ini_options"]["markers"]
    }
    named = re.findall(r"^\| `(\w+)` \|", CONTRIBUTING, re.MULTILINE)
    assert set(named) == declared
