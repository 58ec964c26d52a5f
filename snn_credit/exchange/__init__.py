"""Runs to and from the formats of other tools: SONATA, Neo, NWB; tables for pandas and xarray."""

from snn_credit.exchange.neo_reader import from_neo
from snn_credit.exchange.neo_writer import to_neo
from snn_credit.exchange.nwb_reader import read_nwb
from snn_credit.exchange.nwb_writer import write_nwb
from snn_credit.exchange.sonata import read_sonata, write_sonata
from snn_credit.exchange.tables import (
    metrics_frame,
    result_frame,
    spikes_frame,
    stream_frame,
    traces_array,
    weights_array,
)

__all__ = [
    "from_neo",
    "metrics_frame",
    "read_nwb",
    "read_sonata",
    "result_frame",
    "spikes_frame",
    "stream_frame",
    "to_neo",
    "traces_array",
    "weights_array",
    "write_nwb",
    "write_sonata",
]
