"""SVHN's MATLAB files, written here byte by byte (MATLAB's level 5 format)."""

import hashlib
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from snn_credit.data import load, svhn
from snn_credit.errors import InputError

BYTES, CLASS_OF_BYTES = 2, 9


def element(kind: int, content: bytes) -> bytes:
    return struct.pack("<II", kind, len(content)) + content + bytes(-len(content) % 8)


def variable(name: str, array: NDArray[np.uint8]) -> bytes:
    flags = element(6, struct.pack("<II", CLASS_OF_BYTES, 0))
    shape = element(5, struct.pack(f"<{array.ndim}i", *array.shape))
    # MATLAB stores the first index fastest.
    content = element(BYTES, array.tobytes(order="F"))
    return element(14, flags + shape + element(1, name.encode()) + content)


def matlab(variables: dict[str, NDArray[np.uint8]], compressed: bool = True) -> bytes:
    header = b"MATLAB 5.0 MAT-file, made by hand".ljust(124) + struct.pack("<H2s", 0x0100, b"IM")
    parts = [variable(name, array) for name, array in variables.items()]
    if compressed:
        parts = [struct.pack("<II", 15, len(c)) + c for c in map(zlib.compress, parts)]
    return header + b"".join(parts)


def some(n: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Random images (n, rows, columns, colours) and MATLAB's labels 1 to 10."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (n, 32, 32, 3), dtype=np.uint8)
    return images, (np.arange(n) % 10 + 1).astype(np.uint8)


PARTS = {svhn.TRAIN: some(40, 0), svhn.TEST: some(20, 1), svhn.EXTRA: some(30, 2)}


def content(file: str, compressed: bool = True) -> bytes:
    images, labels = PARTS[file]
    return matlab({"X": images.transpose(1, 2, 3, 0), "y": labels[:, None]}, compressed)


SHA256 = {file: hashlib.sha256(content(file)).hexdigest() for file in PARTS}


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """The three files where the variable points to."""
    monkeypatch.setenv("SNN_CREDIT_DATA", str(tmp_path))
    (tmp_path / "svhn").mkdir()
    for file in PARTS:
        (tmp_path / "svhn" / file).write_bytes(content(file))
    return tmp_path / "svhn"


def channels_first(file: str) -> NDArray[np.uint8]:
    return PARTS[file][0].transpose(0, 3, 1, 2)


def digits_of(file: str) -> list[int]:
    return [0 if label == 10 else int(label) for label in PARTS[file][1]]


@pytest.mark.parametrize("compressed", [False, True])
def test_reads_images_and_labels(tmp_path, compressed):
    path = tmp_path / svhn.TRAIN
    path.write_bytes(content(svhn.TRAIN, compressed))
    images, labels = svhn.read(path)
    np.testing.assert_array_equal(images, channels_first(svhn.TRAIN))
    assert labels.tolist() == digits_of(svhn.TRAIN)
    assert labels.dtype == np.int64


@pytest.mark.usefixtures("folder")
def test_loads_colours():
    made = svhn.load(validation=0, sha256=SHA256)
    assert (made.name, made.shape, made.classes) == ("svhn", (3, 32, 32), 10)
    expected = (channels_first(svhn.TRAIN) / 255).astype(np.float32)
    np.testing.assert_array_equal(made.images("train"), expected)
    assert made.train_y.tolist() == digits_of(svhn.TRAIN)
    assert made.test_y.tolist() == digits_of(svhn.TEST)


@pytest.mark.usefixtures("folder")
def test_grey_is_the_mean_of_the_colours():
    made = svhn.load(grey=True, validation=10, sha256=SHA256)
    assert (made.shape, made.features) == ((1, 32, 32), 1024)
    assert [len(made.train_y), len(made.validation_y)] == [30, 10]
    expected = channels_first(svhn.TEST).astype(float).mean(axis=1, keepdims=True) / 255
    np.testing.assert_allclose(made.images("test"), expected, atol=1e-6)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("grey", [False, True])
def test_extra_images_join_the_training_set(grey):
    made = svhn.load(grey=grey, extra=True, validation=0, sha256=SHA256)
    assert made.train_y.tolist() == digits_of(svhn.TRAIN) + digits_of(svhn.EXTRA)
    last = channels_first(svhn.EXTRA)[-1] / 255
    expected = last.mean(axis=0, keepdims=True) if grey else last
    np.testing.assert_allclose(made.images("train")[-1], expected, atol=1e-6)


@pytest.mark.usefixtures("folder")
def test_files_that_are_not_the_official_ones_are_refused():
    with pytest.raises(InputError, match=r"train_32x32\.mat: expected SHA-256 435e94\S+ \(got"):
        load("svhn")


X, Y = PARTS[svhn.TRAIN][0].transpose(1, 2, 3, 0), PARTS[svhn.TRAIN][1][:, None]
WHOLE = content(svhn.TRAIN)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (WHOLE[:-100], r"expected a whole MATLAB file \(got: .+\)$"),
        (WHOLE[:5000], r"expected a whole MATLAB file \(got: .+\)$"),
        (WHOLE[:100], r"expected a whole MATLAB file \(got: .+\)$"),
        (b"", r"expected a whole MATLAB file \(got: .+\)$"),
        (b"<html>sign in</html>" * 50, r"expected a whole MATLAB file \(got: .+\)$"),
        (matlab({"X": X}), r"expected the variables X and y \(got X\)$"),
        (matlab({"z": Y}), r"expected the variables X and y \(got neither\)$"),
        (matlab({"X": X[:31], "y": Y}), r"expected X \(32, 32, 3, n\) of uint8 \(got \(31, 32, 3"),
        (matlab({"X": X, "y": Y[1:]}), r"expected y with 40 numbers, one an image \(got \(39, 1\)"),
        (matlab({"X": X, "y": Y - 1}), r"expected labels 1 to 10 \(got 0 of image 0\)$"),
        (matlab({"X": X, "y": Y + 1}), r"expected labels 1 to 10 \(got 11 of image 9\)$"),
    ],
)
def test_refuses_in_one_line_that_names_the_file(tmp_path, made, message):
    path = tmp_path / svhn.TRAIN
    path.write_bytes(made)
    with pytest.raises(InputError, match=rf"train_32x32\.mat: {message}") as caught:
        svhn.read(path)
    assert "\n" not in str(caught.value)


def test_a_missing_file(tmp_path):
    with pytest.raises(InputError, match=r"here\.mat: expected a readable file \(got No such"):
        svhn.read(tmp_path / "here.mat")


def test_missing_files_say_what_to_type(folder):
    (folder / svhn.EXTRA).unlink()
    with pytest.raises(
        InputError, match=r"svhn: expected 3 files .*fetch svhn, and: .*svhn-extra$"
    ):
        svhn.load(extra=True, sha256=SHA256)
    (folder / svhn.TEST).unlink()
    message = r"svhn: expected 2 files such as train_32x32\.mat \(got 1 in .*data fetch svhn$"
    with pytest.raises(InputError, match=message):
        load("svhn")
