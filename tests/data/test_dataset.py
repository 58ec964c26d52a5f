import numpy as np
import pytest

from snn_credit.data import Dataset, hold_out
from snn_credit.errors import InputError


def make(**changes) -> Dataset:
    """30, 20 and 10 inputs of 2x3 in two classes, with some arguments changed."""
    rng = np.random.default_rng(0)
    arguments = {"name": "made", "classes": 2, "image_shape": (2, 3)}
    for split, n in {"train": 30, "validation": 20, "test": 10}.items():
        arguments[f"{split}_x"] = rng.random((n, 6))
        arguments[f"{split}_y"] = np.arange(n, dtype=np.uint8) % 2
    return Dataset(**(arguments | changes))


def test_casts_to_the_types_it_promises():
    made = make()
    for split in ("train", "validation", "test"):
        assert getattr(made, f"{split}_x").dtype == np.float32
        assert getattr(made, f"{split}_y").dtype == np.int64
    assert made.features == 6


def test_sound_arrays_are_not_copied():
    x = np.ones((30, 6), np.float32)
    assert make(train_x=x).train_x is x


def test_cannot_be_changed():
    with pytest.raises(AttributeError):
        make().classes = 3  # type: ignore[misc]


def with_value(value: float, n: int = 30) -> np.ndarray:
    x = np.full((n, 6), 0.5)
    x[4, 1] = value
    return x


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"train_x": with_value(np.nan)},
            r"Dataset\.train_x: must be finite \(got nan at \[4, 1\]",
        ),
        ({"test_x": with_value(np.inf, 10)}, r"Dataset\.test_x: must be finite \(got inf at"),
        ({"train_x": with_value(1.5)}, r"train_x: must lie in \[0, 1\] \(got 1\.5 at \[4, 1\]"),
        ({"train_x": with_value(-0.5)}, r"train_x: must lie in \[0, 1\] \(got -0\.5 at"),
        ({"train_x": np.zeros((30, 7))}, r"train_x: expected shape \(n, 6\).*got \(30, 7\)"),
        ({"train_x": np.zeros((30, 2, 3))}, r"train_x: expected shape \(n, 6\).*got \(30, 2, 3\)"),
        ({"train_x": np.full((30, 6), "a")}, r"train_x: expected real numbers \(got dtype <U1"),
        ({"validation_y": np.zeros(19, int)}, r"validation_y: expected .* 20 inputs \(got 19"),
        ({"train_y": np.full(30, 2)}, r"train_y: must lie in 0\.\.1 \(got 2 at \[0\]"),
        ({"train_y": np.full(30, -1)}, r"train_y: must lie in 0\.\.1 \(got -1 at \[0\]"),
        ({"train_y": np.zeros(30)}, r"train_y: expected integers \(got dtype float64"),
        ({"train_y": np.zeros((30, 1), int)}, r"train_y: expected shape \(n,\) \(got \(30, 1\)"),
        ({"classes": 0}, r"Dataset\.classes: must be >= 1 \(got 0"),
        ({"image_shape": (1, 1, 2, 3)}, r"image_shape: expected one to three .*\(got \(1, 1, 2, 3"),
        ({"image_shape": ()}, r"image_shape: expected one to three lengths \(got \(\)\)"),
        (
            {"bounds": (-1.0, 0.5), "train_x": np.zeros((30, 6))},
            r"validation_x: must lie in \[-1, 0\.5\] \(got 0\.\d+ at",
        ),
        (
            {"bounds": (-np.inf, np.inf), "train_x": with_value(np.nan)},
            r"train_x: must be finite \(got nan",
        ),
        (
            {"bounds": (-np.inf, np.inf), "train_x": with_value(1e300)},
            r"train_x: must lie in \[-3\.4\d*e\+38, 3\.4\d*e\+38\] \(got 1e\+300",
        ),
        (
            {"train_x": np.zeros((0, 6)), "train_y": np.zeros(0, int)},
            r"Dataset\.train_x: expected at least one input \(got none",
        ),
    ],
)
def test_refuses(changes, message):
    with pytest.raises(InputError, match=message) as caught:
        make(**changes)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("image_shape", "shape"),
    [((6,), (1, 1, 6)), ((2, 3), (1, 2, 3)), ((3, 2, 1), (3, 2, 1)), ((1, 3, 2), (1, 3, 2))],
)
def test_images_are_the_rows_in_three_dimensions(image_shape, shape):
    made = make(image_shape=image_shape)
    assert made.shape == shape
    for split, n in {"train": 30, "validation": 20, "test": 10}.items():
        images = made.images(split)
        assert images.shape == (n, *shape)
        assert np.shares_memory(images, getattr(made, f"{split}_x"))
    assert np.array_equal(made.images("test")[3].ravel(), made.test_x[3])


