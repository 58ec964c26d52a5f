"""Downloads into the user's cache folder, checked before they count as there."""

from __future__ import annotations

import contextlib
import functools
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from snn_credit.data import files
from snn_credit.data.sources import SOURCES, Source
from snn_credit.errors import InputError

TIMEOUT_SECONDS = 30
CHUNK_BYTES = 1 << 16


def fetch(
    name: str,
    base_url: str | None = None,
    into: Path | str | None = None,
    progress: bool = True,
    sources: Mapping[str, Source] = SOURCES,
) -> Path:
    """Download the files of a data set; those that are there and whole are left alone.

    Each file is downloaded beside its place, checked, and then renamed: what lies in the folder
    is always whole, and a broken fetch goes on with the next missing file.

    Parameters
    ----------
    name : str
        One of `SOURCES`, such as ``mnist`` or ``cifar10``.
    base_url : str, optional
        Another mirror, over http or https.
    into : path, optional
        Folder for the files; a folder of that name in the user's cache where none is given.
    progress : bool
        Draw a bar on standard error.
    sources : mapping of str to Source
        What can be fetched.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    InputError
        The name is unknown, the server cannot be reached or refuses, the content is not the
        official one, or the folder cannot be written (a full disk too).
    """
    if name not in sources:
        raise InputError(f"name: expected one of {', '.join(sources)} (got {name!r})")
    source = sources[name]
    url = (base_url or source.base_url).rstrip("/")
    own = files.cache_folder() / (source.folder or name)
    folder = own if into is None else Path(into).expanduser()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot_write(folder, error) from None
    with _progress(progress) as bars:
        for file, sha256 in source.sha256.items():
            check = functools.partial(_check, source=source, sha256=sha256)
            if not _is_whole(folder, file, check):
                _fetch_file(f"{url}/{file}{source.suffix}", folder, check, PoochBar(bars, file))
    return folder


class PoochBar:
    """One rich progress bar with the four members that pooch asks of a bar.

    Parameters
    ----------
    progress : rich.progress.Progress
        The display that the bar joins.
    label : str
        What stands before the bar.
    """

    def __init__(self, progress: Progress, label: str) -> None:
        self._progress = progress
        self._task = progress.add_task(label, total=None)

    @property
    def total(self) -> float | None:
        """Bytes to come; None while unknown."""
        return self._progress.tasks[self._task].total

    @total.setter
    def total(self, value: float) -> None:
        # A server that does not tell the length makes pooch say 0.
        self._progress.update(self._task, total=value or None)

    def update(self, n: int) -> None:
        """Count n more bytes."""
        self._progress.advance(self._task, n)

    def reset(self) -> None:
        """Count from zero again; pooch does so before it reports the total at the end."""
        if self.total is not None:
            self._progress.reset(self._task)

    def close(self) -> None:
        """Stop the bar's clock."""
        self._progress.stop_task(self._task)


def _fetch_file(url: str, folder: Path, check: Callable[[Path], None], bar: PoochBar) -> None:
    """Download one file into the folder, where it appears only if its checksum is right."""
    # Slow to import where nothing is downloaded.
    import pooch
    from requests import RequestException

    # Pooch documents bar objects here; only its default value makes the type look like a bool.
    shown: Any = bar
    download = pooch.HTTPDownloader(shown, chunk_size=CHUNK_BYTES, timeout=TIMEOUT_SECONDS)
    try:
        # A folder, not a file: files made in it get the user's usual permissions.
        with tempfile.TemporaryDirectory(prefix=".part-", dir=folder) as part:
            path = Path(part) / url.rpartition("/")[2]
            download(url, str(path), None)
            _check_download(url, path, check)
            os.replace(path, folder / path.name)
    except RequestException as error:  # before OSError, of which it is a kind
        raise InputError(
            f"base_url: expected {url} to be served (got: {_root_cause(error)})"
        ) from None
    except OSError as error:
        raise _cannot_write(folder, error) from None


def _check(path: Path, source: Source, sha256: str) -> None:
    """Compare a file with its checksum: of its uncompressed bytes, or of what was served."""
    if source.suffix:
        files.check_sha256(files.read_bytes(path), sha256, path)
    else:
        files.check_file_sha256(path, sha256)


def _check_download(url: str, path: Path, check: Callable[[Path], None]) -> None:
    try:
        check(path)
    except InputError as error:
        # The temporary path means nothing to the reader: name the address in its place.
        raise InputError(str(error).replace(str(path), url)) from None


def _is_whole(folder: Path, file: str, check: Callable[[Path], None]) -> bool:
    path = files.locate(folder, file)
    if path is None:
        return False
    try:
        check(path)
    except InputError:
        return False
    return True


@contextlib.contextmanager
def _progress(shown: bool) -> Iterator[Progress]:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(
        *columns, TimeRemainingColumn(), console=Console(stderr=True), disable=not shown
    ) as bars:
        yield bars


def _cannot_write(folder: Path, error: OSError) -> InputError:
    return InputError(
        f"into: expected a folder that can be written, with room for the files "
        f"(got {error.strerror or error}: {folder})"
    )


def _root_cause(error: BaseException) -> str:
    """Say in one line what lies under an error of the network library."""
    while below := error.__cause__ or error.__context__:
        error = below
    return " ".join(str(error).split()) or type(error).__name__
