"""Files that are published in one tar archive: read from it, or from the folder it unpacks to."""

from __future__ import annotations

import dataclasses
import os
import tarfile
import zlib
from collections.abc import Sequence
from pathlib import Path

from snn_credit.data import files
from snn_credit.errors import InputError


@dataclasses.dataclass(frozen=True)
class Archive:
    """One official layout of a data set.

    Attributes
    ----------
    name : str
        The archive's own name, such as ``cifar-10-binary.tar.gz``.
    folder : str
        The folder inside it, which holds the files.
    members : tuple of str
        The files that are read.
    """

    name: str
    folder: str
    members: tuple[str, ...]


Contents = dict[str, tuple[bytes, str]]


def find(name: str, layouts: Sequence[Archive]) -> tuple[Archive, Contents]:
    """Read the files of a data set from the first place that holds all of them in one layout.

    Looked for are, in each of `files.search_folders`: a folder of the layout's name, the folder
    itself if it bears the data set's name, and the archive, in the order of `layouts`.

    Parameters
    ----------
    name : str
        The data set, such as ``cifar10``.
    layouts : sequence of Archive
        The best first.

    Returns
    -------
    layout : Archive
        The one that was found.
    contents : dict of str to (bytes, str)
        Each member's bytes, and where they come from for messages.

    Raises
    ------
    InputError
        No place holds all of them (the message says where was looked and what to type), or a file
        or the archive is damaged.
    """
    looked: list[str] = []
    for place in files.search_folders(name):
        partial = []
        for layout in layouts:
            own = [place] if place.name == name else []
            for folder in (place / layout.folder, *own):
                n = sum(os.path.isfile(folder / member) for member in layout.members)
                if n == len(layout.members):
                    return layout, _from_folder(folder, layout)
                if n:
                    partial.append(f"{n} of {len(layout.members)} files in {folder}")
            if os.path.isfile(place / layout.name):
                return layout, _from_archive(place / layout.name, layout)
        looked += partial or [f"none in {place}"]
    wanted = " or ".join(f"{layout.folder}/ or {layout.name}" for layout in layouts)
    raise InputError(
        f"{name}: expected {wanted} (got {', '.join(looked)}); set {files.FOLDER_VARIABLE} to a "
        f"folder that has one, or type: snn-credit data fetch {name}"
    )


def _from_folder(folder: Path, layout: Archive) -> Contents:
    paths = {member: folder / member for member in layout.members}
    return {member: (files.read_bytes(path), str(path)) for member, path in paths.items()}


def _from_archive(path: Path, layout: Archive) -> Contents:
    """Read members in one pass, as going back in a compressed archive means to start again."""
    wanted = {f"{layout.folder}/{member}": member for member in layout.members}
    contents: Contents = {}
    try:
        with tarfile.open(path, "r|*") as archive:
            for entry in archive:
                member = wanted.get(os.path.normpath(entry.name))
                file = archive.extractfile(entry) if member and entry.isfile() else None
                if member and file:
                    contents[member] = (file.read(), f"{path}:{entry.name}")
                if len(contents) == len(wanted):
                    return contents
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise InputError(f"{path}: expected a whole tar archive (got: {error})") from None
    missing = next(name for name, member in wanted.items() if member not in contents)
    raise InputError(f"{path}: expected {len(wanted)} files (got no {missing})")
