"""CIFAR's two layouts, written here byte by byte, and what is refused."""

import io
import os
import struct
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from snn_credit.data import cifar, load
from snn_credit.errors import InputError

# Taken when this module is imported: the fixtures hide the variable from the other tests.
REAL = Path(os.environ.get("SNN_CREDIT_DATA") or Path(__file__).parents[3] / "shared" / "data")
UNPACK = REAL / "unpack_cifar10.py"

TEN, HUNDRED = cifar.KINDS["cifar10"], cifar.KINDS["cifar100"]
Images = tuple[NDArray[np.uint8], list[int]]


def some(n: int, classes: int, seed: int) -> Images:
    """Random images (n, 3, 32, 32) and labels that hold every class about equally often."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (n, 3, 32, 32), dtype=np.uint8), [k % classes for k in range(n)]


def binary(images: Images, coarse: bool) -> bytes:
    rows = zip(*images, strict=True)
    return b"".join(bytes([19] * coarse + [label]) + image.tobytes() for image, label in rows)


def python2(images: Images, key: str) -> bytes:
    """What Python 2 and an old numpy pickled with protocol 2, opcode by opcode."""
    pixels, labels = images

    def text(value: str) -> bytes:
        return b"U" + bytes([len(value)]) + value.encode()

    def integer(value: int) -> bytes:
        return b"J" + struct.pack("<i", value)

    dtype = b"cnumpy\ndtype\n" + text("u1") + b"K\x00K\x01\x87R"
    dtype += b"(K\x03" + text("|") + b"NNN" + integer(-1) + integer(-1) + b"K\x00tb"
    array = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85" + text("b")
    array += b"\x87R(K\x01" + integer(len(pixels)) + integer(3072) + b"\x86" + dtype + b"\x89"
    array += b"T" + struct.pack("<I", pixels.nbytes) + pixels.tobytes() + b"tb"
    listed = b"](" + b"".join(map(integer, labels)) + b"e"
    batch = text("batch_label") + text("made by hand")
    return b"\x80\x02}(" + batch + text("data") + array + text(key) + listed + b"u."


PARTS = {
    "cifar10": [some(20, 10, seed) for seed in range(6)],
    "cifar100": [some(200, 100, 6), some(100, 100, 7)],
}


def written(name: str, kind: str) -> dict[str, bytes]:
    """Folder and file name of every file of a layout, and its bytes."""
    layout = getattr(cifar.KINDS[name], kind)
    coarse, key = name == "cifar100", cifar.KINDS[name].label_key
    return {
        f"{layout.folder}/{member}": binary(part, coarse)
        if kind == "binary"
        else python2(part, key)
        for member, part in zip(layout.members, PARTS[name], strict=True)
    }


def archived(files: dict[str, bytes], path: Path) -> None:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in {"./other.txt": b"words", **files}.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))


Lay = Callable[..., dict[str, Path]]


@pytest.fixture
def lay(tmp_path, monkeypatch) -> Lay:
    """Write a layout where the variable points to: as folders, or packed in the archive."""
    monkeypatch.setenv("SNN_CREDIT_DATA", str(tmp_path))

    def do(name: str, kind: str, packed: bool = False, below: str = "") -> dict[str, Path]:
        files = written(name, kind)
        (tmp_path / below).mkdir(exist_ok=True)
        if packed:
            path = tmp_path / below / getattr(cifar.KINDS[name], kind).name
            archived(files, path)
            return {"archive": path}
        for file, content in files.items():
            path = tmp_path / below / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return {Path(file).name: tmp_path / below / file for file in files}

    return do


@pytest.mark.parametrize("name", ["cifar10", "cifar100"])
@pytest.mark.parametrize("kind", ["binary", "python"])
@pytest.mark.parametrize("packed", [False, True], ids=["folder", "archive"])
@pytest.mark.parametrize("below", ["", "DATASET"])
def test_every_layout_gives_the_images_and_labels(lay, name, kind, packed, below):
    lay(name, kind, packed, name if below else "")
    made = cifar.load(name, validation=0, official_size=False)
    *train, test = PARTS[name]
    assert made.name == name
    assert (made.shape, made.image_shape) == ((3, 32, 32), (3, 32, 32))
    assert made.classes == {"cifar10": 10, "cifar100": 100}[name]
    images = np.concatenate([part[0] for part in train])
    assert np.array_equal(made.images("train"), (images / 255).astype(np.float32))
    assert np.array_equal(made.images("test"), (test[0] / 255).astype(np.float32))
    assert made.train_y.tolist() == [label for part in train for label in part[1]]
    assert made.test_y.tolist() == test[1]


def test_validation_images_are_held_out_of_training_in_balance(lay):
    lay("cifar10", "binary")
    made = cifar.load("cifar10", validation=20, official_size=False)
    assert [len(made.train_y), len(made.validation_y), len(made.test_y)] == [80, 20, 20]
    assert np.bincount(made.validation_y).tolist() == [2] * 10
    rows = {row.tobytes() for row in made.train_x} | {row.tobytes() for row in made.validation_x}
    assert len(rows) == 100


def test_files_may_lie_in_a_folder_that_bears_the_name_of_the_data_set(lay, tmp_path):
    paths = lay("cifar10", "binary")
    next(iter(paths.values())).parent.rename(tmp_path / "cifar10")
    assert len(cifar.load("cifar10", 0, official_size=False).train_y) == 100


@pytest.mark.parametrize("validation", [-1, 100])
def test_validation_must_leave_a_training_image(lay, validation):
    lay("cifar10", "python")
    with pytest.raises(
        InputError, match=r"cifar10\.validation: must be an integer from 0 to 99 \("
    ):
        cifar.load("cifar10", validation, official_size=False)


@pytest.mark.parametrize("name", ["cifar10", "cifar100"])
@pytest.mark.parametrize("kind", ["binary", "python"])
def test_another_number_of_images_than_the_official_one_is_refused(lay, name, kind):
    lay(name, kind)
    with pytest.raises(InputError, match=r": expected .*(10000|50000).*\(got") as caught:
        load(name)
    assert "\n" not in str(caught.value)


def one_line(message: str, name: str = "cifar10") -> None:
    with pytest.raises(InputError, match=message) as caught:
        cifar.load(name, 0, official_size=False)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda c: c[:-1], r"data_batch_3\.bin: expected rows of 3073 bytes \(got 61459 bytes\)$"),
        (lambda c: c + b"!", r"data_batch_3\.bin: expected rows of 3073 bytes \(got 61461 bytes"),
        (lambda c: b"", r"data_batch_3\.bin: expected rows of 3073 bytes \(got 0 bytes"),
        (lambda c: c[:3073] + b"\x0a" + c[3074:], r"expected labels 0 to 9 \(got 10 of image 1\)$"),
    ],
)
def test_a_damaged_binary_file_is_refused(lay, damage, message):
    path = lay("cifar10", "binary")["data_batch_3.bin"]
    path.write_bytes(damage(path.read_bytes()))
    one_line(message)


@pytest.mark.parametrize(("n", "fault"), [(3072, "truncated"), (9219, "trailing bytes")])
def test_with_a_number_of_images_a_cut_between_two_of_them_is_noticed(n, fault):
    message = rf"here: expected 6146 bytes, 2 rows of 3073, {fault} \(got {n}\)$"
    with pytest.raises(InputError, match=message):
        cifar.parse_binary(bytes(n), TEN, "here", 2)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda c: c[:-1], r"batch_3: expected a whole pickle of arrays \(got: .+\)$"),
        (lambda c: c[:900], r"batch_3: expected a whole pickle of arrays \(got: .+\)$"),
        (lambda c: b"", r"batch_3: expected a whole pickle of arrays \(got: .+\)$"),
        (lambda c: b"<html>", r"batch_3: expected a whole pickle of arrays \(got: .+\)$"),
        (lambda c: b"\x80\x02]q\x01.", r"batch_3: expected a dict \(got list\)$"),
        (lambda c: c.replace(b"labels", b"babels"), r"expected the key labels \(got .*babels\)$"),
        (lambda c: c.replace(b"\x04data", b"\x04dada"), r"expected the key data \(got .*dada,"),
        (lambda c: c.replace(b"U\x02u1", b"U\x02i1"), r"expected data \(20, 3072\) of uint8 \(got"),
        (
            lambda c: c.replace(b"J\x09\x00\x00\x00", b"J\x0b\x00\x00\x00"),
            r"expected labels 0 to 9 \(got 11 of image 9\)$",
        ),
        (
            lambda c: c.replace(b"J\x09\x00\x00\x00J", b"J"),
            r"expected data \(19, 3072\) of uint8 \(got \(20, 3072\) uint8\)$",
        ),
        (
            lambda c: c.replace(b"J\x09\x00\x00\x00", b"](e"),
            r"expected .*1.* \(got",
        ),
    ],
)
def test_a_damaged_python_file_is_refused(lay, damage, message):
    path = lay("cifar10", "python")["data_batch_3"]
    path.write_bytes(damage(path.read_bytes()))
    one_line(message)


def test_labels_that_are_not_integers_are_refused():
    pixels = some(2, 10, 0)[0]
    content = python2((pixels, [0, 1]), "labels").replace(b"J\x01\x00\x00\x00", b"U\x011")
    with pytest.raises(InputError, match=r"here: expected 2 integers as labels \(got shape \(2,\)"):
        cifar.parse_python(content, TEN, "here")


def test_fine_labels_are_those_that_count():
    images = some(3, 100, 0)
    assert cifar.parse_binary(binary(images, True), HUNDRED, "here")[1].tolist() == [0, 1, 2]
    with pytest.raises(InputError, match=r"here: expected rows of 3074 bytes \(got 9219 bytes\)"):
        cifar.parse_binary(binary(images, False), HUNDRED, "here")


def test_missing_files_say_where_was_looked_and_what_to_type(lay, tmp_path, cache):
    lay("cifar10", "binary")["data_batch_5.bin"].unlink()
    message = rf"5 of 6 files in {tmp_path}/cifar-10-batches-bin, none in {cache}/cifar10\); set"
    one_line(message)
    one_line(r"cifar10: expected cifar-10-batches-bin/ or cifar-10-binary\.tar\.gz or .*python")
    one_line(r"or type: snn-credit data fetch cifar10$")


@pytest.mark.parametrize("keep", [100, 20_000, 60_000])
def test_a_truncated_archive_is_refused(lay, keep):
    path = lay("cifar10", "binary", packed=True)["archive"]
    path.write_bytes(path.read_bytes()[:keep])
    one_line(r"cifar-10-binary\.tar\.gz: expected a whole tar archive \(got: .+\)$")


def test_an_archive_without_a_file_is_refused(lay, tmp_path):
    files = written("cifar10", "binary")
    del files["cifar-10-batches-bin/data_batch_2.bin"]
    path = lay("cifar10", "binary", packed=True)["archive"]
    archived(files, path)
    one_line(r"expected 6 files \(got no cifar-10-batches-bin/data_batch_2\.bin\)$")


def test_an_archive_of_something_else_is_refused(lay):
    path = lay("cifar10", "binary", packed=True)["archive"]
    path.write_bytes(b"<html>sign in</html>" * 100)
    one_line(r"cifar-10-binary\.tar\.gz: expected a whole tar archive \(got: .+\)$")


def test_an_unknown_kind():
    with pytest.raises(
        InputError, match=r"cifar\.name: expected one of cifar10, .*\(got 'cifar'\)"
    ):
        cifar.load("cifar")


@pytest.mark.skipif(not UNPACK.is_file(), reason="the real images are not there")
def test_some_of_the_real_images(tmp_path, monkeypatch):
    pytest.importorskip("PIL")
    arguments = [str(tmp_path), "--train", "1000", "--test", "200"]
    subprocess.run([sys.executable, str(UNPACK), *arguments], check=True, capture_output=True)
    monkeypatch.setenv("SNN_CREDIT_DATA", str(tmp_path))
    made = cifar.load("cifar10", validation=100, official_size=False)
    assert [len(made.train_y), len(made.validation_y), len(made.test_y)] == [900, 100, 200]
    assert np.bincount(made.train_y, minlength=10).min() > 50
    # The means of the channels over the whole training set are known: 0.491, 0.482, 0.447.
    means = made.images("train").mean(axis=(0, 2, 3))
    np.testing.assert_allclose(means, [0.491, 0.482, 0.447], atol=0.03)
    # Neighbouring pixels of a photograph are alike; in another order of bytes they are not.
    rows, columns = (np.diff(made.images("train"), axis=axis).std() for axis in (2, 3))
    assert max(rows, columns) < 0.5 * made.images("train").std()


@pytest.mark.skipif(
    not any(any(REAL.glob(f"{part}data_batch_1.bin")) for part in ("*/", "*/*/")),
    reason="all of the real images are not there: unpack them and set SNN_CREDIT_DATA",
)
def test_the_real_files(monkeypatch):
    monkeypatch.setenv("SNN_CREDIT_DATA", str(REAL))
    made = load("cifar10")
    assert [len(made.train_y), len(made.validation_y), len(made.test_y)] == [45000, 5000, 10000]
    assert np.bincount(made.test_y).tolist() == [1000] * 10
    assert np.bincount(made.train_y).tolist() == [4500] * 10
