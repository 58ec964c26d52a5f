"""A run goes to NWB and comes back as it was; recordings of others are read."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from run_pairs import assert_same, contents, made

from snn_credit.exchange import read_nwb, write_nwb
from snn_credit.exchange.contents import Contents


@settings(max_examples=25, deadline=None)
@given(contents())
def test_nothing_is_lost(drawn: Contents) -> None:
    with tempfile.TemporaryDirectory() as folder:
        run = made(drawn, Path(folder) / "run.h5")
        write_nwb(run, Path(folder) / "run.nwb")
        assert_same(run, read_nwb(Path(folder) / "run.nwb", Path(folder) / "back.h5"))
