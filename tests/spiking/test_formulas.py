"""Formulas keep their value and lose their needless parentheses."""

import doctest

import pytest

from snn_credit.spiking.plasticity import formulas
from snn_credit.spiking.plasticity.formulas import coefficient, negative, product, rename, total


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
