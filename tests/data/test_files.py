from pathlib import Path

import pytest

from snn_credit.data import files
from snn_credit.errors import InputError


def test_the_variable_comes_before_the_cache(tmp_path, monkeypatch, cache):
    assert files.search_folders("mnist") == [cache / "mnist"]
    monkeypatch.setenv("SNN_CREDIT_DATA", str(tmp_path))
    assert files.search_folders("mnist") == [tmp_path / "mnist", tmp_path, cache / "mnist"]


def test_an_empty_variable_counts_as_unset(monkeypatch, cache):
    monkeypatch.setenv("SNN_CREDIT_DATA", "")
    assert files.search_folders("mnist") == [cache / "mnist"]


def test_a_variable_that_names_no_folder_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("SNN_CREDIT_DATA", str(tmp_path / "typo"))
    with pytest.raises(InputError, match=r"SNN_CREDIT_DATA: expected an existing folder \(got"):
        files.search_folders("mnist")


def test_the_gzipped_file_is_preferred(tmp_path):
    assert files.locate(tmp_path, "a") is None
    (tmp_path / "a").touch()
    assert files.locate(tmp_path, "a") == tmp_path / "a"
    (tmp_path / "a.gz").touch()
    assert files.locate(tmp_path, "a") == tmp_path / "a.gz"


def test_a_folder_with_some_of_the_files_is_passed_over(tmp_path, monkeypatch, cache):
    monkeypatch.setenv("SNN_CREDIT_DATA", str(tmp_path))
    (cache / "set").mkdir(parents=True)
    for path in (tmp_path / "a", cache / "set" / "a", cache / "set" / "b.gz"):
        path.touch()
    assert files.find("set", ["a", "b"]) == {"a": cache / "set/a", "b": cache / "set/b.gz"}


def test_missing_files_say_where_was_looked_and_what_to_type(tmp_path, monkeypatch, cache):
    monkeypatch.setenv("SNN_CREDIT_DATA", str(tmp_path))
    (tmp_path / "a").touch()
    with pytest.raises(InputError, match=r"set: expected 2 files such as a, ") as caught:
        files.find("set", ["a", "b"])
    message = str(caught.value)
    looked = f"(got 0 in {tmp_path / 'set'}, 1 in {tmp_path}, 0 in {cache / 'set'})"
    assert looked in message
    assert message.endswith("type: snn-credit data fetch set")
    assert "\n" not in message


def test_a_wrong_checksum_of_a_file_is_refused(tmp_path):
    (tmp_path / "a").write_bytes(b"foo")
    digest = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"
    files.check_file_sha256(tmp_path / "a", digest)
    with pytest.raises(InputError, match=r"a: expected SHA-256 00ff \(got 2c26b46b"):
        files.check_file_sha256(tmp_path / "a", "00ff")
    with pytest.raises(InputError, match=r"b: expected a readable file \(got No such file"):
        files.check_file_sha256(tmp_path / "b", digest)


def test_a_wrong_checksum_is_refused():
    with pytest.raises(InputError, match=r"a: expected uncompressed SHA-256 00ff \(got 2c26b46b"):
        files.check_sha256(b"foo", "00ff", Path("a"))
