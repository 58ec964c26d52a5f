"""Packages that only an exchange with other tools needs."""

from __future__ import annotations

import importlib
from types import ModuleType

from snn_credit.errors import InputError


def need(package: str, wanted_for: str) -> ModuleType:
    """Import a package of the extra ``exchange``.

    Raises
    ------
    InputError
        If it is not installed; it says how to install it.
    """
    try:
        return importlib.import_module(package)
    except ModuleNotFoundError as error:
        root = package.partition(".")[0]
        if (error.name or "").partition(".")[0] != root:
            raise
        raise InputError(
            f"{wanted_for}: {root} is needed, pip install 'snn-credit[exchange]' (got none)"
        ) from error
