"""``python -m snn_credit`` is ``snn-credit``."""

import sys

from snn_credit.cli import main

sys.exit(main())
