"""Formulas keep their value and lose their needless parentheses."""

import doctest

import pytest

from snn_credit.rules.expressions import expression, functions_for
from snn_credit.spiking.plasticity import formulas
from snn_credit.spiking.plasticity.formulas import (
    coefficient,
    negative,
    product,
    rename,
    split,
    total,
)


def test_examples_in_the_docstrings() -> None:
    result = doctest.testmod(formulas)
    assert result.attempted >= 4
    assert result.failed == 0


@pytest.mark.parametrize(
    ("factors", "over", "expected"),
    [
        (("(w)", "delta"), None, "w*delta"),
        (("learn", "-eta", "-(a - b)"), None, "learn*eta*(a - b)"),
        (("learn", "dL*noise/sig**2"), "s", "learn*dL*noise/sig**2/s"),
        (("1", "1"), None, "1"),
        (("-1", "a"), None, "-a"),
        (("g", "-a + b"), None, "g*(-a + b)"),
    ],
)
def test_product(factors: tuple[str, ...], over: str | None, expected: str) -> None:
    assert product(*factors, over=over) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("w", "w*s"),
        ("w**2", "(w*s)**2"),
        ("1/w", "1/(w*s)"),
        ("b - w", "b - w*s"),
        ("-w", "-(w*s)"),
    ],
)
def test_rename(text: str, expected: str) -> None:
    assert rename(text, {"w": "w*s"}) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lam*b", "lam"),
        ("b", "1"),
        ("2*b/tau", "2/tau"),
        ("b*(a + c)", "a + c"),
        ("-b*a", "-1*a"),
        ("lam*b*b", None),
        ("lam*b*abs(b)", None),
        ("lam*(b - w)", None),
        ("lam*b - w", None),
        ("lam/b", None),
    ],
)
def test_coefficient(text: str, expected: str | None) -> None:
    assert coefficient(text, "b") == expected


def test_total() -> None:
    assert total() == "0"
    assert total("a", negative("b*c"), negative("-d")) == "a - b*c + d"


SPLITS = [
    ("dL", "1", ""),
    ("-dL", "-1", ""),
    ("dL*noise/sig**2", "noise/sig**2", ""),
    ("dL*noise/sig**2 - fb", "noise/sig**2", "-fb"),
    ("dL*noise - sig**2*fb", "noise", "-sig**2*fb"),
    ("fb - dL*noise", "-noise", "fb"),
    ("-(fb - dL*noise)", "noise", "-fb"),
    ("a*dL + b*dL - c", "a + b", "-c"),
    ("a - (b - (c - dL*d))", "-d", "a - b + c"),
    ("-dL*noise + fb", "-1*noise", "fb"),
    ("(a + b)*dL + (c - d)*e", "a + b", "(c - d)*e"),
    ("a + b", "0", "a + b"),
]


@pytest.mark.parametrize(("text", "multiplied", "rest"), SPLITS)
def test_split(text: str, multiplied: str, rest: str) -> None:
    values = {
        "dL": 1.7,
        "noise": 0.3,
        "sig": 0.9,
        "fb": -2.1,
        "a": 0.7,
        "b": -0.4,
        "c": 1.1,
        "d": 0.6,
        "e": -1.3,
    }
    found = split(text, "dL")
    assert found is not None

    def value(of: str) -> float:
        return expression(of)(values, functions_for(0.0))

    assert value(found[0]) == pytest.approx(value(multiplied))
    assert value(found[1] or "0") == pytest.approx(value(rest or "0"))
    assert value(f"dL*({found[0]}) + ({found[1] or 0})") == pytest.approx(value(text))
    assert (not found[1]) == (not rest)


@pytest.mark.parametrize(
    "text", ["dL**2", "dL*dL", "exp(dL)", "1/dL", "(dL - a)*b", "dL*a - dL/dL"]
)
def test_what_cannot_be_split(text: str) -> None:
    assert split(text, "dL") is None
