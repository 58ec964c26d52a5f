"""ImageNet's layout as a data set: made images, read when they are asked for."""

import numpy as np
import pytest

from snn_credit.data import ImageFolder, load_folders
from snn_credit.data.folder_dataset import Images
from snn_credit.data.made_images import write_images
from snn_credit.errors import InputError


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made") / "imagenet"
    write_images(folder, classes=3, images=8, side=12)
    return folder


def test_splits(root):
    data = load_folders(root, side=10, validation=6)
    assert (data.name, data.classes, data.image_shape) == ("imagenet", 3, (3, 10, 10))
    assert data.features == 300
    sizes = [len(getattr(data, f"{split}_y")) for split in ("train", "validation", "test")]
    assert sizes == [18, 6, 12]
    assert np.bincount(data.validation_y).tolist() == [2, 2, 2]
    again = load_folders(root, side=10, validation=6)
    np.testing.assert_array_equal(again.validation_x[:], data.validation_x[:])


def test_rows_are_the_folders_images(root):
    data, folder = load_folders(root, side=10, validation=6), ImageFolder(
        root / "train", resize=10, crop=10
    )  # fmt: skip
    rows = np.concatenate([data.train_x[:], data.validation_x[:]])
    labels = np.concatenate([data.train_y, data.validation_y])
    assert rows.dtype == np.float32
    expected = {image.tobytes(): label for image, label in (folder[k] for k in range(24))}
    found = {row.tobytes(): int(label) for row, label in zip(rows, labels, strict=True)}
    assert found == expected


def test_announced_images_are_the_same_and_read_once(root, monkeypatch):
    images = load_folders(root, side=10, validation=6).train_x
    expected, read = images[np.array([3, 0, 5])], []
    inner = ImageFolder.__getitem__
    monkeypatch.setattr(
        ImageFolder, "__getitem__", lambda self, k: (read.append(k), inner(self, k))[1]
    )
    images.announce(np.array([3, 0, 5]))
    np.testing.assert_array_equal(images[np.array([3, 0, 5])], expected)
    assert len(read) == 3
    images.announce(np.array([1, 2]))
    np.testing.assert_array_equal(images[np.array([3, 0, 5])], expected)  # another came
    assert images[2:4].shape == (2, 300)


def test_subset(root):
    data = load_folders(root, side=10, validation=6).subset(n_train=6, n_test=3)
    assert np.bincount(data.train_y).tolist() == [2, 2, 2]
    assert (len(data.train_x), len(data.test_x), len(data.validation_x)) == (6, 3, 6)
    assert data.train_x[:].shape == (6, 300)


def test_it_is_found_where_data_sets_are(root, monkeypatch, tmp_path):
    monkeypatch.setenv("SNN_CREDIT_DATA", str(root.parent))
    assert load_folders(side=8, validation=3).classes == 3
    monkeypatch.setenv("SNN_CREDIT_DATA", str(tmp_path))
    monkeypatch.setattr("snn_credit.data.files.cache_folder", lambda: tmp_path / "cache")
    with pytest.raises(InputError, match=r"imagenet: expected a folder with train/ and val/ .*got"):
        load_folders()


def test_what_does_not_fit_is_refused(root, tmp_path):
    write_images(tmp_path, classes=2, images=2, side=12)
    with pytest.raises(InputError, match=r"validation: must be an integer from 0 to 3 \(got 4\)"):
        load_folders(tmp_path, side=8, validation=4)
    (tmp_path / "val" / "n00000001").rename(tmp_path / "val" / "n00000007")
    with pytest.raises(InputError, match=r"the same classes in train and val \(got n00000001 in"):
        load_folders(tmp_path, side=8, validation=1)
    with pytest.raises(InputError, match=r"folder: images of one size, which a crop gives \(got"):
        Images(ImageFolder(root / "train"), np.arange(3))
    with pytest.raises(InputError, match=r"subset.n_train: must be an integer from 1 to 18"):
        load_folders(root, side=8, validation=6).subset(n_train=0)
