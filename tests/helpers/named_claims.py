"""Whether the rows and columns that claims name are those of a measured table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from snn_credit.harness import Experiment, Table


def unnamed(
    experiment: Experiment[Any], table: Table, smaller: Mapping[str, str] | None = None
) -> list[tuple[str, str]]:
    """Return the cells of an experiment's claims that its table lacks.

    A test's run may be smaller than ``laptop``: ``smaller`` says how, pattern by pattern.
    """
    missing = []
    for claim in experiment.claims:
        for row, column in claim.needs():
            for pattern, name in (smaller or {}).items():
                row, column = re.sub(pattern, name, row), re.sub(pattern, name, column)
            if column not in table.get(row, {}):
                missing.append((row, column))
    return missing
