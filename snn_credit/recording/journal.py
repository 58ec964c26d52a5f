"""A file that is always whole: changes stay in memory until a commit, which is all or nothing.

h5py writes through an `Overlay`, which keeps the changed pages in memory. A commit writes those
pages to ``<path>.journal`` (with a checksum, then an atomic rename), applies them to the file and
removes the journal. A process killed before the rename leaves the file as the last commit left it;
one killed after it leaves a complete journal, which the next opening applies. HDF5 alone promises
no such thing: its own flush writes metadata piece by piece.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from snn_credit.errors import InputError
from snn_credit.recording.overlay import PAGE, Overlay, Pages

_MAGIC = b"SNNCRDJ1"
_HEADER = struct.Struct("<8sQQ")  # magic, length of the file after the commit, number of pages
_NUMBER = struct.Struct("<Q")  # before each page: which page it is
_DIGEST = 32


def journal_path(path: Path) -> Path:
    """Return where the journal of the file ``path`` lies while there is one."""
    return path.with_name(path.name + ".journal")


def read_journal(path: Path) -> tuple[Pages, int] | None:
    """Return the pages and the new length in a file's journal, None without a complete one."""
    try:
        with journal_path(path).open("rb") as source:
            return _parse(source)
    except FileNotFoundError:
        return None


def _parse(source: BinaryIO) -> tuple[Pages, int] | None:
    header = source.read(_HEADER.size)
    if len(header) < _HEADER.size or not header.startswith(_MAGIC):
        return None
    _, length, count = _HEADER.unpack(header)
    digest = hashlib.blake2b(header, digest_size=_DIGEST)
    pages: Pages = {}
    for _ in range(count):
        record = source.read(_NUMBER.size + PAGE)
        if len(record) < _NUMBER.size + PAGE:
            return None
        digest.update(record)
        pages[_NUMBER.unpack_from(record)[0]] = bytearray(record[_NUMBER.size :])
    return (pages, length) if source.read() == digest.digest() else None


def write_journal(path: Path, pages: Pages, length: int) -> None:
    """Write a file's journal so that it is there as a whole or not at all, power cuts included."""
    final = journal_path(path)
    draft = final.with_name(final.name + ".new")
    header = _HEADER.pack(_MAGIC, length, len(pages))
    digest = hashlib.blake2b(header, digest_size=_DIGEST)
    try:
        with draft.open("wb") as sink:
            sink.write(header)
            for number, page in sorted(pages.items()):
                record = _NUMBER.pack(number) + page
                digest.update(record)
                sink.write(record)
            sink.write(digest.digest())
            sink.flush()
            os.fsync(sink.fileno())
        draft.replace(final)
    except BaseException:  # ctrl-C too
        draft.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def apply_pages(fd: int, pages: Pages, length: int) -> None:
    """Write the pages into the file and set its length. Doing it twice is doing it once."""
    for number, page in sorted(pages.items()):
        view, done = memoryview(page), 0
        while done < PAGE:
            done += os.pwrite(fd, view[done:], number * PAGE + done)
    os.ftruncate(fd, length)
    os.fsync(fd)


