"""Brian equations, read and checked where a person gives them; Brian's own errors in one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from brian2 import BrianObjectException, Equations
from brian2.equations.equations import EquationError
from brian2.stateupdaters.base import UnsupportedEquationsException

from snn_credit.errors import InputError


def read_equations(text: str, method: str | None, where: str) -> Equations:
    """Return equations that Brian can read.

    Brian's exact integrator solves equations with sympy, and hands it the names of their variables
    as words. Where sympy has a meaning of its own for one (``E`` is Euler's number, ``trace`` that
    of a matrix), the solution is wrong without a word, or fails. Other integrators do not.

    Parameters
    ----------
    text, method
        As in Brian.
    where
        What holds them, for the message.

    Raises
    ------
    InputError
        If they are no Brian equations, or the exact integrator would misread a variable.
    """
    try:
        equations = Equations(text)
    except (EquationError, SyntaxError, TypeError) as error:
        raise InputError(
            f"{where}: lines of Brian equations, such as 'dV/dt = -V/tau : 1' "
            f"(got {_one_line(error)})"
        ) from error
    if method in ("exact", "linear"):
        for name in sorted(equations.diff_eq_names):
            if _misread(name):
                raise InputError(
                    f"{where}: another name for {name!r}, which sympy misreads in exact solutions, "
                    f"or method='exponential_euler' (got d{name}/dt)"
                )
    return equations


def _misread(name: str) -> bool:
    import sympy

    try:
        read = sympy.sympify(name)
    except (sympy.SympifyError, TypeError):
        return True
    # The imaginary unit is printed as I again, so a synaptic current I comes out whole.
    return not isinstance(read, sympy.Symbol) and read is not sympy.I


@contextmanager
def brian_errors() -> Iterator[None]:
    """Say what Brian finds wrong with an object in one line.

    Raises
    ------
    InputError
        In place of Brian's exception, which is its cause: it names the object, such as
        ``hidden1_stateupdater``, and what came.
    """
    try:
        yield
    except BrianObjectException as error:
        unsolved = isinstance(error.__cause__, UnsupportedEquationsException)
        fix = "; method='euler' or 'exponential_euler' where there is no solution"
        raise InputError(
            f"{error._brian_objname}: equations and statements that Brian can run"
            f"{fix if unsolved else ''} (got {_one_line(error.__cause__ or error)})"
        ) from error


def _one_line(error: BaseException) -> str:
    if not isinstance(error, KeyError):
        return " ".join(str(error).split())
    text = " ".join(str(error.args[0]).split())  # its str is the quoted form of its argument
    return f"the unknown name {text!r}" if text.isidentifier() else text
