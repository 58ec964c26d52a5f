"""How an experiment is run: settings, seeds, the folder it writes to, and what a person sees.

An experiment needs `Context`, `Experiment`, `Table`, `require`, and perhaps `roughly` and
`file_name`; what it must show is a tuple of `Claim`, made by `below`, `ordered` and their like, and
judged by `judge`. The rest serves the command line.
"""

from snn_credit.harness.claims import Claim, Finding, Measured, NotMeasured, judge
from snn_credit.harness.config import require
from snn_credit.harness.experiment import Context, Experiment, Table
from snn_credit.harness.statements import (
    above,
    all_of,
    at,
    below,
    between,
    clearly,
    falls,
    more_than,
    not_above,
    not_below,
    ordered,
    ratio,
    rises,
    within,
)
from snn_credit.harness.words import file_name, roughly

__all__ = [
    "Claim",
    "Context",
    "Experiment",
    "Finding",
    "Measured",
    "NotMeasured",
    "Table",
    "above",
    "all_of",
    "at",
    "below",
    "between",
    "clearly",
    "falls",
    "file_name",
    "judge",
    "more_than",
    "not_above",
    "not_below",
    "ordered",
    "ratio",
    "require",
    "rises",
    "roughly",
    "within",
]
