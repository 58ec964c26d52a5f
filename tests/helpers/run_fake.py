"""The command line in a process of its own, with the fake experiment in its table."""

import signal
import sys

from snn_credit import experiments
from snn_credit.cli import main

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in a shell's background
    experiments.TABLE["fake"] = "fake_experiment"
    sys.exit(main())
