"""Runs on disk: one HDF5 file each, whole whatever happens to the process that writes it."""

from snn_credit.recording.layout import (
    SCHEMA_VERSION,
    Checkpoint,
    Population,
    Synapses,
    Window,
)
from snn_credit.recording.provenance import provenance
from snn_credit.recording.reader import Run, open_run
from snn_credit.recording.update import update
from snn_credit.recording.writer import RunFile

__all__ = [
    "SCHEMA_VERSION",
    "Checkpoint",
    "Population",
    "Run",
    "RunFile",
    "Synapses",
    "Window",
    "open_run",
    "provenance",
    "update",
]
