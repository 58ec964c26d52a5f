"""The synthetic tasks: their functions by other arithmetic, their inputs against theory."""

import numpy as np
import pytest

from snn_credit.data import tasks
from snn_credit.errors import InputError

MAKERS = {
    "linear": tasks.linear,
    "teacher": tasks.teacher,
    "quadratic": tasks.quadratic,
    "xor": tasks.xor,
}
SIZES = {"linear": (30, 10), "teacher": (30, 10), "quadratic": (20, 20), "xor": (2, 1)}


@pytest.mark.parametrize("name", MAKERS)
def test_shapes(name):
    task = MAKERS[name]()
    x, y = task.draw(7)
    assert (task.name, task.n_in, task.n_out) == (name, *SIZES[name])
    assert (x.shape, y.shape) == ((7, task.n_in), (7, task.n_out))
    assert x.dtype == y.dtype == np.float64


@pytest.mark.parametrize("name", MAKERS)
def test_a_seed_gives_the_function_and_the_sequence(name):
    first, second, other = MAKERS[name](3), MAKERS[name](3), MAKERS[name](4)
    whole, _ = first.draw(40)
    parts = np.concatenate([second.draw(15)[0], second.draw(25)[0]])
    np.testing.assert_array_equal(whole, parts)
    assert not np.array_equal(whole, other.draw(40)[0])
    x = np.random.default_rng(0).normal(size=(20, first.n_in))
    np.testing.assert_array_equal(first.function(x), second.function(x))
    assert name == "xor" or not np.allclose(first.function(x), other.function(x))


@pytest.mark.parametrize("name", MAKERS)
def test_another_source_of_inputs_leaves_the_sequence_alone(name):
    plain, tested = MAKERS[name](5), MAKERS[name](5)
    test_x, test_y = tested.draw(100, np.random.default_rng(9))
    np.testing.assert_array_equal(tested.function(test_x), test_y)
    np.testing.assert_array_equal(tested.draw(100, np.random.default_rng(9))[0], test_x)
    np.testing.assert_array_equal(plain.draw(10)[0], tested.draw(10)[0])


def test_the_linear_function_is_linear_with_weights_within_one():
    task = tasks.linear(1)
    t = task.function(np.eye(30)).T
    assert t.shape == (10, 30)
    assert np.abs(t).max() < 1
    # Of a uniform distribution on [-1, 1].
    assert t.var() == pytest.approx(1 / 3, rel=0.15)
    assert t.mean() == pytest.approx(0, abs=0.1)
    x, y = task.draw(50)
    np.testing.assert_allclose(y, np.stack([t @ row for row in x]))


@pytest.mark.parametrize("name", ["linear", "teacher"])
def test_inputs_are_white(name):
    x, _ = MAKERS[name](0).draw(20_000)
    np.testing.assert_allclose(x.mean(axis=0), 0, atol=0.04)
    np.testing.assert_allclose(np.cov(x.T), np.eye(30), atol=0.05)
    # Normal: the fourth moment is 3, that of a uniform variable 1.8.
    assert np.mean(x**4) == pytest.approx(3, rel=0.03)


def test_the_teacher_is_a_network_of_three_layers():
    task = tasks.teacher(2)
    random = np.random.default_rng(2).spawn(2)[0]
    x, y = task.draw(20)
    h = x
    for layer, (pre, post) in enumerate(((30, 20), (20, 10), (10, 10))):
        w, b = random.uniform(-0.5, 0.5, (post, pre)), random.uniform(-0.5, 0.5, post)
        h = np.stack([w @ row + b for row in h])
        h = np.tanh(h) if layer < 2 else h
    np.testing.assert_allclose(y, h)
    # The output is linear in the second hidden layer, so it may exceed 1; the range is 0.5 times.
    assert np.abs(y).max() <= 10 * 0.5 + 0.5


def test_the_teachers_scale_bounds_its_weights():
    small = tasks.teacher(0, scale=1e-4)
    bias = small.function(np.zeros((1, 30)))
    assert 0 < np.abs(bias).max() < 1.1e-4


def test_depth_of_the_teacher_is_free():
    task = tasks.teacher(0, (5, 3))
    x = np.eye(5)
    y, origin = task.function(x), task.function(0 * x[:1])
    np.testing.assert_allclose(task.function(x.sum(0, keepdims=True)) + 4 * origin, y.sum(0)[None])


def test_the_quadratic_function():
    task = tasks.quadratic(1, 6, 3)
    x, y = task.draw(40)
    assert np.abs(x).max() < 2
    assert tasks.quadratic(1).draw(5000)[0].var() == pytest.approx(16 / 12, rel=0.02)
    # Q by what it makes of unit vectors and their sums.
    unit = task.function(np.eye(6))
    pairs = {(i, j): np.eye(6)[[i]] + np.eye(6)[[j]] for i in range(6) for j in range(i)}
    expected = np.einsum("ni,ik->nk", x**2, unit)
    for (i, j), both in pairs.items():
        mixed = task.function(both)[0] - unit[i] - unit[j]
        assert np.abs(mixed).max() < 1
        expected += (x[:, i] * x[:, j])[:, None] * mixed
    np.testing.assert_allclose(y, expected, atol=1e-12)
    assert np.abs(unit).max() < 0.5
    np.testing.assert_allclose(task.function(-x), y)


def test_exclusive_or():
    task = tasks.xor()
    assert task.function(tasks.XOR_X).tolist() == [[0], [1], [1], [0]]
    x, y = task.draw(4000)
    assert ((x[:, 0] + x[:, 1]) % 2 == y[:, 0]).all()
    counts = np.bincount((2 * x[:, 0] + x[:, 1]).astype(int), minlength=4)
    np.testing.assert_allclose(counts, 1000, atol=120)
    with pytest.raises(ValueError, match="read-only"):
        tasks.XOR_X[0] = 1


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: tasks.linear(-1), r"task\.seed: must be an integer from 0 to \d+ \(got -1\)"),
        (lambda: tasks.linear(0, 0), r"linear\.sizes: must be an integer from 1 .*\(got 0\)"),
        (lambda: tasks.quadratic(0, 2, 1.5), r"quadratic\.sizes: must be an int.*\(got 1\.5\)"),
        (lambda: tasks.teacher(0, (3,)), r"teacher\.sizes: expected two layers .*\(got \(3,\)\)"),
        (lambda: tasks.teacher(scale=0), r"teacher\.scale: must be a finite .*\(got 0\)"),
        (lambda: tasks.teacher(scale=np.nan), r"teacher\.scale: must be a finite .*\(got nan\)"),
        (lambda: tasks.xor().draw(0), r"draw\.n: must be an integer from 1 to \d+ \(got 0\)"),
    ],
)
def test_refuses(make, message):
    with pytest.raises(InputError, match=message):
        make()