def sync_folder(folder: Path) -> None:
    """Make a rename in ``folder`` survive a power cut."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def lock(fd: int, path: Path) -> None:
    """Take the file for this writer alone, until ``fd`` is closed or the process ends.

    Raises
    ------
    InputError
        If somebody has it.
    """
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise InputError(
            f"{path}: expected a file that no other program has open (got one in use)"
        ) from None


def recover(fd: int, path: Path) -> None:
    """Finish the commit that a killed process left behind. The caller holds the lock."""
    found = read_journal(path)
    if found is not None:
        apply_pages(fd, *found)
    journal_path(path).unlink(missing_ok=True)


@contextmanager
def replaceable(path: Path) -> Iterator[None]:
    """Hold a path whose file is about to be replaced.

    A journal that a killed writer left would be taken for that of the new file: its commit is
    finished in the old one, and where there is no old one it is removed.

    Raises
    ------
    InputError
        If another program has the file open, or its commit cannot be finished.
    """
    if not path.exists():
        journal_path(path).unlink(missing_ok=True)
        yield
        return
    if journal_path(path).exists():
        Store.open(path).close()
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        lock(fd, path)
        yield
    finally:
        os.close(fd)


class Store:
    """A file that this process alone changes, commit by commit. Use `create` or `open`.

    ``file`` is what h5py writes to.
    """

    file: Overlay

    def __init__(self, path: Path, fd: int) -> None:
        self.path = path
        self._fd = fd
        self._is_draft = False
        self.file = Overlay(fd, {}, os.fstat(fd).st_size)

    @classmethod
    def create(cls, path: Path) -> Store:
        """Start a file. It appears at ``path`` with its first commit.

        Raises
        ------
        InputError
            If there is one already, if another process is making it, or if it cannot be written.
        """
        store = cls._locked(path, _draft(path), os.O_RDWR | os.O_CREAT)
        if path.exists():  # asked under the lock: the draft may have become this file meanwhile
            store.close()
            raise InputError(f"{path}: expected a path that is free (got an existing file)")
        os.ftruncate(store._fd, 0)
        store.file.length = 0
        store._is_draft = True
        journal_path(path).unlink(missing_ok=True)  # of a file that was deleted
        return store

    @classmethod
    def open(cls, path: Path) -> Store:
        """Open a file to change it, after finishing a commit that was cut short.

        Raises
        ------
        InputError
            If it is not there, cannot be written, or another program has it open.
        """
        store = cls._locked(path, path, os.O_RDWR)
        try:
            recover(store._fd, path)
        except OSError as error:
            store.close()
            raise _not_written(path, error) from error
        store.file.length = os.fstat(store._fd).st_size
        return store

    @classmethod
    def _locked(cls, path: Path, place: Path, flags: int) -> Store:
        try:
            fd = os.open(place, flags | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise InputError(
                f"{path}: expected a file that can be written (got: {error.strerror})"
            ) from error
        try:
            lock(fd, path)
        except InputError:
            os.close(fd)
            raise
        return cls(path, fd)

    def commit(self) -> None:
        """Put all changes into the file, or none.

        Raises
        ------
        InputError
            If the disk refuses (full, read-only, failing). The file then holds what the last
            commit left in it, the changes are still in memory, and a later commit may succeed.
        """
        try:
            if self._is_draft:
                apply_pages(self._fd, self.file.pages, self.file.length)
                _draft(self.path).rename(self.path)
                self._is_draft = False
                sync_folder(self.path.parent)
            else:
                self._commit_by_journal()
        except OSError as error:
            raise _not_written(self.path, error) from error
        self.file.pages.clear()

    def _commit_by_journal(self) -> None:
        pages, length = self.file.pages, self.file.length
        if not journal_path(self.path).exists():  # else the file is between two states
            for number in [n for n, page in pages.items() if page == self.file.underneath(n)]:
                del pages[number]
        size = os.fstat(self._fd).st_size
        try:
            if length > size and hasattr(os, "posix_fallocate"):
                # A full disk is met here, while what the file held is still as it was.
                os.posix_fallocate(self._fd, size, length - size)
            write_journal(self.path, pages, length)
        except OSError:
            os.ftruncate(self._fd, size)
            raise
        apply_pages(self._fd, pages, length)
        journal_path(self.path).unlink()

    def close(self) -> None:
        """Let the file go. What was not committed is dropped."""
        self.file.pages.clear()
        if self._fd < 0:
            return
        if self._is_draft:
            _draft(self.path).unlink(missing_ok=True)
        os.close(self._fd)
        self._fd = -1


def _draft(path: Path) -> Path:
    return path.with_name(path.name + ".new")


def _not_written(path: Path, error: OSError) -> InputError:
    return InputError(
        f"{path}: expected a disk that takes the run's data (got: {error.strerror}); "
        "what was recorded before is kept"
    )
