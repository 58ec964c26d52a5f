"""Runs an experiment with one or several seeds in a folder of its own."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from snn_credit.errors import InputError
from snn_credit.harness.config import to_plain
from snn_credit.harness.display import Display
from snn_credit.harness.experiment import Context, Experiment, Table
from snn_credit.harness.manifest import RESULT, Manifest, read_result
from snn_credit.harness.results import result
from snn_credit.harness.runfolder import RunFolder, open_folder
from snn_credit.harness.whole import write_json
from snn_credit.harness.workers import Job, run_jobs


@dataclass(frozen=True)
class Request:
    """What a person asked for, checked.

    Attributes
    ----------
    experiment, module : Experiment, str
        The experiment, and the module that holds it as ``EXPERIMENT``.
    preset, config : str, dataclass
        The preset's name, and its settings with all changes applied.
    seeds : tuple of int
        One seed runs in ``out`` itself and in this process; several run in ``out/seed-K``, each in
        a process of its own, because Brian's device is one per process.
    device, out : str, Path
    jobs : int
        How many seeds run at a time.
    force, resume : bool
        Replace or continue a run that ``out`` holds.
    """

    experiment: Experiment[Any]
    module: str
    preset: str
    config: Any
    out: Path
    seeds: tuple[int, ...] = (0,)
    device: str = "auto"
    jobs: int = 1
    force: bool = False
    resume: bool = False

    @property
    def several(self) -> bool:
        """Whether each seed has a folder and a process of its own."""
        return len(self.seeds) > 1

    @property
    def manifest(self) -> Manifest:
        """What the folder remembers of the request."""
        plain = to_plain(self.config)
        return Manifest(self.experiment.id, self.preset, plain, self.seeds, self.device)


def run(
    request: Request, display: Display, notes: Sequence[str] = ()
) -> tuple[dict[str, Any], bool]:
    """Run what is asked for; return the result, and whether anything was left to do.

    ``notes`` are shown before work begins, once the folder is ours. Of several processes, as
    ``torchrun`` starts them, the first alone has the folder; the others work for it.

    Raises
    ------
    InputError, OSError
        The folder, the data or the disk do not allow it.
    KeyboardInterrupt
        A person stopped the run; what is done is kept, and ``resume`` continues it.
    WorkerError
        A seed in a process of its own failed.
    """
    _check_processes(request)
    if follows():
        return _follow(request), True
    with open_folder(
        request.out, request.manifest, force=request.force, resume=request.resume
    ) as folder:
        if (found := folder.result) is not None:
            return found, False
        try:
            for note in notes:
                display.view("").note(note)
            if request.several:
                return _run_seeds(request, folder, display), True
            (seed,) = request.seeds
            view = display.view("")
            context = Context(request.out, seed, request.device, folder.continues, view)
            return run_seed(request.experiment, request.preset, request.config, context), True
        finally:
            display.close()


def follows() -> bool:
    """Whether this is one of ``torchrun``'s processes, and not the one that writes."""
    return int(os.environ.get("RANK", "0")) > 0


def _check_processes(request: Request) -> None:
    if request.several and int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise InputError(f"--seeds: one seed under torchrun (got {len(request.seeds)})")


def _follow(request: Request) -> dict[str, Any]:
    """Take part in what the first process runs, whose folder is not ours."""
    with TemporaryDirectory(prefix="snn_credit_") as folder:
        context = Context(Path(folder), request.seeds[0], request.device, request.resume)
        return {"measured": request.experiment.run(request.config, context)}


def run_seed(
    experiment: Experiment[Any], preset: str, config: Any, context: Context
) -> dict[str, Any]:
    """Run one seed, write its ``result.json`` and return that."""
    begun = time.monotonic()
    try:
        table = experiment.run(config, context)
        experiment.draw(config, [table], context)
    finally:
        context.progress.stop()
    seconds = time.monotonic() - begun
    found = _result(experiment, preset, to_plain(config), context.device,
                    {context.seed: table}, seconds, context.resume)  # fmt: skip
    write_json(context.out / RESULT, found)
    return found


def _run_seeds(request: Request, folder: RunFolder, display: Display) -> dict[str, Any]:
    left = [seed for seed in request.seeds if read_result(folder.of_seed(seed)) is None]
    for seed in left:
        folder.of_seed(seed).mkdir(exist_ok=True)
    run_jobs(
        [Job(request.module, request.preset, folder.manifest.config, str(folder.of_seed(seed)),
             seed, request.device, folder.continues) for seed in left],
        request.jobs, display, folder.lock,
    )  # fmt: skip
    found = {seed: _finished(folder.of_seed(seed)) for seed in request.seeds}
    tables = {seed: seed_result["measured"] for seed, seed_result in found.items()}
    seconds = sum(seed_result["seconds"] for seed_result in found.values())
    resumed = any(seed_result["provenance"]["resumed"] for seed_result in found.values())
    for figure in sorted(folder.of_seed(request.seeds[0]).glob("*.png")):
        shutil.copyfile(figure, request.out / figure.name)
    context = Context(request.out, request.seeds[0], request.device)
    request.experiment.draw(request.config, list(tables.values()), context)
    whole = _result(request.experiment, request.preset, folder.manifest.config, request.device,
                    tables, seconds, resumed)  # fmt: skip
    write_json(request.out / RESULT, whole)
    return whole


def _finished(folder: Path) -> Mapping[str, Any]:
    found = read_result(folder)
    if found is None:
        raise FileNotFoundError(2, "No such file or directory", str(folder / RESULT))
    return found


def _result(
    experiment: Experiment[Any], preset: str, config: dict[str, Any], device: str,
    tables: dict[int, Table], seconds: float, resumed: bool,
) -> dict[str, Any]:  # fmt: skip
    return result(
        experiment=experiment.id, preset=preset, config=config, device=device,
        paper=experiment.paper_numbers, tables=tables, seconds=seconds, resumed=resumed,
    )  # fmt: skip
