"""A commit is all or nothing, wherever it is cut."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from snn_credit.errors import InputError
from snn_credit.recording import journal
from snn_credit.recording.journal import Store, journal_path
from snn_credit.recording.overlay import PAGE

OLD = bytes(range(256)) * (PAGE // 64)  # four pages
NEW = OLD[::-1] + b"and more"


class KilledError(Exception):
    """Stands for the end of the process."""


@pytest.fixture
def store(path: Path) -> Store:
    store = Store.create(path)
    store.file.write(OLD)
    store.commit()
    store.file.seek(0)
    store.file.write(NEW)
    return store


def content(path: Path) -> bytes:
    store = Store.open(path)
    try:
        return store.file.read()
    finally:
        store.close()


def test_a_commit_changes_the_file_and_leaves_no_journal(store: Store, path: Path) -> None:
    assert path.read_bytes() == OLD
    store.commit()
    assert path.read_bytes() == NEW
    assert sorted(path.parent.iterdir()) == [path]


def test_closing_drops_what_was_not_committed(store: Store, path: Path) -> None:
    store.close()
    assert content(path) == OLD


def test_pages_that_did_not_change_are_not_written(store: Store, path: Path) -> None:
    store.commit()
    store.file.seek(0)
    store.file.write(NEW[:PAGE] + b"!" + NEW[PAGE + 1 :])
    written: list[int] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(journal, "write_journal", lambda path, pages, length: written.extend(pages))
        with pytest.raises(InputError):  # for lack of the journal to remove
            store.commit()
    assert written == [1]


@pytest.mark.parametrize("pages_before", range(6))
def test_killed_while_the_journal_is_applied(
    store: Store, path: Path, monkeypatch: pytest.MonkeyPatch, pages_before: int
) -> None:
    real, calls = os.pwrite, iter(range(100))

    def dying(fd: int, data: bytes, offset: int) -> int:
        if next(calls) == pages_before:
            real(fd, bytes(data)[:100], offset)
            raise KilledError
        return real(fd, data, offset)

    monkeypatch.setattr(os, "pwrite", dying)
    if pages_before < 5:
        with pytest.raises(KilledError):
            store.commit()
        assert journal_path(path).exists()
        assert path.read_bytes() != NEW
    else:
        store.commit()
    monkeypatch.undo()
    store.close()
    assert content(path) == NEW
    assert not journal_path(path).exists()


@pytest.mark.parametrize("kept", [0, 10, 23, 24, 5000, -1])
def test_an_incomplete_journal_is_ignored(store: Store, path: Path, kept: int) -> None:
    journal.write_journal(path, store.file.pages, store.file.length)
    whole = journal_path(path).read_bytes()
    journal_path(path).write_bytes(whole[:kept])
    store.close()
    assert content(path) == OLD


def test_a_journal_with_one_wrong_bit_is_ignored(store: Store, path: Path) -> None:
    journal.write_journal(path, store.file.pages, store.file.length)
    whole = bytearray(journal_path(path).read_bytes())
    whole[PAGE] ^= 1
    journal_path(path).write_bytes(whole)
    store.close()
    assert content(path) == OLD


@pytest.mark.parametrize("stage", ["posix_fallocate", "fsync"])
def test_a_full_disk_keeps_the_last_commit_and_a_later_commit_succeeds(
    store: Store, path: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, stage, full)
    message = r"run\.h5: expected a disk that takes .* \(got: No space left on device\)"
    with pytest.raises(InputError, match=message):
        store.commit()
    monkeypatch.undo()
    assert path.read_bytes() == OLD
    assert not journal_path(path).exists()
    store.commit()
    assert path.read_bytes() == NEW


def test_a_disk_that_fails_while_the_journal_is_applied_loses_nothing(
    store: Store, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.pwrite

    def failing(fd: int, data: bytes, offset: int) -> int:
        if offset >= 2 * PAGE:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(fd, data, offset)

    monkeypatch.setattr(os, "pwrite", failing)
    with pytest.raises(InputError, match="Input/output error"):
        store.commit()
    monkeypatch.undo()
    store.file.seek(0)
    store.file.write(b"later")
    store.commit()
    assert path.read_bytes() == b"later" + NEW[5:]
    store.close()


def test_two_writers_are_refused(store: Store, path: Path) -> None:
    with pytest.raises(InputError, match=r"run\.h5: expected a file that no other program has"):
        Store.open(path)
    store.close()
    Store.open(path).close()


def test_two_creators_are_refused(path: Path) -> None:
    first = Store.create(path)
    with pytest.raises(InputError, match="got one in use"):
        Store.create(path)
    first.close()
    assert list(path.parent.iterdir()) == []


def test_an_existing_file_is_not_created_again(store: Store, path: Path) -> None:
    with pytest.raises(InputError, match=r"expected a path that is free \(got an existing file\)"):
        Store.create(path)
    assert path.read_bytes() == OLD


def test_a_creation_that_was_killed_does_not_stand_in_the_way(path: Path) -> None:
    path.with_name("run.h5.new").write_bytes(b"left behind, longer than what comes")
    store = Store.create(path)
    store.file.write(b"new")
    store.commit()
    store.close()
    assert path.read_bytes() == b"new"


def test_the_journal_of_a_deleted_file_is_not_applied_to_the_next(store: Store, path: Path) -> None:
    journal.write_journal(path, store.file.pages, store.file.length)
    store.close()
    path.unlink()
    fresh = Store.create(path)
    fresh.file.write(b"fresh")
    fresh.commit()
    fresh.close()
    assert content(path) == b"fresh"


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"file that can be written \(got: No such file"):
        Store.create(tmp_path / "nowhere" / "run.h5")


def test_a_read_only_file_system(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> int:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(InputError, match=r"run\.h5: .*\(got: Read-only file system\)"):
        Store.open(path)
