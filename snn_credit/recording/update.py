"""Bringing run files of older schema versions up to date, in place."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

import h5py

from snn_credit.recording.journal import Store
from snn_credit.recording.layout import SCHEMA_VERSION
from snn_credit.recording.migrations import migrate
from snn_credit.recording.reader import open_run


def update(path: str | PathLike[str]) -> int:
    """Bring a run file to `SCHEMA_VERSION` in one commit; return the version that it had.

    A file that is up to date is not touched.

    Raises
    ------
    InputError
        If it is no run file, has a newer version, or cannot be written; it is then as it was.
    """
    path = Path(path)
    version = open_run(path).schema_version
    if version < SCHEMA_VERSION:
        store = Store.open(path)
        try:
            with h5py.File(store.file, "r+", libver="earliest") as root:
                migrate(root)
            store.commit()
        finally:
            store.close()
    return version
