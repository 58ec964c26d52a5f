"""Times that a simulation makes survive seconds; others are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snn_credit.exchange.times import lost, to_milliseconds, to_seconds


@given(st.floats(min_value=-1e9, max_value=1e9, allow_subnormal=False))
def test_a_product_with_1000_comes_back(seconds: float) -> None:
    made = np.float64(seconds) * 1e3
    assert to_milliseconds(to_seconds(made)) == made
    assert not lost(made)


@given(st.floats(min_value=1e-6, max_value=1e9))
def test_others_come_back_as_a_neighbour(time_ms: float) -> None:
    error = abs(to_milliseconds(to_seconds(time_ms)) - time_ms)
    assert error <= np.spacing(time_ms)
    assert (error > 0) == lost(time_ms)


@pytest.mark.parametrize("step_s", [1e-3, 1e-4, 2.5e-5, 3e-4])
def test_a_million_steps(step_s: float) -> None:
    assert not lost((np.arange(1_000_000) * step_s) * 1e3).any()


def test_half_of_those_from_1000_to_1024_are_lost() -> None:
    assert lost(1001.0)
    between = np.random.default_rng(0).uniform(1000, 1024, 100_000)
    assert 0.48 < lost(between).mean() < 0.52
    assert not lost(np.random.default_rng(0).uniform(1024, 2000, 100_000)).any()
