"""Distortions and crops: against theory, against scipy, and what stays the same."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, map_coordinates

from snn_credit.data import augmentation, digits
from snn_credit.errors import InputError


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    """Digits of 8x8, each pixel four times as wide, in a dark frame: (60, 2, 28, 28)."""
    small = digits.load().train_x[:60].reshape(60, 1, 8, 8)
    large = np.kron(small[..., 1:7, 1:7], np.ones((3, 3), np.float32))
    framed = np.pad(large, ((0, 0), (0, 0), (5, 5), (5, 5)))
    return np.concatenate([framed, framed**2], axis=1).astype(np.float32)


def test_without_strength_nothing_changes(images):
    np.testing.assert_array_equal(augmentation.elastic(images, rng(), alpha=0), images)


def test_strength_changes_images_and_keeps_shape_and_type(images):
    made = augmentation.elastic(images, rng())
    assert (made.shape, made.dtype) == (images.shape, np.float32)
    assert np.abs(made - images).mean() > 0.02
    assert made.min() >= 0
    assert made.max() <= images.max() + 1e-5


def test_the_mass_is_kept_but_for_a_little(images):
    # A field of displacements stretches here and squeezes there; on average it does neither.
    made = augmentation.elastic(np.concatenate([images] * 5), rng())
    assert made.sum() == pytest.approx(5 * images.sum(), rel=0.03)
    each = made.sum(axis=(1, 2, 3)) / np.tile(images.sum(axis=(1, 2, 3)), 5)
    assert 0.05 < each.std() < 0.25


def test_a_seed_makes_the_same_images_in_one_batch_or_two(images, monkeypatch):
    made = augmentation.elastic(images, rng(1))
    monkeypatch.setattr(augmentation, "AT_ONCE", 7)
    np.testing.assert_array_equal(augmentation.elastic(images, rng(1)), made)
    assert not np.array_equal(augmentation.elastic(images, rng(2)), made)


def test_channels_move_together(images):
    made = augmentation.elastic(np.repeat(images[:, :1], 2, axis=1), rng())
    np.testing.assert_array_equal(made[:, 0], made[:, 1])


@pytest.mark.parametrize(("alpha", "sigma"), [(34.0, 4.0), (10.0, 4.0), (34.0, 2.5)])
def test_displacements_have_the_size_that_theory_says(alpha, sigma):
    field = augmentation.displacement(rng(), 4000, 20, 12, alpha, sigma)
    assert field.shape == (4000, 2, 20, 12)
    expected = alpha / (sigma * np.sqrt(12 * np.pi))
    # At each pixel, at the borders too.
    np.testing.assert_allclose(field.std(axis=0), expected, rtol=0.06)
    np.testing.assert_allclose(field.mean(axis=0), 0, atol=0.08 * expected)


def test_displacements_are_as_smooth_as_theory_says():
    field = augmentation.displacement(rng(), 3000, 16, 16, 1.0, 4.0)
    for lag in (2, 4, 8):
        # Noise through a Gaussian of width sigma is correlated as a Gaussian of sigma sqrt 2.
        pairs = field[..., :-lag] * field[..., lag:], field[..., :-lag, :] * field[..., lag:, :]
        for product in pairs:
            found = product.mean() / field.var()
            assert found == pytest.approx(np.exp(-(lag**2) / (4 * 4.0**2)), abs=0.03)
    across = np.mean(field[:, 0] * field[:, 1]) / field.var()
    assert across == pytest.approx(0, abs=0.03)


def test_smoothing_and_interpolation_are_those_of_scipy(images):
    noise = rng(3).random((1, 2, 28 + 32, 28 + 32), dtype=np.float32) * 2 - 1
    field = augmentation.displacement(rng(3), 1, 28, 28, 34.0, 4.0)
    for smooth, raw in zip(field[0], noise[0], strict=True):
        theirs = 34 * gaussian_filter(raw, 4.0, mode="constant", truncate=4)[16:-16, 16:-16]
        np.testing.assert_allclose(smooth, theirs, atol=1e-4)
    image = rng(4).random((28, 28), dtype=np.float32)  # bright to the border
    made = augmentation.elastic(image[None, None], rng(3), alpha=34.0)[0, 0]
    grid = np.mgrid[:28, :28] + field[0]
    theirs = map_coordinates(np.pad(image, 9), grid + 9, order=1)
    np.testing.assert_allclose(made, theirs, atol=1e-4)


def test_a_crop_is_a_window_of_its_image_and_all_windows_come():
    image = np.arange(2 * 5 * 6, dtype=np.float32).reshape(1, 2, 5, 6)
    crops = augmentation.random_crop(np.repeat(image, 600, axis=0), (3, 4), rng())
    assert crops.shape == (600, 2, 3, 4)
    seen = set()
    for crop in crops:
        top, left = divmod(int(crop[0, 0, 0]), 6)
        np.testing.assert_array_equal(crop, image[0, :, top : top + 3, left : left + 4])
        seen.add((top, left))
    assert seen == {(top, left) for top in range(3) for left in range(3)}


def test_a_crop_of_a_padded_image_translates_it():
    image = np.ones((1, 1, 4, 4), np.float32)
    crops = augmentation.random_crop(np.repeat(image, 300, axis=0), (4, 4), rng(), padding=2)
    assert crops.shape == (300, 1, 4, 4)
    assert {int(mass) for mass in crops.sum(axis=(1, 2, 3))} == {4, 6, 8, 9, 12, 16}


def test_crops_follow_their_seed(images):
    made = [augmentation.random_crop(images, (24, 24), rng(seed)) for seed in (0, 0, 1)]
    np.testing.assert_array_equal(made[0], made[1])
    assert not np.array_equal(made[0], made[2])


def test_the_crop_in_the_middle():
    image = np.arange(5 * 7, dtype=np.float32).reshape(1, 1, 5, 7)
    assert augmentation.centre_crop(image, (3, 3))[0, 0].tolist() == [
        [9, 10, 11],
        [16, 17, 18],
        [23, 24, 25],
    ]
    np.testing.assert_array_equal(augmentation.centre_crop(image, (5, 7)), image)


def test_a_whole_crop_is_the_image(images):
    np.testing.assert_array_equal(augmentation.random_crop(images, (28, 28), rng()), images)


def test_reflections():
    images = rng().random((1000, 2, 3, 4)).astype(np.float32)
    for probability in (0.0, 0.3, 1.0):
        made = augmentation.random_flip(images, rng(), probability)
        flipped = (made == images[..., ::-1]).all(axis=(1, 2, 3))
        assert flipped.mean() == pytest.approx(probability, abs=0.04)
        np.testing.assert_array_equal(made[~flipped], images[~flipped])


def test_windows_lie_in_the_image_and_have_their_area():
    maps = augmentation.random_windows(4000, rng(), area=(0.1, 0.6), aspect=(0.5, 2.0), flip=0.3)
    assert not maps[:, 0, 1].any()
    assert not maps[:, 1, 0].any()
    half, middle = np.abs(maps[:, (0, 1), (0, 1)]), maps[:, :, 2]
    assert (np.abs(middle) + half).max() <= 1 + 1e-6
    share, aspect = half.prod(1), half[:, 0] / half[:, 1]
    assert 0.1 < share.min() < 0.11
    assert 0.57 < share.max() < 0.6
    assert np.log(aspect).mean() == pytest.approx(0, abs=0.03)
    assert np.corrcoef(share, np.log(aspect))[0, 1] == pytest.approx(0, abs=0.05)
    assert (maps[:, 0, 0] < 0).mean() == pytest.approx(0.3, abs=0.03)
    assert (maps[:, 1, 1] > 0).all()
    assert (np.abs(middle).max(0) > 0.5).all()


def test_windows_that_cannot_fit_are_cut():
    maps = augmentation.random_windows(5, rng(), area=(1.0, 1.0), aspect=(2.0, 2.0), flip=0.0)
    np.testing.assert_allclose(maps[:, (0, 1), (0, 1)], np.tile([1, 0.5**0.5], (5, 1)), rtol=1e-6)


@pytest.mark.parametrize("change", ["elastic", "random_flip", "random_crop"])
def test_the_images_given_stay_as_they_are(images, change):
    before = images.copy()
    arguments = ((20, 20),) if change == "random_crop" else ()
    getattr(augmentation, change)(images, *arguments, rng())
    np.testing.assert_array_equal(images, before)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda x: augmentation.elastic(x[0], rng()), r"images: expected shape .*\(got \(2, 28, 2"),
        (lambda x: augmentation.elastic(x, rng(), -1.0), r"alpha: must be .* >= 0 \(got -1\.0\)"),
        (lambda x: augmentation.elastic(x, rng(), 1.0, 0.0), r"sigma: must be .* > 0 \(got 0\.0"),
        (lambda x: augmentation.random_crop(x, (29, 4), rng()), r"size: must fit into 28 x 28 \(g"),
        (lambda x: augmentation.centre_crop(x, (4, 0)), r"size: must fit into .*\(got 4 x 0\)"),
        (lambda x: augmentation.random_crop(x, (4, 4), rng(), -1), r"padding: must be an integer"),
        (lambda x: augmentation.random_flip(x, rng(), 1.5), r"probability: must lie in \[0, 1\]"),
        (lambda x: augmentation.random_windows(2, rng(), (0, 1)), r"area: 0 < .* \(got 0 to 1\)"),
        (lambda x: augmentation.random_windows(2, rng(), (0.1, 2)), r"area: 0 < .* 0.1 to 2\)"),
        (lambda x: augmentation.random_windows(2, rng(), aspect=(3, 2)), r"aspect: .* 3 to 2\)"),
        (lambda x: augmentation.random_windows(2, rng(), flip=2), r"flip: must lie in .*got 2\)"),
    ],
)
def test_refuses(images, make, message):
    with pytest.raises(InputError, match=message):
        make(images)
