"""Imports point one way, and the light modules stay light."""

import ast
import importlib
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import snn_credit.rules
from snn_credit.rules.vocabulary import Rule

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = {
    "snn_credit": ROOT / "snn_credit",
    "snn_credit.models": ROOT / "models",
    "snn_credit.experiments": ROOT / "experiments",
    "snn_credit.data": ROOT / "data",
}
PACKAGES = {
    *("rules", "dense", "spiking", "rate", "theory", "recording", "analysis"),
    *("data", "models", "experiments", "harness", "exchange", "report"),
}
# Modules of the package itself that stand above everything; the others stand below everything.
TOP = {"cli", "__main__", "overview"}
# Part -> the parts that it does not import. Analysis measures what it is given and knows nothing of
# what made it, so both paths may measure with it.
FORBIDDEN = {
    "base": PACKAGES | {"top"},
    "rules": PACKAGES - {"rules"} | {"top"},
    "dense": PACKAGES - {"dense"} | {"top"},
    "spiking": {"rate", "theory", "models", "experiments", "harness", "report", "top"},
    "rate": {"dense", "spiking", "theory", "models", "experiments", "harness", "report", "top"},
    "theory": PACKAGES - {"rules", "theory"} | {"top"},
    "recording": PACKAGES - {"recording"} | {"top"},
    "analysis": PACKAGES - {"recording", "analysis"} | {"top"},
    "data": PACKAGES - {"data"} | {"top"},
    "models": {"dense", "analysis", "experiments", "harness", "report", "top"},
    "experiments": {"report", "top"},
    "harness": PACKAGES - {"recording", "harness"} | {"top"},
    # Of the harness only how a file is written whole.
    "exchange": PACKAGES - {"recording", "harness", "exchange"} | {"top"},
    "report": PACKAGES - {"harness", "report"} | {"top"},
    "top": set(),
}
HEAVY = {"brian2", "brian2cuda", "torch"}


def modules() -> Iterator[tuple[str, Path]]:
    """Import name and file of every module in the tree."""
    for name, folder in FOLDERS.items():
        for file in folder.rglob("*.py"):
            inside = file.relative_to(folder)
            linked = name == "snn_credit" and (folder / inside.parts[0]).is_symlink()
            if not linked:
                parts = [name, *inside.with_suffix("").parts]
                yield ".".join(part for part in parts if part != "__init__"), file


def imported(module: str, file: Path) -> Iterator[str]:
    """Dotted names that a module imports, at its top or inside a function.

    `from a import b` gives `a.b`, as `b` may be a module.
    """
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            # One dot is the package itself, each further dot its parent.
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            origin = [*above, node.module] if node.level else [node.module]
            for alias in node.names:
                yield ".".join([part for part in origin if part] + [alias.name])


def part_of(name: str) -> str | None:
    """Part of the house that a dotted name belongs to; None outside it and for its root."""
    parts = name.split(".")
    if parts[0] != "snn_credit" or len(parts) == 1:
        return None
    if parts[1] in PACKAGES:
        return parts[1]
    return "top" if parts[1] in TOP else "base"


TREE = {name: set(imported(name, file)) for name, file in modules()}


def of_part(part: str) -> dict[str, set[str]]:
    return {name: found for name, found in TREE.items() if part_of(name) == part}


@pytest.mark.parametrize("part", FORBIDDEN)
def test_imports_point_one_way(part: str) -> None:
    against = {
        f"{name} imports {target}"
        for name, found in of_part(part).items()
        for target in found
        if part_of(target) in FORBIDDEN[part]
    }
    assert not against


@pytest.mark.parametrize(
    "part",
    [
        *("base", "rules", "theory", "recording", "analysis", "data", "harness", "exchange"),
        *("report", "top"),
    ],
)
def test_only_the_simulators_need_brian_and_torch(part: str) -> None:
    heavy = {
        f"{name} imports {target}"
        for name, found in of_part(part).items()
        for target in found
        if target.split(".")[0] in HEAVY
    }
    assert not heavy


def rule_modules() -> set[str]:
    """Modules of `snn_credit.rules` in which a rule is declared."""
    names = (info.name for info in pkgutil.iter_modules(snn_credit.rules.__path__))
    found = {f"snn_credit.rules.{name}" for name in names}
    return {
        name
        for name in found
        if any(isinstance(value, Rule) for value in vars(importlib.import_module(name)).values())
    }


@pytest.mark.parametrize("part", ["spiking", "rate"])
def test_no_path_knows_a_rule(part: str) -> None:
    declaring = rule_modules()
    assert "snn_credit.rules.vocabulary" not in declaring
    rules = {key for key, value in vars(snn_credit.rules).items() if isinstance(value, Rule)}
    known = {f"snn_credit.rules.{name}" for name in rules} | declaring
    against = {
        f"{name} imports {target}"
        for name, found in of_part(part).items()
        for target in found
        if target in known or target.rpartition(".")[0] in declaring
    }
    assert not against


@pytest.mark.parametrize(
    "module", ["snn_credit", "snn_credit.rules", "snn_credit.harness", "snn_credit.report.html"]
)
def test_light_modules_load_neither_brian_nor_torch(module: str) -> None:
    code = f"import sys, {module}; print(sorted({HEAVY} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "[]", done.stderr
