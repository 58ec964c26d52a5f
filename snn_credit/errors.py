"""The one exception that a user's input raises, and what to offer when a name is not known."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class InputError(ValueError):
    """Something a person asked for cannot be: one line that names it, what was expected, what came.

    The message has the form ``argument: what was expected (got what came)``. The command line
    prints it without a traceback and exits with status 2.
    """


def one_of(name: str, known: Iterable[str]) -> str:
    """Return ``one of a, b, c``, with the closest names when some are close to ``name``."""
    names = list(known)
    close = difflib.get_close_matches(name, names, n=3)
    hint = f"; did you mean {' or '.join(close)}?" if close else ""
    return f"one of {', '.join(names)}{hint}"
