"""Say what of a package's public interface has no type, or one that type checkers must guess.

    python .ci/typed.py [PACKAGE] [FOLDER]

PACKAGE lies in FOLDER (snn_credit in this checkout) and has a ``py.typed``. pyright looks at it as
at an installed library, as a user's type checker does. Exit status 1 if anything is left.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

#: Classes whose base is Brian's, which has no types: nothing can be said of them here.
OF_BRIAN = {
    "snn_credit.dense.device.DenseDevice",
    "snn_credit.dense.tensors.render.Renderer",
}


def report(package: str, folder: Path) -> dict[str, Any]:
    """Return what pyright found of the package.

    Raises
    ------
    RuntimeError
        If pyright finds no such package or no ``py.typed`` in it.
    """
    # --verifytypes knows neither pyproject's settings nor an editable installation.
    paths = [str(folder), sysconfig.get_path("purelib")]
    command = [
        str(Path(sys.executable).with_name("pyright")), "--pythonpath", sys.executable,
        "--verifytypes", package, "--ignoreexternal", "--outputjson",
    ]  # fmt: skip
    done = subprocess.run(
        command, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": ":".join(paths)}
    )
    found = json.loads(done.stdout)["typeCompleteness"]
    if "pyTypedPath" not in found:
        raise RuntimeError(f"{package}: expected a package with py.typed in {folder} (got none)")
    return found


def untyped(found: dict[str, Any]) -> list[str]:
    """Return a line for each public symbol whose type is not known."""
    lines: list[str] = []
    for symbol in found["symbols"]:
        known = symbol["isTypeKnown"] and not symbol["isTypeAmbiguous"]
        if known or not symbol["isExported"] or symbol["name"] in OF_BRIAN:
            continue
        for problem in symbol["diagnostics"]:
            line = problem.get("range", {"start": {"line": 0}})["start"]["line"] + 1
            where = f"{problem['file']}:{line}: " if "file" in problem else ""
            lines.append(f"{where}{symbol['name']}: {' '.join(problem['message'].split())}")
    return lines


def main(package: str = "snn_credit", folder: str = "") -> int:
    """Print what has no type; return the exit status."""
    root = Path(folder) if folder else Path(__file__).resolve().parents[1]
    found = report(package, root)
    lines = untyped(found)
    print("\n".join(lines) or f"{package}: {len(found['symbols'])} public symbols, all typed")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
