"""A small net with two hidden layers, and sums written as loops, which no rule's code shares."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from snn_credit.rules.net import Net

SIZES = (3, 2, 4, 2)
BATCH = 3


def _net(sizes: tuple[int, ...] = SIZES, seed: int = 0) -> Net:
    """Every name that any rule needs, in every place where it may exist."""
    random = np.random.default_rng(seed)
    top = len(sizes) - 1
    layers = []
    for at, n in enumerate(sizes):
        layer = {"h": random.normal(size=(BATCH, n))}
        if at == 0:
            layer["x"] = layer["h"].copy()
        else:
            layer["df"] = random.uniform(0.2, 1.0, size=(BATCH, n))
        if at == top:
            layer["err"] = random.normal(size=(BATCH, n))
            layer["ystar"] = np.eye(n)[random.integers(n, size=BATCH)]
        if at > 0:
            layer["noise"] = random.normal(size=(BATCH, n)) * 0.01
            layer["du"] = random.normal(size=(BATCH, n))
        layers.append(layer)
    forward = {}
    for at in range(1, top + 1):
        shape = (sizes[at], sizes[at - 1])
        names = ("w",) if at == 1 else ("w", "b", "s", "west")
        forward[at] = {name: random.normal(size=shape) for name in names}
        if at > 1:
            forward[at]["mask"] = (random.random(shape) < 0.5).astype(float)
    positive = {at: random.normal(size=(sizes[at], sizes[at])) for at in range(2, top + 1)}
    return Net(
        layers=layers,
        forward=forward,
        bias={at: random.normal(size=sizes[at]) for at in range(1, top + 1)},
        direct={
            (here, there): {
                name: random.normal(size=(sizes[there], sizes[here])) for name in ("b", "s")
            }
            for here in range(top)
            for there in range(here + 1, top + 1)
        },
        own={at: {"v": matrix @ matrix.T} for at, matrix in positive.items()},
        shared={"dL": random.normal(size=(BATCH, 1)) * 0.01},
    )


def _down(matrix: np.ndarray, there: np.ndarray) -> np.ndarray:
    """B d: what a layer receives of the one above, matrix (n_above, n_here)."""
    out = np.zeros((there.shape[0], matrix.shape[1]))
    for example in range(there.shape[0]):
        for here in range(matrix.shape[1]):
            for above in range(matrix.shape[0]):
                out[example, here] += matrix[above, here] * there[example, above]
    return out


def _up(matrix: np.ndarray, there: np.ndarray) -> np.ndarray:
    """W h: what a layer receives of the one below, matrix (n_here, n_below)."""
    out = np.zeros((there.shape[0], matrix.shape[0]))
    for example in range(there.shape[0]):
        for here in range(matrix.shape[0]):
            for below in range(matrix.shape[1]):
                out[example, here] += matrix[here, below] * there[example, below]
    return out


def _outer(post: np.ndarray, pre: np.ndarray) -> np.ndarray:
    """Mean over the batch of post * pre, (n_post, n_pre)."""
    out = np.zeros((post.shape[1], pre.shape[1]))
    for example in range(post.shape[0]):
        for k in range(post.shape[1]):
            for i in range(pre.shape[1]):
                out[k, i] += post[example, k] * pre[example, i] / post.shape[0]
    return out


@pytest.fixture
def net() -> Net:
    return _net()


@pytest.fixture(name="make_net")
def make_net_fixture():
    return _net


@pytest.fixture
def loops() -> SimpleNamespace:
    return SimpleNamespace(down=_down, up=_up, outer=_outer)


@pytest.fixture
def chain(loops):
    """delta of each layer by the chain with slopes, from the feedback of layers 2..L."""

    def deltas(net: Net, feedback: dict[int, np.ndarray]) -> dict[int, np.ndarray]:
        top = len(net.layers) - 1
        delta = {top: net.layers[top]["err"] * net.layers[top]["df"]}
        for at in range(top - 1, 0, -1):
            delta[at] = loops.down(feedback[at + 1], delta[at + 1]) * net.layers[at]["df"]
        return delta

    return deltas


@pytest.fixture
def assert_learns(loops):
    """Check the changes of w and of the biases against -eta post h' - lam w, layer by layer."""

    def check(net: Net, changes, post: dict[int, np.ndarray], eta: float, lam: float = 0.0) -> None:
        assert set(changes.bias) == set(post)
        for at, factor in post.items():
            expected = -eta * loops.outer(factor, net.layers[at - 1]["h"])
            expected -= lam * net.forward[at]["w"]
            np.testing.assert_allclose(changes.forward[at]["w"], expected, rtol=1e-12, atol=1e-15)
            bias = -eta * factor.mean(0) - lam * net.bias[at]
            np.testing.assert_allclose(changes.bias[at], bias, rtol=1e-12, atol=1e-15)

    return check


@pytest.fixture
def targets():
    """What perturbations say of a layer's dLoss/dh (Lansdell et al. 2020, eq 2)."""

    def estimates(net: Net, at: int, sig: float) -> np.ndarray:
        return net.shared["dL"] * net.layers[at]["noise"] / sig**2

    return estimates


@pytest.fixture
def direct_delta(loops):
    """delta of each layer by the output's, straight through feedback that skips layers."""

    def deltas(net: Net) -> dict[int, np.ndarray]:
        top = len(net.layers) - 1
        sent = net.layers[top]["err"] * net.layers[top]["df"]
        told = {at: loops.down(net.direct[at, top]["b"], sent) for at in range(1, top)}
        return {**{at: each * net.layers[at]["df"] for at, each in told.items()}, top: sent}

    return deltas
