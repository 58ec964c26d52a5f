"""How an experiment is run: settings, seeds, the folder it writes to, and what a person sees.

An experiment needs `Context`, `Experiment`, `Table`, `require`, and perhaps `roughly` and
`file_name`; the rest serves the command line.
"""

from snn_credit.harness.config import require
from snn_credit.harness.experiment import Context, Experiment, Table
from snn_credit.harness.words import file_name, roughly

__all__ = ["Context", "Experiment", "Table", "file_name", "require", "roughly"]
