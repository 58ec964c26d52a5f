import hashlib
import subprocess
import sys

import numpy as np
from sklearn.datasets import load_digits

from snn_credit.data import digits, load


def test_splits_have_their_sizes_and_every_class():
    made = digits.load()
    assert [len(made.train_y), len(made.validation_y), len(made.test_y)] == [1257, 180, 360]
    assert (made.image_shape, made.classes, made.features) == ((8, 8), 10, 64)
    for y in (made.train_y, made.validation_y, made.test_y):
        share = np.bincount(y, minlength=10) / len(y)
        assert (np.abs(share - 0.1) < 0.01).all()


def test_splits_share_no_row_and_hold_all_of_them():
    made = digits.load()
    x = np.concatenate([made.train_x, made.validation_x, made.test_x])
    y = np.concatenate([made.train_y, made.validation_y, made.test_y])
    original_x, original_y = load_digits(return_X_y=True)
    ours = sorted((row.tobytes(), label) for row, label in zip(x * 16, y, strict=True))
    theirs = sorted(
        (row.astype(np.float32).tobytes(), label)
        for row, label in zip(original_x, original_y, strict=True)
    )
    assert ours == theirs


def test_split_is_always_the_same_one():
    first, second = digits.load(), load("digits")
    assert np.array_equal(first.test_x, second.test_x)
    digest = hashlib.sha256(first.test_y.astype(np.uint8).tobytes()).hexdigest()
    assert digest == "ab2998c6554bb50400e60f0ab3f7fc082cda8c8f5cd40a4535f5d5b274fba05a"


def test_they_come_from_the_file_or_from_scikit_learn(monkeypatch):
    by_file = digits._table()
    monkeypatch.setattr(digits, "find_spec", lambda _: None)
    assert np.array_equal(by_file, digits._table())


def test_loading_them_does_not_import_scikit_learn():
    code = "import sys; from snn_credit.data import load; load('digits')"
    code += "; print('sklearn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
