"""The wheel holds every file of the tree once, under its import name, and nothing else."""

import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SETUPTOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
# Import name of each mapped package -> its folder.
FOLDERS = {name: ROOT / folder for name, folder in SETUPTOOLS["package-dir"].items()}


def tree_files(folder: Path) -> Iterator[Path]:
    """Files below `folder`, not following links, without caches and hidden files."""
    for entry in folder.iterdir():
        if entry.is_symlink() or entry.name == "__pycache__" or entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from tree_files(entry)
        else:
            yield entry


def import_path(name: str, folder: Path, file: Path) -> str:
    """Path that `file` of the package `name` has inside a wheel."""
    return (Path(*name.split(".")) / file.relative_to(folder)).as_posix()


@pytest.fixture(scope="module")
def wheel_names(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Names in a wheel that is built, without isolation, from a copy of the tree.

    The copy keeps `build/` out of the checkout: setuptools packs what an older build left there.
    """
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    for folder in FOLDERS.values():
        shutil.copytree(
            folder,
            source / folder.name,
            symlinks=True,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, source]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = out.glob("*.whl")
    return zipfile.ZipFile(wheel).namelist()


def test_wheel_holds_the_tree_and_nothing_else(wheel_names: list[str]) -> None:
    packed = [name for name in wheel_names if ".dist-info/" not in name]
    expected = [
        import_path(name, folder, file)
        for name, folder in FOLDERS.items()
        for file in tree_files(folder)
    ]
    assert sorted(packed) == sorted(expected)


def test_wheel_carries_the_licence_and_the_command(wheel_names: list[str]) -> None:
    metadata = {name.partition(".dist-info/")[2] for name in wheel_names if ".dist-info/" in name}
    assert {"licenses/LICENSE", "entry_points.txt"} <= metadata


def test_every_package_of_the_tree_is_listed() -> None:
    found = {
        import_path(name, folder, file.parent).replace("/", ".")
        for name, folder in FOLDERS.items()
        for file in tree_files(folder)
        if file.name == "__init__.py"
    }
    assert found == set(SETUPTOOLS["packages"])


def test_links_lead_to_the_mapped_folders() -> None:
    for name, folder in FOLDERS.items():
        seen = ROOT.joinpath(*name.split("."))
        assert seen.resolve() == folder
        if seen != folder:
            assert seen.is_symlink()
            assert not seen.readlink().is_absolute()
