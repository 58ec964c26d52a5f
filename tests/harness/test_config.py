from dataclasses import dataclass
from typing import Any, Literal

import pytest

from snn_credit.errors import InputError
from snn_credit.harness.config import from_plain, require, to_plain, with_settings


@dataclass(frozen=True)
class Config:
    epochs: int = 3
    eta: float = 0.1
    bias: bool = True
    rule: str = "FA"
    sizes: tuple[int, ...] = (64, 100, 10)
    span: tuple[float, float] = (0.0, 1.0)
    limit: int | None = None
    name: str | None = None
    dtype: Literal["float32", "float64"] = "float32"


@pytest.mark.parametrize(
    ("setting", "key", "value"),
    [
        ("epochs=12", "epochs", 12),
        ("eta=1e-3", "eta", 1e-3),
        ("eta=1", "eta", 1.0),
        ("bias=no", "bias", False),
        ("bias=True", "bias", True),
        ("rule=a=b", "rule", "a=b"),
        ("sizes=784,300,10", "sizes", (784, 300, 10)),
        ("sizes=(5, 6)", "sizes", (5, 6)),
        ("sizes=7", "sizes", (7,)),
        ("span=-1,2.5", "span", (-1.0, 2.5)),
        ("limit=5", "limit", 5),
        ("limit=none", "limit", None),
        ("name=none", "name", None),
        ("name=x", "name", "x"),
        ("dtype=float64", "dtype", "float64"),
    ],
)
def test_a_value_is_read_as_its_field_says(setting: str, key: str, value: object) -> None:
    found = getattr(with_settings(Config(limit=1, name="n"), [setting]), key)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("epochs", r"^--set: key=value \(got 'epochs'\)$"),
        ("epoch=1", r"^--set: one of epochs, .*did you mean epochs\? \(got 'epoch'\)$"),
        ("epochs=x", r"^--set epochs: a whole number \(got 'x'\)$"),
        ("epochs=1.5", r"^--set epochs: a whole number \(got '1.5'\)$"),
        ("eta=nan", r"^--set eta: a finite number \(got 'nan'\)$"),
        ("eta=", r"^--set eta: a finite number \(got ''\)$"),
        ("bias=2", r"^--set bias: true or false \(got '2'\)$"),
        ("sizes=1,x", r"^--set sizes: a whole number, or several .* \(got '1,x'\)$"),
        ("span=1", r"^--set span: a finite number and a finite number, .* \(got '1'\)$"),
        ("limit=x", r"^--set limit: a whole number or none \(got 'x'\)$"),
        ("dtype=int", r"^--set dtype: one of float32, float64 \(got 'int'\)$"),
    ],
)
def test_what_cannot_be_read_is_refused(setting: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        with_settings(Config(), [setting])


def test_the_last_of_two_settings_counts() -> None:
    assert with_settings(Config(), ["epochs=1", "epochs=2"]).epochs == 2


def test_plain_and_back() -> None:
    config = Config(limit=4, sizes=(1, 2))
    assert to_plain(config)["sizes"] == [1, 2]
    assert from_plain(Config, to_plain(config)) == config


def test_what_is_required_of_settings() -> None:
    def positive(*names: str, **changes: Any) -> None:
        require(Config(**changes), names, lambda value: value > 0, "a number above 0")

    positive("epochs", "eta", "sizes", "limit")
    with pytest.raises(InputError, match=r"^epochs: a number above 0 \(got 0\)$"):
        positive("eta", "epochs", epochs=0)
    with pytest.raises(InputError, match=r"^sizes: a number above 0 \(got 5, 0, 6\)$"):
        positive("sizes", sizes=(5, 0, 6))
    with pytest.raises(InputError, match=r"^eta: a number above 0 \(got nan\)$"):
        positive("eta", eta=float("nan"))
