import gzip
import os
from pathlib import Path

import numpy as np
import pytest

from snn_credit.data import load, mnist
from snn_credit.errors import InputError

# Taken when this module is imported: the fixtures hide the variable from the other tests.
REAL = Path(os.environ.get("SNN_CREDIT_DATA") or Path(__file__).parents[3] / "shared" / "data")


@pytest.fixture(params=["mnist", "."], ids=["DIR/mnist", "DIR"])
def folder(request, tmp_path, monkeypatch, small_mnist) -> Path:
    """The small files where the variable points to, half of them gzipped."""
    folder = tmp_path / "given" / request.param
    folder.mkdir(parents=True, exist_ok=True)
    for file, content in small_mnist.items():
        if "images" in file:
            (folder / f"{file}.gz").write_bytes(gzip.compress(content))
        else:
            (folder / file).write_bytes(content)
    monkeypatch.setenv("SNN_CREDIT_DATA", str(tmp_path / "given"))
    return folder


@pytest.mark.usefixtures("folder")
def test_images_labels_and_splits(small_mnist, small_sha256):
    made = mnist.load(validation=20, sha256=small_sha256)
    assert (made.image_shape, made.classes, made.name) == ((4, 3), 10, "mnist")
    assert [len(made.train_y), len(made.validation_y), len(made.test_y)] == [40, 20, 20]
    assert np.bincount(made.validation_y).tolist() == [2] * 10
    official = np.frombuffer(small_mnist["train-images-idx3-ubyte"][16:], np.uint8).reshape(60, 12)
    held = np.rint(made.validation_x * 255)
    for row, label in zip(held, made.validation_y, strict=True):
        (index,) = np.flatnonzero((official == row).all(axis=1))
        assert index % 10 == label
    test = np.frombuffer(small_mnist["t10k-images-idx3-ubyte"][16:], np.uint8).reshape(20, 12)
    assert np.array_equal(made.test_x, (test / 255).astype(np.float32))


@pytest.mark.usefixtures("folder")
def test_without_validation_the_training_set_is_the_official_one(small_mnist, small_sha256):
    made = mnist.load(validation=0, sha256=small_sha256)
    labels = np.frombuffer(small_mnist["train-labels-idx1-ubyte"][8:], np.uint8)
    assert np.array_equal(made.train_y, labels)
    assert made.validation_x.shape == (0, 12)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("validation", [-1, 60, 2.5])
def test_validation_must_leave_a_training_image(small_sha256, validation):
    with pytest.raises(InputError, match=r"mnist\.validation: must be an integer from 0 to 59 \("):
        mnist.load(validation, small_sha256)


@pytest.mark.usefixtures("folder")
def test_files_that_are_not_the_official_ones_are_refused():
    with pytest.raises(
        InputError, match=r"images-idx3-ubyte\.gz: expected uncompressed SHA-256 ba"
    ):
        load("mnist")


def test_a_truncated_file_is_called_truncated(folder, small_sha256):
    file = folder / "t10k-labels-idx1-ubyte"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(InputError, match=r"t10k-labels-idx1-ubyte: expected 20 .* truncated"):
        mnist.load(20, small_sha256)


def test_one_changed_pixel_is_refused(folder, small_mnist, small_sha256):
    content = bytearray(small_mnist["t10k-images-idx3-ubyte"])
    content[-1] ^= 1
    (folder / "t10k-images-idx3-ubyte.gz").write_bytes(gzip.compress(content))
    with pytest.raises(InputError, match=r"t10k-images.*expected uncompressed SHA-256"):
        mnist.load(20, small_sha256)


def test_missing_files_say_what_to_type():
    with pytest.raises(InputError, match=r"mnist: expected 4 files .*snn-credit data fetch mnist"):
        load("mnist")


def test_checksums_are_pinned_for_the_four_official_files():
    assert len(mnist.SHA256) == 4
    assert all(len(bytes.fromhex(digest)) == 32 for digest in mnist.SHA256.values())


@pytest.mark.skipif(
    not any(REAL.glob("**/train-images-idx3-ubyte*")),
    reason="the real MNIST files are not there: set SNN_CREDIT_DATA",
)
def test_the_real_files(monkeypatch):
    monkeypatch.setenv("SNN_CREDIT_DATA", str(REAL))
    made = load("mnist")
    assert [len(made.train_y), len(made.validation_y), len(made.test_y)] == [55000, 5000, 10000]
    assert made.image_shape == (28, 28)
    # The first test image is a well-known seven; the mean pixel is the known 0.1307.
    assert made.test_y[:5].tolist() == [7, 2, 1, 0, 4]
    pixels = np.concatenate([made.train_x.mean(axis=1), made.validation_x.mean(axis=1)])
    assert pixels.mean() == pytest.approx(0.1307, abs=1e-4)
