"""Text files of pixels and labels, written here as the published ones are."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from snn_credit.data import load
from snn_credit.data import mnist_back_image as back
from snn_credit.errors import InputError


def some(n: int, seed: int) -> tuple[NDArray[np.float64], list[int]]:
    return np.random.default_rng(seed).random((n, 784)).round(6), [k % 10 for k in range(n)]


def amat(part: tuple[NDArray[np.float64], list[int]]) -> str:
    lines = (
        "   ".join(f"{pixel:.6f}" for pixel in row) + f"   {label}.000000"
        for row, label in zip(*part, strict=True)
    )
    return "   " + "\n   ".join(lines) + "\n"


PARTS = {back.TRAIN: some(24, 0), back.TEST: some(30, 1)}


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """Both files where the variable points to, one gzipped."""
    monkeypatch.setenv("SNN_CREDIT_DATA", str(tmp_path))
    folder = tmp_path / "mnist-back-image"
    folder.mkdir()
    (folder / back.TRAIN).write_text(amat(PARTS[back.TRAIN]))
    (folder / f"{back.TEST}.gz").write_bytes(gzip.compress(amat(PARTS[back.TEST]).encode()))
    return folder


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("swapped", [True, False])
def test_the_larger_file_is_trained_on_where_the_two_are_swapped(swapped):
    made = back.load(swapped, official_size=False)
    small_x, small_y = PARTS[back.TRAIN]
    large_x, large_y = PARTS[back.TEST]
    # The last sixth of 24 is for validation.
    np.testing.assert_allclose(made.validation_x, small_x[20:], atol=1e-7)
    assert made.validation_y.tolist() == small_y[20:]
    train, test = ((large_x, large_y), (small_x[:20], small_y[:20]))[:: 1 if swapped else -1]
    np.testing.assert_allclose(made.train_x, train[0], atol=1e-7)
    np.testing.assert_allclose(made.test_x, test[0], atol=1e-7)
    assert (made.train_y.tolist(), made.test_y.tolist()) == (train[1], test[1])
    assert (made.name, made.shape, made.classes) == ("mnist-back-image", (1, 28, 28), 10)


@pytest.mark.usefixtures("folder")
def test_another_number_of_lines_than_the_official_one_is_refused():
    message = r"train\.amat: expected 12000 rows of 784 pixels and a label \(got \(24, 785\)\)"
    with pytest.raises(InputError, match=message):
        load("mnist-back-image")


LINE = amat(some(1, 0))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"expected some rows of 784 pixels and a label \(got \(0, 1\)\)"),
        (LINE + LINE[:500], r"expected rows of numbers \(got: the number of columns changed .*\)"),
        (LINE[:-12], r"expected some rows of 784 pixels and a label \(got \(1, 784\)\)"),
        ("<html>\n", r"expected rows of numbers \(got: could not convert string '<html>'.*\)"),
        (
            LINE.replace("   0.000000\n", "   10.000000\n"),
            r"expected labels 0 to 9 \(got 10 in row",
        ),
        (
            LINE.replace("   0.000000\n", "   0.500000\n"),
            r"expected labels 0 to 9 \(got 0\.5 in row",
        ),
    ],
)
def test_refuses_in_one_line_that_names_the_file(tmp_path, text, message):
    path = tmp_path / "made.amat"
    path.write_text(text)
    with pytest.raises(InputError, match=rf"made\.amat: {message}") as caught:
        back.read(path)
    assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("folder")
def test_a_pixel_above_one_is_refused(folder):
    text = (folder / back.TRAIN).read_text()
    (folder / back.TRAIN).write_text(text.replace("0.", "7.", 1))
    with pytest.raises(
        InputError, match=r"test_x: must lie in \[0, 1\] \(got 7\.\d+ at \[0, 0\]\)"
    ):
        back.load(official_size=False)


def test_missing_files_say_where_they_were_published():
    with pytest.raises(
        InputError, match=r"expected 2 files such as mnist_background.*images\.zip$"
    ):
        load("mnist-back-image")
