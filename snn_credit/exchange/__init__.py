"""Runs to and from the formats of other tools: SONATA, Neo, NWB; tables for pandas and xarray."""

from snn_credit.exchange.nwb_reader import read_nwb
from snn_credit.exchange.nwb_writer import write_nwb

__all__ = ["read_nwb", "write_nwb"]
