import dataclasses

import numpy as np
import pytest

from snn_credit.data import load
from snn_credit.data.standardised import standardised
from snn_credit.errors import InputError


def test_training_inputs_have_mean_0_and_standard_deviation_1():
    data = load("digits")
    found = standardised(data)
    assert found.train_x.dtype == np.float32
    assert found.train_x.mean(dtype=float) == pytest.approx(0, abs=1e-6)
    assert found.train_x.std(dtype=float) == pytest.approx(1, abs=1e-6)
    # The same straight line for all pixels of all splits, found on the training set.
    sd, mean = data.train_x.std(dtype=float), data.train_x.mean(dtype=float)
    for split in ("train", "validation", "test"):
        back = getattr(found, f"{split}_x") * sd + mean
        np.testing.assert_allclose(back, getattr(data, f"{split}_x"), atol=1e-6)
    assert (found.name, found.shape, found.classes) == (data.name, data.shape, data.classes)


def test_inputs_that_do_not_differ():
    data = load("digits")
    flat = dataclasses.replace(data, train_x=np.full_like(data.train_x, 0.5))
    with pytest.raises(InputError, match=r"^data: inputs that differ \(got 0\.5 throughout in dig"):
        standardised(flat)
