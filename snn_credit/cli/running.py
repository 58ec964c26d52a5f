"""Running experiments: what there is to run, one run of it, how it goes on when stopped."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from snn_credit.cli.base import app, at_least, complain, console, whole
from snn_credit.errors import InputError

if TYPE_CHECKING:
    from snn_credit.harness.run import Request

#: Where what is not spiking runs.
_CPU = "cpu"


@app.command("list")
def list_() -> None:
    """List the experiments, with paper and figure."""
    from snn_credit.experiments import TABLE, load
    from snn_credit.harness.show import experiments

    experiments(console(), [load(name) for name in TABLE])


@app.command("run")
def run_(
    experiment: Annotated[str, typer.Argument(metavar="ID", help="See snn-credit list.")],
    preset: Annotated[str, typer.Option(help="smoke, laptop or paper.")] = "laptop",
    device: Annotated[str, typer.Option(help="See snn-credit devices.")] = "auto",
    seed: Annotated[
        int | None, typer.Option(parser=whole, metavar="N", help="One seed [0].")
    ] = None,
    seeds: Annotated[
        int | None, typer.Option(parser=whole, metavar="N", help="Seeds 0 to N-1.")
    ] = None,
    jobs: Annotated[int, typer.Option(parser=whole, metavar="N", help="Seeds at a time.")] = 1,
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
        jobs=at_least("--jobs", jobs, 1),
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
        result, worked = run(request, choose_display(console(stderr=True)), notes)
    except KeyboardInterrupt:
        raise typer.Exit(_stopped(request, settings or [])) from None
    if follows():
        return
    if not worked:
        show.line(console(), f"{request.out} is complete: nothing to continue")
    show.result(console(), result)
    show.next_steps(console(), request.out)


def _seeds(seed: int | None, seeds: int | None) -> tuple[int, ...]:
    if seed is not None and seeds is not None:
        raise InputError(f"--seed: not together with --seeds (got {seed} and {seeds})")
    if seeds is not None:
        return tuple(range(at_least("--seeds", seeds, 1)))
    return (at_least("--seed", seed or 0, 0),)


def _stopped(request: Request, settings: list[str]) -> int:
    import shlex

    from snn_credit.harness.manifest import can_resume

    if not can_resume(request.out, request.manifest):
        return complain("stopped; nothing was changed", 130)
    seeds = ["--seeds", len(request.seeds)] if request.several else ["--seed", *request.seeds]
    words = ["snn-credit", "run", request.experiment.id, "--preset", request.preset,
             "--device", request.device, *seeds, "--jobs", request.jobs,
             *(word for setting in settings for word in ("--set", setting)),
             "--out", request.out, "--resume"]  # fmt: skip
    return complain(f"stopped; continue with: {shlex.join(map(str, words))}", 130)
