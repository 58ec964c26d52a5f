import dataclasses

import numpy as np

from snn_credit.data.made_images import made_images
from snn_credit.data.standardised import each_standardised


def test_every_image_has_mean_0_and_deviation_1():
    data = made_images((3, 6, 5), train=30, validation=0)
    found = each_standardised(data)
    assert found.name == "made-standardised"
    np.testing.assert_allclose(found.train_x.mean(1), 0, atol=1e-6)
    np.testing.assert_allclose(found.test_x.std(1), 1, rtol=1e-5)
    assert found.validation_x.shape == (0, 90)
    for x, z in zip(data.train_x, found.train_x, strict=True):
        assert np.corrcoef(x, z)[0, 1] > 0.9999
    np.testing.assert_array_equal(found.train_y, data.train_y)


def test_an_image_does_not_depend_on_others():
    data = made_images((1, 4, 4), train=10)
    fewer = dataclasses.replace(data, train_x=data.train_x[:3], train_y=data.train_y[:3])
    np.testing.assert_array_equal(
        each_standardised(fewer).train_x, each_standardised(data).train_x[:3]
    )


def test_an_image_without_contrast_is_0():
    data = made_images((1, 4, 4), train=2)
    flat = dataclasses.replace(data, train_x=np.full_like(data.train_x, 0.3))
    np.testing.assert_allclose(each_standardised(flat).train_x, 0, atol=1e-5)
