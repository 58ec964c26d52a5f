import pytest

from snn_credit.errors import DivergedError, InputError, one_of


def test_an_input_error_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="eta: above 0"):
        raise InputError("eta: above 0 (got -1)")


def test_a_diverged_training_says_when() -> None:
    with pytest.raises(InputError, match="lr: finite") as caught:
        raise DivergedError("lr: finite (got nan at step 3)", 3)
    assert isinstance(caught.value, DivergedError)
    assert caught.value.step == 3
    assert DivergedError("lr: finite").step is None


def test_close_names_are_offered() -> None:
    assert one_of("runtim", ["auto", "runtime"]) == "one of auto, runtime; did you mean runtime?"
    assert one_of("x", ["auto", "runtime"]) == "one of auto, runtime"
