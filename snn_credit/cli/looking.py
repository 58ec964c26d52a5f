"""Looking at the file of a run, and at many runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from snn_credit.cli.base import Populations, RunFile, app, console, whole
from snn_credit.errors import InputError


@app.command()
def raster(
    run_file: RunFile,
    out: Annotated[
        Path | None, typer.Option("-o", metavar="FILE", help="Where to [raster.png beside it].")
    ] = None,
    window: Annotated[
        str | None, typer.Option(metavar="NAME", help="A recorded window [the last].")
    ] = None,
    start: Annotated[float | None, typer.Option(metavar="MS", help="From here on.")] = None,
    stop: Annotated[float | None, typer.Option(metavar="MS", help="Up to here.")] = None,
    sort: Annotated[
        str | None, typer.Option(help="class, rate, 'first spike' or alignment.")
    ] = None,
    population: Populations = None,
    units: Annotated[
        int | None, typer.Option(parser=whole, metavar="N", help="Of a population [50].")
    ] = None,
) -> None:
    """Draw the raster and the potentials of a run."""
    target = _figure_file(out, run_file.with_name("raster.png"))

    from snn_credit import analysis, recording
    from snn_credit.harness.show import line, save_figure

    asked = {"window": window, "start_ms": start, "stop_ms": stop, "sort": sort,
             "population": population or None, "units": units}  # fmt: skip
    said = {name: value for name, value in asked.items() if value is not None}
    save_figure(analysis.raster(recording.open_run(run_file), **said), target)
    line(console(), str(target))


@app.command()
def analyse(
    run_file: RunFile,
    out: Annotated[
        Path | None, typer.Option("-o", metavar="FILE", help="Where to [analysis.png beside it].")
    ] = None,
    window: Annotated[
        str | None, typer.Option(metavar="NAME", help="A recorded window [the last].")
    ] = None,
    population: Populations = None,
) -> None:
    """Draw an overview of a run's spikes: rates, irregularity, correlations, tuning, decoding."""
    target = _figure_file(out, run_file.with_name("analysis.png"))

    from snn_credit import analysis, recording
    from snn_credit.harness.show import line, save_figure

    figure = analysis.overview(recording.open_run(run_file), population or None, window=window)
    save_figure(figure, target)
    line(console(), str(target))


def _figure_file(out: Path | None, default: Path) -> Path:
    target = out or default
    if target.suffix not in (".png", ".pdf", ".svg"):
        raise InputError(f"-o: a name that ends in .png, .pdf or .svg (got {target})")
    if not target.parent.is_dir():
        raise InputError(f"-o: a name in a folder that exists (got {target})")
    return target


@app.command()
def info(run_file: RunFile) -> None:
    """Say what the file of a run holds."""
    from snn_credit import recording
    from snn_credit.harness.show import facts

    facts(console(), recording.open_run(run_file).summary())


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder with runs.")],
    out: Annotated[
        Path | None, typer.Option("-o", metavar="FILE", help="Where to [DIR/report.html].")
    ] = None,
) -> None:
    """Make one page over many runs: measured beside published, and a verdict for each."""
    from snn_credit.experiments import TABLE, load
    from snn_credit.harness.show import line
    from snn_credit.report import write_report

    page = write_report(folder, out, [load(name) for name in TABLE])
    line(console(), ", ".join(f"{count} {word}" for word, count in page.counts.items()))
    line(console(), str(out or folder / "report.html"))
