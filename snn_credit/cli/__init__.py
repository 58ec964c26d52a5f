"""The command line. What is slow to import is imported by the command that needs it.

A command is a function with its options; the modules are what belongs together. In ``--help``
commands come in the order in which they are imported here.
"""

# isort: off
from snn_credit.cli.base import app
from snn_credit.cli import running, looking, exchanging, listing
from snn_credit.cli.entry import main
# isort: on

__all__ = ["app", "exchanging", "listing", "looking", "main", "running"]
