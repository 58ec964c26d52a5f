"""Where downloaded files lie, and their bytes: gzipped or not, checked against a checksum."""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from collections.abc import Iterable
from pathlib import Path

from snn_credit.errors import InputError

FOLDER_VARIABLE = "SNN_CREDIT_DATA"
GZIP_MAGIC = b"\x1f\x8b"


def read_bytes(path: Path) -> bytes:
    """Read a file, uncompressed where its first bytes are gzip's.

    Parameters
    ----------
    path : Path
        The file. Its name says nothing: a .gz that was unpacked in place is read as it is.

    Returns
    -------
    bytes
        The uncompressed content.

    Raises
    ------
    InputError
        The file cannot be read, or its gzip stream is damaged or cut off.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: expected a readable file (got {error.strerror})") from None
    if not content.startswith(GZIP_MAGIC):
        return content
    try:
        return gzip.decompress(content)
    except (EOFError, OSError, zlib.error) as error:
        raise InputError(f"{path}: expected a whole gzip file (got: {error})") from None


def check_sha256(content: bytes, expected: str, path: Path) -> None:
    """Compare the uncompressed content of a file with its checksum.

    Compressed bytes differ from mirror to mirror, so checksums here are of the uncompressed ones.

    Parameters
    ----------
    content : bytes
        What `read_bytes` gave.
    expected : str
        SHA-256 in hexadecimal.
    path : Path
        The file, for the message.

    Raises
    ------
    InputError
        The checksums differ.
    """
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise InputError(f"{path}: expected uncompressed SHA-256 {expected} (got {found})")


def check_file_sha256(path: Path, expected: str) -> None:
    """Compare a file as it lies there with its checksum, without holding it in memory.

    Parameters
    ----------
    path : Path
        The file.
    expected : str
        SHA-256 in hexadecimal.

    Raises
    ------
    InputError
        The file cannot be read, or the checksums differ.
    """
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path}: expected a readable file (got {error.strerror})") from None
    if found != expected:
        raise InputError(f"{path}: expected SHA-256 {expected} (got {found})")


def cache_folder() -> Path:
    """Return the user's cache folder of this package; it need not exist."""
    import pooch

    return Path(pooch.os_cache("snn_credit")).expanduser()


def search_folders(name: str) -> list[Path]:
    """List the folders where the files of a data set may lie, best first.

    Parameters
    ----------
    name : str
        The data set, such as ``mnist``.

    Returns
    -------
    list of Path
        ``$SNN_CREDIT_DATA/name`` and ``$SNN_CREDIT_DATA`` where the variable is set, then the
        folder of that name in the user's cache.

    Raises
    ------
    InputError
        The variable names something that is not a folder.
    """
    folders = [cache_folder() / name]
    if given := os.environ.get(FOLDER_VARIABLE):
        own = Path(given).expanduser()
        if not os.path.isdir(own):
            raise InputError(f"{FOLDER_VARIABLE}: expected an existing folder (got {given!r})")
        folders = [own / name, own, *folders]
    return folders


def locate(folder: Path, file: str, gzipped: bool = True) -> Path | None:
    """Find a file in a folder under its name, with .gz first where that is allowed, or say None."""
    # os.path says no where pathlib raises: in a folder that the user may not enter.
    candidates = [*([folder / f"{file}.gz"] if gzipped else []), folder / file]
    return next((path for path in candidates if os.path.isfile(path)), None)


def find(
    name: str, files: Iterable[str], *, gzipped: bool = True, hint: str | None = None
) -> dict[str, Path]:
    """Find all files of a data set in the first folder that holds every one of them.

    Parameters
    ----------
    name : str
        The data set.
    files : iterable of str
        The official names, without .gz.
    gzipped : bool
        Take files with .gz at the end of their name too.
    hint : str, optional
        How else to get them, for the message; by ``snn-credit data fetch`` where none is given.

    Returns
    -------
    dict of str to Path
        Where each file lies.

    Raises
    ------
    InputError
        No folder holds them all; the message says where was looked and what to type.
    """
    names = list(files)
    looked: list[str] = []
    for folder in search_folders(name):
        paths = {file: path for file in names if (path := locate(folder, file, gzipped))}
        if len(paths) == len(names):
            return paths
        looked.append(f"{len(paths)} in {folder}")
    raise InputError(
        f"{name}: expected {len(names)} files such as {names[0]}{', gzipped or not' * gzipped} "
        f"(got {', '.join(looked)}); set {FOLDER_VARIABLE} to a folder that has them, "
        f"{hint or f'or type: snn-credit data fetch {name}'}"
    )
