"""Folders of images: PNG files written here byte by byte, and JPEG files by Pillow."""

import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from snn_credit.data import ImageFolder
from snn_credit.errors import InputError


def png(pixels: NDArray[np.uint8]) -> bytes:
    """(height, width) or (height, width, 3) bytes as a PNG file."""
    height, width = pixels.shape[:2]

    def chunk(kind: bytes, content: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + checksum

    kind = 2 if pixels.ndim == 3 else 0
    header = struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)
    lines = b"".join(b"\0" + line.tobytes() for line in pixels)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def some(height: int = 6, width: int = 8, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.fixture
def root(tmp_path) -> Path:
    """Three classes: b has two images, one of them grey; a has one, further down; C has one."""
    files = {
        "b/2.png": some(seed=1),
        "b/10.PNG": some(seed=2)[:, :, 0],
        "a/more/x.png": some(seed=3),
        "C/1.png": some(seed=4),
    }
    for name, pixels in files.items():
        path = tmp_path / "root" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(pixels))
    (tmp_path / "root" / "b" / "notes.txt").write_text("no image")
    (tmp_path / "root" / "b" / ".hidden.png").write_text("no image")
    (tmp_path / "root" / ".cache").mkdir()
    return tmp_path / "root"


def test_classes_and_files_are_in_order(root):
    found = ImageFolder(root)
    assert found.classes == ["C", "a", "b"]
    assert [str(p.relative_to(root)) for p in found.files] == [
        "C/1.png", "a/more/x.png", "b/10.PNG", "b/2.png",
    ]  # fmt: skip
    assert found.labels.tolist() == [0, 1, 2, 2]
    assert len(found) == 4


def test_an_image_is_read_as_it_is(root):
    image, label = ImageFolder(root)[3]
    assert (label, image.dtype, image.shape) == (2, np.float32, (3, 6, 8))
    np.testing.assert_array_equal(np.rint(image * 255), some(seed=1).transpose(2, 0, 1))


def test_a_grey_image_has_three_equal_channels(root):
    image, _ = ImageFolder(root)[2]
    for channel in image:
        np.testing.assert_array_equal(np.rint(channel * 255), some(seed=2)[:, :, 0])


def test_numbers_from_the_end_and_beyond(root):
    found = ImageFolder(root)
    np.testing.assert_array_equal(found[-1][0], found[3][0])
    with pytest.raises(IndexError):
        found[4]
    assert [label for _, label in found] == [0, 1, 2, 2]  # type: ignore[attr-defined]


def test_the_crop_is_cut_out_of_the_middle(root):
    image, _ = ImageFolder(root, crop=(4, 2))[3]
    whole = some(seed=1).transpose(2, 0, 1)
    np.testing.assert_array_equal(np.rint(image * 255), whole[:, 1:5, 3:5])


def test_the_shorter_side_is_scaled_and_the_content_with_it(root):
    steps = np.repeat(np.arange(0, 240, 40, dtype=np.uint8), 20)
    slope = np.broadcast_to(steps[None, :, None], (60, 120, 3))
    (root / "C" / "1.png").write_bytes(png(np.ascontiguousarray(slope)))
    image, _ = ImageFolder(root, resize=30)[0]
    assert image.shape == (3, 30, 60)
    expected = np.broadcast_to(steps[::20], (3, 30, 6))
    np.testing.assert_allclose(image[:, :, 5::10] * 255, expected, atol=1)
    assert ImageFolder(root, resize=30, crop=30)[0][0].shape == (3, 30, 30)
    assert ImageFolder(root, resize=3)[3][0].shape == (3, 3, 4)


def test_jpeg_files(root):
    image = pytest.importorskip("PIL.Image")
    smooth = np.broadcast_to(np.arange(0, 240, 5, dtype=np.uint8)[:, None, None], (48, 40, 3))
    image.fromarray(np.ascontiguousarray(smooth)).save(root / "C" / "0.JPEG", quality=95)
    found, label = ImageFolder(root)[0]
    assert (label, found.shape) == (0, (3, 48, 40))
    np.testing.assert_allclose(found * 255, smooth.transpose(2, 0, 1), atol=4)


def shifted(image: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float32]:
    return image + np.float32(random.random())


def test_a_transform_follows_seed_epoch_and_image_alone(root):
    found = ImageFolder(root, transform=shifted)
    first = [found[k][0] for k in (0, 1, 3)]
    again = [found[k][0] for k in (3, 1, 0)][::-1]
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, other)
    plain = ImageFolder(root)
    shifts = {float((found[k][0] - plain[k][0]).mean().round(4)) for k in range(4)}
    assert len(shifts) == 4
    found.set_epoch(1)
    assert not np.array_equal(found[0][0], first[0])
    other = ImageFolder(root, transform=shifted, seed=1)
    assert not np.array_equal(other[0][0], first[0])


def test_torchs_loader_takes_it(root):
    code = (
        "import sys, torch, numpy\n"
        "from torch.utils.data import DataLoader\n"
        "from snn_credit.data import ImageFolder\n"
        "found = ImageFolder(sys.argv[1], crop=(6, 6))\n"
        "(x, y), = DataLoader(found, batch_size=4, num_workers=1)\n"
        "assert x.shape == (4, 3, 6, 6) and x.dtype == torch.float32, x\n"
        "assert y.tolist() == [0, 1, 2, 2], y\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(root)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_damaged_image_is_refused(root):
    content = (root / "b" / "2.png").read_bytes()
    for damaged in (content[:-40], b"<html>", b""):
        (root / "b" / "2.png").write_bytes(damaged)
        with pytest.raises(InputError, match=r"b/2\.png: expected a whole image \(got") as caught:
            ImageFolder(root)[3]
        assert "\n" not in str(caught.value)


def test_a_crop_larger_than_the_image_is_refused(root):
    message = r"b/2\.png: expected at least 7 x 7 pixels for the crop \(got 6 x 8\); give a resize"
    with pytest.raises(InputError, match=message):
        ImageFolder(root, crop=7)[3]


def test_without_pillow_it_says_what_to_install(root, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(InputError, match=r"ImageFolder: expected Pillow .*pip install pillow$"):
        ImageFolder(root)


def test_folders_that_are_refused(root, tmp_path):
    with pytest.raises(InputError, match=r"ImageFolder\.root: expected an existing folder \(got"):
        ImageFolder(root / "none")
    with pytest.raises(InputError, match=r"root: expected a folder a class \(got none in .*more\)"):
        ImageFolder(root / "a" / "more")
    (root / "d").mkdir()
    with pytest.raises(InputError, match=r"root: expected images in every folder.*root/d\)"):
        ImageFolder(root)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"resize": 0}, r"ImageFolder\.resize: must be an integer from 1 .*\(got 0\)"),
        ({"crop": (3, 0)}, r"ImageFolder\.crop: must be an integer from 1 .*\(got 0\)"),
        ({"crop": -1}, r"ImageFolder\.crop: must be an integer from 1 .*\(got -1\)"),
    ],
)
def test_arguments_that_are_refused(root, arguments, message):
    with pytest.raises(InputError, match=message):
        ImageFolder(root, **arguments)
