import numpy as np
import pytest
from PIL import Image

from snn_credit.data.made_images import made_images, write_images
from snn_credit.errors import InputError


def test_a_data_set_of_any_shape():
    data = made_images((3, 8, 6), classes=4, train=20, validation=4, test=8)
    assert data.shape == (3, 8, 6)
    assert (data.train_x.shape, data.validation_x.shape, data.test_x.shape) == (
        (20, 144), (4, 144), (8, 144),
    )  # fmt: skip
    assert np.bincount(data.train_y).tolist() == [5] * 4
    assert made_images((1, 4, 4), validation=0).validation_x.shape == (0, 16)


def test_the_nearest_mean_tells_the_classes_apart():
    data = made_images((3, 12, 12), classes=5, train=50, test=50)
    means = np.array([data.train_x[data.train_y == k].mean(0) for k in range(5)])
    guesses = np.linalg.norm(data.test_x[:, None] - means, axis=2).argmin(1)
    assert (guesses == data.test_y).all()


def test_the_same_seed_makes_the_same_images():
    first, same, other = (made_images((1, 5, 5), seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.train_x, same.train_x)
    assert not np.array_equal(first.train_x, other.train_x)


def test_files(tmp_path):
    write_images(tmp_path, classes=2, images=4, side=10)
    files = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.JPEG"))
    assert files[:3] == [f"train/n00000000/train_{k}.JPEG" for k in range(3)]
    assert len(files) == 2 * (4 + 2)
    with Image.open(tmp_path / files[0]) as picture:
        assert all(10 <= side <= 15 for side in picture.size)
        assert picture.mode == "RGB"


@pytest.mark.parametrize("name", ["classes", "train", "test"])
def test_counts_are_at_least_one(name):
    with pytest.raises(InputError, match=rf"made_images.{name}: must be an integer .* \(got 0\)"):
        made_images((1, 4, 4), **{name: 0})
