import gzip
import struct

import numpy as np
import pytest

from snn_credit.data import idx
from snn_credit.errors import InputError

IMAGES = np.arange(2 * 3 * 5, dtype=np.uint8).reshape(2, 3, 5)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "images-idx3-ubyte"


def test_reads_bytes_written_by_hand(path):
    path.write_bytes(bytes([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 255]))
    assert idx.read(path, 2).tolist() == [[1, 2, 3], [4, 5, 255]]


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "int32", "float32", "float64"])
def test_reads_every_element_type(path, idx_bytes, dtype):
    array = np.array([[1, 2], [3, 100]]).astype(dtype)
    path.write_bytes(idx_bytes(array))
    found = idx.read(path, 2, dtype)
    assert found.dtype == np.dtype(dtype)
    assert np.array_equal(found, array)


@pytest.mark.parametrize("name", ["images.gz", "images"])
def test_gzip_is_known_by_its_bytes_not_its_name(tmp_path, idx_bytes, name):
    content = idx_bytes(IMAGES)
    for stored in (content, gzip.compress(content, mtime=0)):
        (tmp_path / name).write_bytes(stored)
        assert np.array_equal(idx.read(tmp_path / name, 3), IMAGES)


def test_an_array_may_be_empty(path, idx_bytes):
    path.write_bytes(idx_bytes(np.zeros((0, 28, 28), np.uint8)))
    assert idx.read(path, 3).shape == (0, 28, 28)


def header(code: int = 8, dimensions: int = 3, shape: tuple[int, ...] = (2, 3, 5)) -> bytes:
    return struct.pack(f">HBB{len(shape)}I", 0, code, dimensions, *shape)


BODY = IMAGES.tobytes()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"expected a header of 4 bytes, truncated \(got 0\)"),
        (header()[:9], r"expected a header of 16 bytes, truncated \(got 9\)"),
        (header() + BODY[:-1], r"expected 30 bytes .* \(2, 3, 5\), truncated \(got 29\)"),
        (header() + BODY + b"!", r"expected 30 bytes .* trailing bytes \(got 31\)"),
        (b"\x89PNG\r\n", r"expected an IDX file, which starts with 00 00 \(got 89 50 4e 47\)"),
        (header(code=0x0A) + BODY, r"expected an IDX element type .* \(got 0a\)"),
        (header(code=0x09) + BODY, r"expected elements of type uint8 \(got int8\)"),
        (header(dimensions=1) + BODY, r"expected 3 dimension\(s\) \(got 1\)"),
        (header(shape=(2**32 - 1,) * 3) + BODY, r"expected 79\d+ bytes .*, truncated \(got 30\)"),
        (gzip.compress(header() + BODY, mtime=0)[:-9], r"expected a whole gzip file \(got: .+\)"),
        (gzip.compress(header() + BODY, mtime=0) + b"!", r"expected a whole gzip file \(got: .+\)"),
        (b"\x1f\x8bnonsense", r"expected a whole gzip file \(got: .+\)"),
    ],
)
def test_refuses_in_one_line_that_names_the_file(path, content, message):
    path.write_bytes(content)
    with pytest.raises(InputError, match=rf"images-idx3-ubyte: {message}$") as caught:
        idx.read(path, 3)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("position", [12, 30, -5])
def test_a_flipped_byte_in_a_gzip_file_is_noticed(path, idx_bytes, position):
    rng = np.random.default_rng(0)
    stored = bytearray(gzip.compress(idx_bytes(rng.integers(0, 256, (9, 9, 9), dtype=np.uint8))))
    stored[position] ^= 0xFF
    path.write_bytes(stored)
    with pytest.raises(InputError, match="expected a whole gzip file"):
        idx.read(path, 3)


def test_a_missing_file_or_a_folder_is_refused(path, tmp_path):
    with pytest.raises(InputError, match=r"expected a readable file \(got No such file"):
        idx.read(path, 3)
    with pytest.raises(InputError, match=r"expected a readable file \(got Is a directory\)"):
        idx.read(tmp_path, 3)
