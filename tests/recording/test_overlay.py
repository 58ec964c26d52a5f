"""The overlay reads and writes as a plain file does, and leaves the file underneath alone."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest

from snn_credit.recording.overlay import PAGE, Overlay


@pytest.mark.parametrize("seed", range(5))
def test_the_same_as_a_plain_file_under_random_reads_and_writes(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    start = rng.bytes(3 * PAGE + 17)
    below = tmp_path / "below"
    below.write_bytes(start)
    with below.open("rb") as source:
        overlay, plain = Overlay(source.fileno(), {}, len(start)), io.BytesIO(start)
        for _ in range(200):
            position, size = int(rng.integers(0, 5 * PAGE)), int(rng.integers(0, 2 * PAGE))
            overlay.seek(position)
            plain.seek(position)
            if rng.random() < 0.5:
                data = rng.bytes(size)
                assert overlay.write(data) == plain.write(data)
            else:
                assert overlay.read(size) == plain.read(size)
            assert overlay.tell() == plain.tell()
            assert overlay.seek(0, os.SEEK_END) == plain.seek(0, os.SEEK_END)
    assert below.read_bytes() == start


def test_seek_counts_from_where_it_is_told(tmp_path: Path) -> None:
    below = tmp_path / "below"
    below.write_bytes(b"0123456789")
    with below.open("rb") as source:
        overlay = Overlay(source.fileno(), {}, 10)
        overlay.seek(-3, os.SEEK_END)
        overlay.seek(1, os.SEEK_CUR)
        assert overlay.read() == b"89"


def test_truncate_hides_the_rest(tmp_path: Path) -> None:
    below = tmp_path / "below"
    below.write_bytes(b"0123456789")
    with below.open("rb") as source:
        overlay = Overlay(source.fileno(), {}, 10)
        assert overlay.truncate(4) == 4
        assert overlay.read() == b"0123"
