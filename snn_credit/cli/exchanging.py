"""Run files to and from other programs, and of older versions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from snn_credit.cli.base import RunFile, app, console


@app.command()
def export(
    run_file: RunFile,
    out: Annotated[Path, typer.Option("-o", metavar="FILE", help="Where to.")],
    to: Annotated[str | None, typer.Option(help="nwb, sonata or csv [what FILE ends in].")] = None,
    table: Annotated[
        str | None, typer.Option(help="Of a csv: spikes, stream or a table of metrics.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace FILE.")] = False,
) -> None:
    """Write a run for other tools: NWB, SONATA spikes, or a table as CSV."""
    from snn_credit.exchange.files import export_run
    from snn_credit.harness.show import line
    from snn_credit.recording import open_run

    export_run(open_run(run_file), out, to=to, table=table, force=force)
    line(console(), str(out))


@app.command("import")
def import_(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="NWB or SONATA spikes.")],
    out: Annotated[Path, typer.Option("-o", metavar="RUN.h5", help="Where to.")],
    kind: Annotated[
        str | None, typer.Option("--format", help="nwb or sonata [what FILE is].")
    ] = None,
    population: Annotated[
        str | None, typer.Option(help="NWB: column of units that names the population.")
    ] = None,
    label: Annotated[
        str | None, typer.Option(help="NWB: column of trials that is the label.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace RUN.h5.")] = False,
) -> None:
    """Make a run file of recorded or simulated spikes, to analyse them as a run."""
    from snn_credit.exchange.files import import_file
    from snn_credit.harness.show import line

    import_file(source, out, kind=kind, population=population, label=label, force=force)
    line(console(), str(out))


@app.command()
def migrate(
    run_files: Annotated[
        list[Path], typer.Argument(metavar="RUN.h5...", help="The files of runs.")
    ],
) -> None:
    """Bring the files of older runs up to date, each as a whole or not at all."""
    from snn_credit import recording
    from snn_credit.harness.show import line

    for path in run_files:  # what is wrong with one is said before any is changed
        recording.open_run(path)
    for path in run_files:
        had, now = recording.update(path), recording.SCHEMA_VERSION
        what = f"already version {now}" if had == now else f"version {had} is now version {now}"
        line(console(), f"{path}: {what}")
