"""The check of the public interface's types, on packages that are made here.

`make lint` runs it on snn_credit itself.
"""

import subprocess
import sys
from pathlib import Path

CHECK = Path(__file__).resolve().parents[1] / ".ci" / "typed.py"
WHOLE = '''"""A package."""

import numpy as np
from numpy.typing import NDArray


class Layer:
    """A layer."""

    size: int

    def __init__(self, size: int) -> None:
        self.size, self._twice = size, 2 * size


def plain(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return numbers."""
    return x


def _private(x):
    return x
'''
HOLES = '''"""A package."""

from brian2.core.names import Nameable


class Layer:
    """A layer."""

    def __init__(self, size: int) -> None:
        self.size, self.twice = size, 2 * size


class Named(Nameable):
    """A class of which nothing is known, as Brian has no types."""


def one(x) -> int:
    """Return 1."""
    return 1


def two() -> list:
    """Return a list of what?"""
    return []


def three(x: int):
    """Return something."""
    return [x]
'''


def check(folder: Path, package: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(CHECK), package, str(folder)],
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip


def make(folder: Path, text: str) -> None:
    package = folder / "made"
    package.mkdir()
    (package / "py.typed").touch()
    (package / "__init__.py").write_text(text)


def test_a_typed_package_passes(tmp_path: Path) -> None:
    make(tmp_path, WHOLE)
    done = check(tmp_path, "made")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "made: 4 public symbols, all typed\n"


def test_what_has_no_type_is_named(tmp_path: Path) -> None:
    make(tmp_path, HOLES)
    done = check(tmp_path, "made")
    assert done.returncode == 1
    for expected in (
        "__init__.py:10: made.Layer.size: Type is missing type annotation",
        "__init__.py:10: made.Layer.twice: Type is missing type annotation",
        "made.Named: Type of base class unknown",
        '__init__.py:17: made.one: Type annotation for parameter "x" is missing',
        "__init__.py:22: made.two: Return type is partially unknown",
        "__init__.py:27: made.three: Return type annotation is missing",
    ):
        assert expected in done.stdout


def test_a_package_that_is_not_there(tmp_path: Path) -> None:
    done = check(tmp_path, "nowhere")
    assert done.returncode == 1
    assert f"nowhere: expected a package with py.typed in {tmp_path} (got none)" in done.stderr
