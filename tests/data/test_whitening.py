import numpy as np
import pytest

from snn_credit.data import Dataset, whitened
from snn_credit.errors import InputError


def correlated(n: int = 400, features: int = 6, seed: int = 0) -> Dataset:
    """Inputs in [0, 1] with correlations, in two classes."""
    rng = np.random.default_rng(seed)
    mixing = rng.normal(size=(features, features))
    x = 0.5 + 0.02 * rng.normal(size=(2 * n, features)) @ mixing
    y = np.arange(2 * n) % 2
    return Dataset("made", x[:n], y[:n], x[:0], y[:0], x[n:], y[n:], 2, (1, 2, 3))


def test_training_inputs_become_white():
    data = correlated()
    white = whitened(data, epsilon=0)
    np.testing.assert_allclose(np.cov(white.train_x.T), np.eye(6), atol=1e-3)
    np.testing.assert_allclose(white.train_x.mean(axis=0), 0, atol=1e-4)
    assert np.abs(np.cov(data.train_x.T) / data.train_x.var() - np.eye(6)).max() > 0.2


def test_epsilon_leaves_each_direction_with_its_share():
    data = correlated()
    variances, directions = np.linalg.eigh(np.cov(data.train_x.T.astype(np.float64)))
    found = directions.T @ np.cov(whitened(data, epsilon=1e-3).train_x.T) @ directions
    np.testing.assert_allclose(found, np.diag(variances / (variances + 1e-3)), atol=1e-4)


def test_of_all_whitenings_it_is_the_one_that_changes_least():
    # ZCA's matrix is symmetric; PCA's, for one, is not.
    data = correlated()
    white = whitened(data, epsilon=0).train_x.astype(np.float64)
    centred = data.train_x - data.train_x.mean(axis=0)
    matrix = np.linalg.lstsq(centred, white, rcond=None)[0]
    np.testing.assert_allclose(matrix, matrix.T, atol=2e-2)
    assert np.linalg.eigvalsh(matrix).min() > 0


def test_the_test_set_is_transformed_by_the_training_set():
    data, other = correlated(), correlated(seed=1)
    mixed = Dataset(
        "made", data.train_x, data.train_y, other.train_x, other.train_y, data.train_x,
        data.train_y, 2, (6,),
    )  # fmt: skip
    white = whitened(mixed)
    np.testing.assert_array_equal(white.test_x, white.train_x)
    np.testing.assert_array_equal(white.train_x, whitened(data).train_x)
    assert np.abs(np.cov(whitened(mixed, 0).validation_x.T) - np.eye(6)).max() > 0.1


def test_the_rest_stays_as_it_was():
    data = correlated()
    white = whitened(data)
    assert (white.name, white.shape, white.classes) == ("made-whitened", (1, 2, 3), 2)
    assert white.bounds == (-np.inf, np.inf)
    np.testing.assert_array_equal(white.test_y, data.test_y)
    assert white.train_x.dtype == np.float32
    assert len(white.validation_x) == 0


def test_pixels_that_never_vary_need_an_epsilon():
    data = correlated()
    x = data.train_x.copy()
    x[:, 2] = 0.5
    flat = Dataset("made", x, data.train_y, x, data.train_y, x, data.train_y, 2, (6,))
    np.testing.assert_allclose(whitened(flat).train_x[:, 2], 0, atol=1e-5)
    with pytest.raises(InputError, match=r"epsilon: must be > 0, as the inputs of made .*\(got 0"):
        whitened(flat, epsilon=0)


@pytest.mark.parametrize("epsilon", [-0.1, np.nan, np.inf])
def test_epsilon_is_a_number(epsilon):
    with pytest.raises(InputError, match=r"epsilon: must be a finite number >= 0 \(got"):
        whitened(correlated(), epsilon)
