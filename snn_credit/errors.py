"""The exception that a user's input raises, and what to offer when a name is not known."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class InputError(ValueError):
    """Something a person asked for cannot be: one line that names it, what was expected, what came.

    The message has the form ``argument: what was expected (got what came)``. The command line
    prints it without a traceback and exits with status 2.
    """


class DivergedError(InputError):
    """A training whose numbers are not finite any more, or grow without end.

    Attributes
    ----------
    step : int or None
        The step at which it was seen, from 1; None where nobody counts.
    """

    def __init__(self, message: str, step: int | None = None) -> None:
        super().__init__(message)
        self.step = step


def one_of(name: str, known: Iterable[str]) -> str:
    """Return ``one of a, b, c``, with the closest names when some are close to ``name``."""
    names = list(known)
    close = difflib.get_close_matches(name, names, n=3)
    hint = f"; did you mean {' or '.join(close)}?" if close else ""
    return f"one of {', '.join(names)}{hint}"
