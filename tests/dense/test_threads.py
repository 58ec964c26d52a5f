"""The choice between one thread and several."""

import pytest

from snn_credit.dense.cpp.threads import Threads, available


def shares(threads, seconds, slices=400):
    """Run slices of 100 steps of `seconds[threads]` each; return the share of each number."""
    done = dict.fromkeys(seconds, 0)
    for _ in range(slices):
        parts = threads.parts(100)
        assert sum(steps for _, steps in parts) == 100
        for number, steps in parts:
            done[number] += steps
            threads.took(number, steps, steps * seconds[number])
    return {number: steps / (100 * slices) for number, steps in done.items()}


@pytest.mark.parametrize("seconds", [{1: 1.0, 4: 0.3}, {1: 1.0, 4: 50.0}])
def test_the_faster_does_nearly_all_of_it(seconds):
    fastest = min(seconds, key=seconds.get)
    assert shares(Threads(4), seconds)[fastest] > 0.97


def test_a_machine_that_becomes_free_is_noticed():
    threads = Threads(4)
    shares(threads, {1: 1.0, 4: 50.0})
    assert shares(threads, {1: 1.0, 4: 0.3}, slices=1000)[4] > 0.6


def test_one_thread_is_not_tried_out():
    assert Threads(1).parts(7) == [(1, 7)]


def test_the_environment_sets_the_number(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert available() == 3
    monkeypatch.setenv("SNN_CREDIT_THREADS", "2")
    assert available() == 2
    monkeypatch.setenv("SNN_CREDIT_THREADS", "many")
    assert available() == 3
