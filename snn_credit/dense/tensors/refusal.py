"""What is said of statements that have no form in tensors."""

from __future__ import annotations

from snn_credit.dense.plan import Statement
from snn_credit.errors import InputError


def said(statement: Statement) -> str:
    """Return a statement as Brian writes it."""
    return f"{statement.target} {statement.op} {statement.expression}"


def refused(what: str, operation: str, line: str = "") -> InputError:
    """Return the error for something that has no form in tensors."""
    where = f"{operation} in {line.strip()!r}" if line else operation
    return InputError(
        f"devices dense:cuda, dense:torch: a network without {what} (got one in {where}); "
        "device 'dense' runs it"
    )
