import numpy as np
import pytest

from snn_credit.rules.interpreter import Interpreter
from snn_credit.rules.pseudobackprop import PSEUDOBACKPROP, transposed_pseudoinverse


def test_feedback_is_the_pseudoinverse(net, chain, assert_learns):
    interpreter = Interpreter(PSEUDOBACKPROP)
    interpreter.run_hosts(net, "start")
    for at in (2, 3):
        w, inverse = net.forward[at]["w"], net.forward[at]["b"].T
        # the four conditions of Penrose
        np.testing.assert_allclose(w @ inverse @ w, w, atol=1e-12)
        np.testing.assert_allclose(inverse @ w @ inverse, inverse, atol=1e-12)
        np.testing.assert_allclose((w @ inverse).T, w @ inverse, atol=1e-12)
        np.testing.assert_allclose((inverse @ w).T, inverse @ w, atol=1e-12)
    post = chain(net, {at: net.forward[at]["b"] for at in (2, 3)})
    assert_learns(net, interpreter.step(net), post, PSEUDOBACKPROP.rates["eta"])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_rounding_is_no_direction(dtype):
    """One of rank one, as after learning a single pair, and as rounding makes of it."""
    random = np.random.default_rng(0)
    up, down = random.normal(size=10).astype(dtype), random.normal(size=20).astype(dtype)
    w = np.zeros((10, 20), dtype)
    for _ in range(100):
        w += dtype(0.01) * np.outer(up, down)
    values = np.linalg.svd(w, compute_uv=False)
    assert 0 < values[1] / values[0] < 20 * np.finfo(dtype).eps
    exact = np.outer(up, down) / (up @ up * (down @ down))
    found = transposed_pseudoinverse(None, w)
    np.testing.assert_allclose(found, exact, rtol=100 * np.finfo(dtype).eps, atol=1e-6)
