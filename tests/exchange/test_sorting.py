"""Spikes by neuron, and those of them whose times seconds cannot say."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from snn_credit.exchange.contents import Contents
from snn_credit.exchange.sorting import sorted_by_neuron
from snn_credit.exchange.times import lost, to_milliseconds
from snn_credit.recording import Population


def test_many_times_that_seconds_cannot_say_take_no_time(tmp_path: Path) -> None:
    """They come from recordings in whole ms, where a tenth of all is so."""
    rng = np.random.default_rng(0)
    ms = np.sort(rng.uniform(1000, 1024, 100_000))
    nodes = rng.integers(0, 7, len(ms))
    contents = Contents({"units": Population(7)}, {"units": [(ms, nodes)]})
    begun = time.perf_counter()
    found = sorted_by_neuron(contents, tmp_path)
    assert time.perf_counter() - begun < 1  # half a minute, if each is looked for anew
    assert len(found.lost) == np.count_nonzero(lost(ms)) > 40_000
    exact = to_milliseconds(found.seconds)
    rows, times = zip(*found.lost, strict=True)
    exact[list(rows)] = times
    np.testing.assert_array_equal(exact, ms[np.argsort(nodes, kind="stable")])
