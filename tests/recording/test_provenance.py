"""Provenance names versions, not machines."""

from __future__ import annotations

import getpass
import json
import platform
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

from snn_credit.recording.provenance import git_commit, now, provenance


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=n", "-c", "user.email=e"]
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_versions_and_platform() -> None:
    facts = provenance()
    assert facts["versions"]["python"] == platform.python_version()
    assert {"numpy", "h5py", "brian2", "snn-credit"} <= set(facts["versions"])
    assert facts["platform"].startswith(sys.platform)


def test_time_is_in_utc() -> None:
    assert datetime.fromisoformat(now()).utcoffset() == timedelta(0)


def test_no_names_of_machines_users_or_folders() -> None:
    text = json.dumps(provenance())
    for word in (platform.node(), str(Path.home()), str(Path.cwd())):
        assert word not in text
    assert getpass.getuser() not in text.split('"')


def test_the_commit_of_the_checkout(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    source = tmp_path / "module.py"
    source.write_text("x = 1\n")
    assert git_commit(source) is None
    git(tmp_path, "add", "module.py")
    git(tmp_path, "commit", "-qm", "first")
    git(tmp_path, "tag", "-a", "v1", "-m", "v1")
    commit = git(tmp_path, "rev-parse", "HEAD")
    assert git_commit(source) == commit
    source.write_text("x = 2\n")
    assert git_commit(source) == f"{commit}-dirty"


def test_no_commit_outside_a_checkout(tmp_path: Path) -> None:
    source = tmp_path / "module.py"
    source.write_text("")
    assert git_commit(source) is None