def test_images_of_no_split():
    with pytest.raises(InputError, match=r"images\.split: expected one of train, .*\(got 'tset'"):
        make().images("tset")


def test_other_bounds_are_kept_by_a_subset():
    wide = make(bounds=(-2.0, 2.0), train_x=with_value(-1.5))
    assert wide.subset(n_train=10).bounds == (-2.0, 2.0)


def test_empty_validation_and_test_are_allowed():
    none = {"x": np.zeros((0, 6)), "y": np.zeros(0, int)}
    made = make(validation_x=none["x"], validation_y=none["y"], test_x=none["x"], test_y=none["y"])
    assert len(made.validation_y) == len(made.test_y) == 0


def test_subset_takes_balanced_rows_with_their_labels():
    made = make()
    small = made.subset(n_train=8, n_test=4)
    assert [len(small.train_y), len(small.validation_y), len(small.test_y)] == [8, 20, 4]
    assert np.bincount(small.train_y).tolist() == [4, 4]
    for row, label in zip(small.train_x, small.train_y, strict=True):
        (index,) = np.flatnonzero((made.train_x == row).all(axis=1))
        assert made.train_y[index] == label


def test_subset_follows_its_seed():
    made = make()
    same, other = made.subset(n_train=8), made.subset(n_train=8, seed=1)
    assert np.array_equal(made.subset(n_train=8).train_x, same.train_x)
    assert not np.array_equal(other.train_x, same.train_x)


def test_subset_of_everything_is_everything():
    made = make()
    whole = made.subset(n_train=30, n_test=10, n_validation=20)
    assert np.array_equal(whole.train_x, made.train_x)
    assert np.array_equal(whole.test_y, made.test_y)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_train": 31}, r"subset\.n_train: must be an integer from 1 to 30 \(got 31\)"),
        ({"n_train": 0}, r"subset\.n_train: must be an integer from 1 to 30 \(got 0\)"),
        ({"n_test": -1}, r"subset\.n_test: must be an integer from 0 to 10 \(got -1\)"),
        ({"n_validation": 2.5}, r"subset\.n_validation: must be an integer .* \(got 2\.5\)"),
    ],
)
def test_subset_refuses(arguments, message):
    with pytest.raises(InputError, match=message):
        make().subset(**arguments)


def test_hold_out_keeps_the_balance_of_classes():
    labels = np.repeat([0, 1, 2], [50, 30, 20])
    rest, chosen = hold_out(labels, 10)
    assert np.bincount(labels[chosen]).tolist() == [5, 3, 2]
    assert np.array_equal(np.union1d(rest, chosen), np.arange(100))
    assert np.intersect1d(rest, chosen).size == 0


@pytest.mark.parametrize("n", range(12))
def test_hold_out_gives_the_number_asked_for(n):
    labels = np.array([0, 1, 1, 5, 5, 5, 5, 5, 5, 5, 5])
    rest, chosen = hold_out(labels, n)
    assert (len(rest), len(chosen)) == (11 - n, n)
    quota = np.bincount(labels, minlength=6) * n / 11
    assert (np.abs(np.bincount(labels[chosen], minlength=6) - quota) < 1).all()


def test_hold_out_makes_the_choice_that_published_numbers_rest_on():
    labels = np.arange(40) % 4
    _, chosen = hold_out(labels, 8)
    assert chosen.tolist() == [9, 16, 18, 19, 22, 23, 24, 37]


@pytest.mark.parametrize("n", [-1, 6, True, 1.0])
def test_hold_out_refuses(n):
    with pytest.raises(InputError, match=r"hold_out\.n: must be an integer from 0 to 5 \(got"):
        hold_out(np.zeros(5, int), n)
