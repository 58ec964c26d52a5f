"""Training in one call: a circuit learns a data set, and the run is written to a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snn_credit.data import Dataset
from snn_credit.errors import InputError
from snn_credit.progress import Progress, Silent
from snn_credit.recording import Run, open_run
from snn_credit.spiking.circuit import Circuit
from snn_credit.spiking.curriculum import curriculum
from snn_credit.spiking.session import Measure, Outcome, Session, watch_everything
from snn_credit.spiking.simulation import Simulation

#: Name -> fraction of the training images after which a window is recorded.
WINDOWS: Mapping[str, float] = {"early": 0.0, "middle": 0.003, "late": 1.0}


def train(
    circuit: Circuit,
    data: Dataset,
    path: str | PathLike[str],
    *,
    images: int,
    steps: int | Sequence[int] = 5,
    evaluations: int = 5,
    windows: Mapping[str, float] = WINDOWS,
    window_steps: int = 50,
    window_images: int = 3,
    device: str = "auto",
    dtype: str = "float32",
    chunk_steps: int = 5000,
    seed: int = 0,
    experiment: str | None = None,
    config: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
    measure: Measure | None = None,
    resume: bool = False,
    force: bool = False,
) -> Outcome:
    """Show training images to a circuit, test it on the way, and write everything to a run file.

    Parameters
    ----------
    circuit
        It reads the tables ``stimulus`` (one image a row) and ``target`` (one class a row).
    data
        What it learns. The validation images are shown ``evaluations`` times on the way and the
        test images once, at the end, both frozen.
    path
        The run file.
    images, steps
        How many training images, each for how many time steps: one number for every window of the
        rule, or one for all of them.
    windows, window_steps, window_images
        When to record spikes and potentials, for how many steps an image and of how many images,
        the same ones in every window (see `curriculum`). Tuning and decoding need ten of a class.
        Without windows nothing is watched.
    device, dtype, chunk_steps, seed
        As in `Simulation`; the seed is that of the order of the images too.
    experiment, config
        What the file says of its origin: by default the circuit's name and nothing.
    progress
        Who to tell.
    measure
        What else to measure of the simulation after each validation, as quantity -> number: the
        table ``measured`` of the run file.
    resume
        Go on with the run in ``path``, if there is one; of a complete one only the errors are read.
    force
        Replace a file that is there.

    Returns
    -------
    Outcome
        The errors on the validation and the test images, in %.

    Raises
    ------
    InputError
        For a file that is there already, data that do not fit the circuit, numbers out of their
        range, or a device that is not there.
    """
    path = Path(path)
    if force and resume:
        raise InputError("force: not together with resume (got both)")
    if path.exists() and not (resume or force):  # said before a device takes minutes to build
        raise InputError(f"path: a new file, or resume, or force (got {path}, which is there)")
    if resume and path.exists() and (found := open_run(path)).complete:
        return _finished(found)
    if isinstance(steps, int) and circuit.windows:
        steps = [steps] * len(circuit.windows)
    plan = curriculum(
        data,
        images=images,
        steps=steps,
        evaluations=evaluations,
        windows=dict(windows),
        window_steps=window_steps,
        window_images=window_images,
        seed=seed,
    )
    simulation = Simulation(
        circuit,
        {
            "stimulus": [data.train_x, data.validation_x, data.test_x],
            "target": np.eye(data.classes),
        },
        plan.stream,
        device=device,
        dtype=dtype,
        chunk_steps=chunk_steps,
        watch=watch_everything(circuit, seed=seed) if windows else None,
        seed=seed,
    )
    progress = progress or Silent()
    if device == "auto":
        progress.note(f"device: {simulation.device}")
    if force:  # only now: whatever is wrong with the request has been said
        path.unlink(missing_ok=True)
    session = Session(
        simulation,
        plan,
        data,
        path,
        experiment=experiment or circuit.name,
        config=config or {},
        seed=seed,
        resume=resume,
        measure=measure,
    )
    return session.run(progress)


def _finished(run: Run) -> Outcome:
    learning = run.metrics("learning")
    return Outcome(_last(learning["test_error"]), _last(learning["validation_error"]))


def _last(column: NDArray[np.float64]) -> float | None:
    known = column[~np.isnan(column)]
    return float(known[-1]) if len(known) else None
