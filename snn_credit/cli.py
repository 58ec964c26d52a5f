"""The command line. What is slow to import is imported by the command that needs it."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import snn_credit
from snn_credit.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

    from snn_credit.harness.run import Request

app: typer.Typer = typer.Typer(
    help="Spiking networks that learn without weight transport.",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
)
data: typer.Typer = typer.Typer(help="Data sets.", rich_markup_mode=None, no_args_is_help=True)
app.add_typer(data, name="data")

# the base of every usage error: newer typers keep it within, older ones take it from click
_UsageProblem: type[Exception] = typer.BadParameter.__mro__[2]

#: Where what is not spiking runs.
_CPU = "cpu"

Populations = Annotated[
    list[str] | None,
    typer.Option("--population", metavar="NAME", help="Only this one; may be repeated."),
]
RunFile = Annotated[Path, typer.Argument(metavar="RUN.h5", help="The file of a run.")]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status: 0, 2 for a person's error, 130 when stopped."""
    from snn_credit.harness.problems import disk_problem, one_line

    try:
        args = list(sys.argv[1:] if argv is None else argv)
        status = app(args=args, prog_name="snn-credit", standalone_mode=False)
        return status if isinstance(status, int) else 0
    except InputError as error:
        return _complain(" ".join(str(error).split()))
    except _UsageProblem as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            print(error, file=sys.stderr)
            return 2
        return _complain(" ".join(_usage(error).split()))
    except (KeyboardInterrupt, typer.Abort):
        return _complain("stopped", 130)
    except (OSError, RuntimeError) as error:
        if (problem := disk_problem(error)) is not None:
            return _complain(one_line(problem))
        if type(error).__name__ == "WorkerError":
            return _complain(str(error), 1)
        raise


def _complain(line: str, status: int = 2) -> int:
    print(f"snn-credit: {line}", file=sys.stderr)
    return status


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


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise typer.BadParameter(f"a whole number (got {text!r})") from None


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


@app.command("list")
def list_() -> None:
    """List the experiments, with paper and figure."""
    from snn_credit.experiments import TABLE, load
    from snn_credit.harness.show import experiments

    experiments(_console(), [load(name) for name in TABLE])


@app.command("run")
def run_(
    experiment: Annotated[str, typer.Argument(metavar="ID", help="See snn-credit list.")],
    preset: Annotated[str, typer.Option(help="smoke, laptop or paper.")] = "laptop",
    device: Annotated[str, typer.Option(help="See snn-credit devices.")] = "auto",
    seed: Annotated[
        int | None, typer.Option(parser=_whole, metavar="N", help="One seed [0].")
    ] = None,
    seeds: Annotated[
        int | None, typer.Option(parser=_whole, metavar="N", help="Seeds 0 to N-1.")
    ] = None,
    jobs: Annotated[int, typer.Option(parser=_whole, metavar="N", help="Seeds at a time.")] = 1,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a setting of the preset."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where to write [runs/ID-PRESET].")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier run.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Continue an earlier run.")] = False,
) -> None:
    """Run an experiment and put its numbers beside the paper's."""
    from snn_credit.devices import Choice, choose
    from snn_credit.experiments import TABLE, load
    from snn_credit.harness import show
    from snn_credit.harness.config import with_settings
    from snn_credit.harness.display import choose_display
    from snn_credit.harness.run import Request, follows, run

    found = load(experiment)
    config = with_settings(found.preset(preset), settings or [])
    if found.spiking:
        choice = choose(device, found.synapses(config))
    elif device in ("auto", _CPU):
        choice = Choice(_CPU, "it has no spiking circuit")
    else:
        raise InputError(f"--device: {_CPU} or auto for {found.id}, which has no spiking circuit "
                         f"(got {device!r})")  # fmt: skip
    request = Request(
        experiment=found,
        module=TABLE[experiment],
        preset=preset,
        config=config,
        seeds=_seeds(seed, seeds),
        device=choice.name,
        out=out or Path("runs") / f"{experiment}-{preset}",
        jobs=_at_least("--jobs", jobs, 1),
        force=force,
        resume=resume,
    )
    if force and resume:
        raise InputError("--force: not together with --resume (got both)")
    notes = [f"device: {choice.name}, {choice.why}"] if device == "auto" and found.spiking else []
    if cost := found.cost(request.config):
        notes.append(cost)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a scheduler's stop is ours too
    try:
        result, worked = run(request, choose_display(_console(stderr=True)), notes)
    except KeyboardInterrupt:
        raise typer.Exit(_stopped(request, settings or [])) from None
    if follows():
        return
    if not worked:
        show.line(_console(), f"{request.out} is complete: nothing to continue")
    show.result(_console(), result)
    show.next_steps(_console(), request.out)


