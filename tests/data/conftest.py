"""Small files in the layout of MNIST, made by the tests."""

import hashlib
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

CODES = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}


def _idx_bytes(array: NDArray) -> bytes:
    header = struct.pack(">HBB", 0, CODES[array.dtype.str[1:]], array.ndim)
    shape = struct.pack(f">{array.ndim}I", *array.shape)
    return header + shape + array.astype(array.dtype.newbyteorder(">")).tobytes()


@pytest.fixture(scope="session")
def idx_bytes() -> Callable[[NDArray], bytes]:
    """Writer of the IDX layout."""
    return _idx_bytes


@pytest.fixture(scope="session")
def small_mnist() -> dict[str, bytes]:
    """The four files, with 60 and 20 random images of 4x3."""
    rng = np.random.default_rng(3)
    contents = {}
    for part, n in {"train": 60, "t10k": 20}.items():
        images = rng.integers(0, 256, (n, 4, 3), dtype=np.uint8)
        contents[f"{part}-images-idx3-ubyte"] = _idx_bytes(images)
        contents[f"{part}-labels-idx1-ubyte"] = _idx_bytes(np.arange(n, dtype=np.uint8) % 10)
    return contents


@pytest.fixture(scope="session")
def small_sha256(small_mnist: dict[str, bytes]) -> dict[str, str]:
    """Their checksums."""
    return {file: hashlib.sha256(content).hexdigest() for file, content in small_mnist.items()}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's cache folder of this package that is the test's own, and no folder by variable."""
    monkeypatch.delenv("SNN_CREDIT_DATA", raising=False)
    monkeypatch.setattr("pooch.os_cache", lambda project: tmp_path / "cache" / project)
    return tmp_path / "cache" / "snn_credit"
