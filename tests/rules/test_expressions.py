import math

import numpy as np
import pytest
import torch

from snn_credit.errors import InputError
from snn_credit.rules.expressions import FUNCTIONS, expression, functions_for


def test_names_in_order_and_factors():
    parsed = expression("-eta*(a + b)/c*exp(d)")
    assert parsed.names == ("eta", "a", "b", "c", "d")
    assert parsed.factors == {"eta"}


def test_parsed_once():
    assert expression("a*b") is expression("a*b")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_functions_agree_on_all_arrays(function):
    text = f"{function}(a, 0.3, 0.8)" if function == "clip" else f"{function}(a)"
    points = [0.1, 0.5, 1.7]
    on_arrays = expression(text)({"a": np.array(points)}, functions_for(np.zeros(1)))
    on_tensors = expression(text)({"a": torch.tensor(points)}, functions_for(torch.zeros(1)))
    number_among_tensors = expression(text)({"a": points[2]}, functions_for(torch.zeros(1)))
    on_numbers = [expression(text)({"a": point}, functions_for(0.0)) for point in points]
    np.testing.assert_allclose(on_arrays, on_numbers)
    np.testing.assert_allclose(on_tensors, on_arrays, rtol=1e-6)
    assert math.isclose(number_among_tensors, on_numbers[2])


def test_sign_of_numbers_is_that_of_arrays():
    points = (-2.0, 0.0, 3.0)
    found = [expression("sign(a)")({"a": p}, functions_for(p)) for p in points]
    np.testing.assert_array_equal(found, np.sign(points))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a +", r"FA.via: is no expression \(got 'a \+'\)"),
        ("a > b", r"FA.via: only names, numbers, \+ - \* / \*\* and abs, .* \(got 'a > b'\)"),
        ("a.b", "only names"),
        ("'a'", "only names"),
        ("True", "only names"),
        ("1e999", "numbers must be finite"),
        ("a if b else c", "only names"),
        ("a @ b", "only names"),
        ("sin(a)", r"unknown function sin \(knows: abs, clip, exp, log, sign, sqrt, tanh\)"),
        ("exp(a, b)", r"exp takes 1 argument\(s\)"),
        ("clip(a)", r"clip takes 3 argument\(s\)"),
        ("exp", "exp is a function and needs an argument"),
        ("__import__('os')", "unknown function __import__"),
        ("exp(x=a)", "only names"),
    ],
)
def test_refusals(text, message):
    with pytest.raises(InputError, match=message):
        expression(text, "FA.via")


def test_nothing_but_the_table_is_reachable():
    with pytest.raises(NameError):
        expression("a*b")({"a": 1.0}, functions_for(0.0))
