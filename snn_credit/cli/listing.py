"""What there is: rules, devices, data sets."""

from __future__ import annotations

from typing import Annotated

import typer

from snn_credit.cli.base import app, console

data: typer.Typer = typer.Typer(help="Data sets.", rich_markup_mode=None, no_args_is_help=True)
app.add_typer(data, name="data")


@app.command()
def rules() -> None:
    """Show the learning rules: source, whether synapses learn locally, and on which paths."""
    from snn_credit.harness.show import rule_table
    from snn_credit.overview import HEADER, rows

    rule_table(console(), HEADER, rows())


@app.command()
def devices() -> None:
    """Say which devices are there, what the others lack, and which one auto takes."""
    from snn_credit.devices import available_devices, best
    from snn_credit.harness.show import device_table

    device_table(console(), available_devices(), best())


@data.command()
def fetch(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Such as mnist.")],
) -> None:
    """Download a data set into the user's cache folder."""
    from snn_credit.data.fetch import fetch as download
    from snn_credit.harness.show import line

    line(console(), str(download(name)))


@data.callback()
def _data() -> None:
    pass
