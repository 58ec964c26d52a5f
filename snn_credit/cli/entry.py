"""One command from its words to its exit status; every error of a person in one line."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import typer

from snn_credit.cli.base import app, complain
from snn_credit.errors import InputError

# the base of every usage error: newer typers keep it within, older ones take it from click
_UsageProblem: type[Exception] = typer.BadParameter.__mro__[2]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status: 0, 2 for a person's error, 130 when stopped."""
    from snn_credit.harness.problems import disk_problem, one_line

    try:
        args = list(sys.argv[1:] if argv is None else argv)
        status = app(args=args, prog_name="snn-credit", standalone_mode=False)
        return status if isinstance(status, int) else 0
    except InputError as error:
        return complain(" ".join(str(error).split()))
    except _UsageProblem as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            print(error, file=sys.stderr)
            return 2
        return complain(" ".join(_usage(error).split()))
    except (KeyboardInterrupt, typer.Abort):
        return complain("stopped", 130)
    except (OSError, RuntimeError) as error:
        if (problem := disk_problem(error)) is not None:
            return complain(one_line(problem))
        if type(error).__name__ == "WorkerError":
            return complain(str(error), 1)
        raise


def _usage(error: Any) -> str:
    """Say a usage error of typer's in one line."""
    context, param = getattr(error, "ctx", None), getattr(error, "param", None)
    command = context.command_path if context else "snn-credit"
    if type(error).__name__ == "MissingParameter" and param is not None:
        return f"{param.metavar or param.opts[-1]}: a value, see {command} --help (got none)"
    if (option := getattr(error, "option_name", None)) is not None:
        close = " or ".join(getattr(error, "possibilities", None) or ())
        hint = f"; did you mean {close}?" if close else ""
        return f"{option}: an option of {command} with its value{hint} (got {error.message})"
    if param is not None:
        return f"{param.opts[-1]}: {error.message}"
    return f"{command}: what its --help shows (got {error.message})"
