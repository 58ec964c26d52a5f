"""Functions to learn: the synthetic tasks of Lillicrap et al. 2016.

A task draws inputs and targets without end. Its target function and its examples come from one
seed, so two tasks of the same seed give the same function and the same sequence of examples, and
every learner sees the same ones.

Source: Lillicrap et al. 2016, Nature Communications 7:13276, doi:10.1038/ncomms13276, Methods and
Supplementary Note 4.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from snn_credit.data.checks import check_count
from snn_credit.errors import InputError

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Task:
    """A function with a distribution of its inputs.

    Attributes
    ----------
    name : str
        What it is.
    n_in, n_out : int
        Lengths of an input and of a target.
    inputs : callable
        A generator and n -> inputs (n, n_in).
    function : callable
        Inputs (n, n_in) -> targets (n, n_out).
    random : numpy.random.Generator
        What examples are drawn from, if `draw` is given no other.
    """

    name: str
    n_in: int
    n_out: int
    inputs: Callable[[np.random.Generator, int], Array]
    function: Callable[[Array], Array]
    random: np.random.Generator = field(repr=False)

    def draw(self, n: int, random: np.random.Generator | None = None) -> tuple[Array, Array]:
        """Draw the next n examples.

        Parameters
        ----------
        n : int
            How many, n >= 1.
        random : numpy.random.Generator, optional
            Another source of inputs, which leaves the task's own sequence where it is: for a test
            set, say.

        Returns
        -------
        x : ndarray of float64, shape (n, n_in)
        y : ndarray of float64, shape (n, n_out)

        Raises
        ------
        InputError
            n is no integer above 0.
        """
        check_count("draw.n", n, 1, 2**31)
        x = self.inputs(self.random if random is None else random, n)
        return x, self.function(x)


def linear(seed: int = 0, n_in: int = 30, n_out: int = 10) -> Task:
    """Make the linear function of Fig 2: ``y = T x``.

    T (n_out, n_in) is uniform on [-1, 1], x is normal with mean 0 and covariance I.
    """
    _check_sizes("linear", (n_in, n_out))
    function, examples = _generators(seed)
    t = function.uniform(-1.0, 1.0, (n_out, n_in))
    return Task("linear", n_in, n_out, _normal(n_in), lambda x: x @ t.T, examples)


def teacher(seed: int = 0, sizes: Sequence[int] = (30, 20, 10, 10), scale: float = 0.5) -> Task:
    """Make the target network of Fig 3d: ``y = W2 tanh(W1 tanh(W0 x + b0) + b1) + b2``.

    Weights are uniform on [-scale, scale], x is normal with mean 0 and covariance I. Biases are
    uniform too (Supplementary Note 3); on which range the paper does not say: here, the weights'.

    Parameters
    ----------
    seed : int
    sizes : sequence of int
        Of the layers, inputs first: tanh in all but the last, which is linear.
    scale : float
        The paper's alpha.

    Raises
    ------
    InputError
        There are fewer than two layers, a size is below 1, or the scale is not above 0.
    """
    _check_sizes("teacher", sizes)
    if not 0 < scale < np.inf:
        raise InputError(f"teacher.scale: must be a finite number > 0 (got {scale})")
    function, examples = _generators(seed)
    layers = [
        (function.uniform(-scale, scale, (post, pre)), function.uniform(-scale, scale, post))
        for pre, post in itertools.pairwise(sizes)
    ]

    def answer(x: Array) -> Array:
        *hidden, (w, b) = layers
        for w_l, b_l in hidden:
            x = np.tanh(x @ w_l.T + b_l)
        return x @ w.T + b

    return Task("teacher", sizes[0], sizes[-1], _normal(sizes[0]), answer, examples)


def quadratic(seed: int = 0, n_in: int = 20, n_out: int = 20) -> Task:
    """Make the quadratic function of Fig 5: ``y_k = x' Q_k x``.

    Q (n_out, n_in, n_in) is uniform on [-0.5, 0.5], x on [-2, 2].
    """
    _check_sizes("quadratic", (n_in, n_out))
    function, examples = _generators(seed)
    q = function.uniform(-0.5, 0.5, (n_out, n_in, n_in))

    def inputs(random: np.random.Generator, n: int) -> Array:
        return random.uniform(-2.0, 2.0, (n, n_in))

    def answer(x: Array) -> Array:
        # (n, n_out, n_in) by one product of matrices, then a sum over the last index.
        products = (x @ q.reshape(-1, n_in).T).reshape(len(x), n_out, n_in)
        return np.einsum("nki,ni->nk", products, x)

    return Task("quadratic", n_in, n_out, inputs, answer, examples)


#: The four cases, an input a row.
XOR_X: Array = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
XOR_X.setflags(write=False)


def xor(seed: int = 0) -> Task:
    """Make exclusive or (Supplementary Note 4): inputs are the four rows of `XOR_X`, y is 0 or 1.

    Each draw is any of the four. All of them at once are `XOR_X` and ``xor().function(XOR_X)``.
    """
    _, examples = _generators(seed)

    def inputs(random: np.random.Generator, n: int) -> Array:
        return XOR_X[random.integers(4, size=n)]

    def answer(x: Array) -> Array:
        return (x[:, :1] != x[:, 1:]).astype(np.float64)

    return Task("xor", 2, 1, inputs, answer, examples)


def _generators(seed: int) -> tuple[np.random.Generator, np.random.Generator]:
    """One generator for the function and one for the examples, independent of one another."""
    check_count("task.seed", seed, 0, 2**63 - 1)
    function, examples = np.random.default_rng(seed).spawn(2)
    return function, examples


def _normal(n_in: int) -> Callable[[np.random.Generator, int], Array]:
    return lambda random, n: random.standard_normal((n, n_in))


def _check_sizes(task: str, sizes: Sequence[int]) -> None:
    if len(sizes) < 2:
        raise InputError(f"{task}.sizes: expected two layers or more (got {tuple(sizes)})")
    for size in sizes:
        check_count(f"{task}.sizes", size, 1, 2**31)
