"""What every command needs: the application, the console, options that several have."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import snn_credit
from snn_credit.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

app: typer.Typer = typer.Typer(
    help="Spiking networks that learn without weight transport.",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
)

Populations = Annotated[
    list[str] | None,
    typer.Option("--population", metavar="NAME", help="Only this one; may be repeated."),
]
RunFile = Annotated[Path, typer.Argument(metavar="RUN.h5", help="The file of a run.")]


def _version(wanted: bool) -> None:
    if wanted:
        print(f"snn-credit {snn_credit.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    pass


def console(stderr: bool = False) -> Console:
    """Return where to print: rich, so that what is no terminal gets plain text."""
    from rich.console import Console

    return Console(stderr=stderr)


def complain(line: str, status: int = 2) -> int:
    """Say on stderr what is wrong; return the exit status."""
    print(f"snn-credit: {line}", file=sys.stderr)
    return status


def whole(text: str) -> int:
    """Read a whole number, for options that take one."""
    try:
        return int(text)
    except ValueError:
        raise typer.BadParameter(f"a whole number (got {text!r})") from None


def at_least(name: str, value: int, least: int) -> int:
    """Return a number, if it is not too small.

    Raises
    ------
    InputError
        It is.
    """
    if value < least:
        raise InputError(f"{name}: a whole number of at least {least} (got {value})")
    return value
