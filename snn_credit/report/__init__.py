"""One page over many runs: what was measured, beside what the papers print, with a verdict each.

`write_report` makes it; `make_page` gives what it says, before it has a form. How verdicts come
about is in `snn_credit.report.verdict`, how seeds of several runs are pooled in
`snn_credit.report.pool`.
"""

from snn_credit.report.page import make_page
from snn_credit.report.write import write_report

__all__ = ["make_page", "write_report"]