def _seeds(seed: int | None, seeds: int | None) -> tuple[int, ...]:
    if seed is not None and seeds is not None:
        raise InputError(f"--seed: not together with --seeds (got {seed} and {seeds})")
    if seeds is not None:
        return tuple(range(_at_least("--seeds", seeds, 1)))
    return (_at_least("--seed", seed or 0, 0),)


def _at_least(name: str, value: int, least: int) -> int:
    if value < least:
        raise InputError(f"{name}: a whole number of at least {least} (got {value})")
    return value


def _stopped(request: Request, settings: list[str]) -> int:
    import shlex

    from snn_credit.harness.manifest import can_resume

    if not can_resume(request.out, request.manifest):
        return _complain("stopped; nothing was changed", 130)
    seeds = ["--seeds", len(request.seeds)] if request.several else ["--seed", *request.seeds]
    words = ["snn-credit", "run", request.experiment.id, "--preset", request.preset,
             "--device", request.device, *seeds, "--jobs", request.jobs,
             *(word for setting in settings for word in ("--set", setting)),
             "--out", request.out, "--resume"]  # fmt: skip
    return _complain(f"stopped; continue with: {shlex.join(map(str, words))}", 130)


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
        int | None, typer.Option(parser=_whole, metavar="N", help="Of a population [50].")
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
    line(_console(), str(target))


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
    line(_console(), str(target))


def _figure_file(out: Path | None, default: Path) -> Path:
    target = out or default
    if target.suffix not in (".png", ".pdf", ".svg"):
        raise InputError(f"-o: a name that ends in .png, .pdf or .svg (got {target})")
    if not target.parent.is_dir():
        raise InputError(f"-o: a name in a folder that exists (got {target})")
    return target


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
    line(_console(), ", ".join(f"{count} {word}" for word, count in page.counts.items()))
    line(_console(), str(out or folder / "report.html"))


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
    line(_console(), str(out))


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
    line(_console(), str(out))


@app.command()
def info(run_file: RunFile) -> None:
    """Say what the file of a run holds."""
    from snn_credit import recording
    from snn_credit.harness.show import facts

    facts(_console(), recording.open_run(run_file).summary())


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
        line(_console(), f"{path}: {what}")


@app.command()
def rules() -> None:
    """Show the learning rules: source, whether synapses learn locally, and on which paths."""
    from snn_credit.harness.show import rule_table
    from snn_credit.overview import HEADER, rows

    rule_table(_console(), HEADER, rows())


@app.command()
def devices() -> None:
    """Say which devices are there, what the others lack, and which one auto takes."""
    from snn_credit.devices import available_devices, best
    from snn_credit.harness.show import device_table

    device_table(_console(), available_devices(), best())


@data.command()
def fetch(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Such as mnist.")],
) -> None:
    """Download a data set into the user's cache folder."""
    from snn_credit.data.fetch import fetch as download
    from snn_credit.harness.show import line

    line(_console(), str(download(name)))


@data.callback()
def _data() -> None:
    pass


def _console(stderr: bool = False) -> Console:
    from rich.console import Console

    return Console(stderr=stderr)


if __name__ == "__main__":
    sys.exit(main())
