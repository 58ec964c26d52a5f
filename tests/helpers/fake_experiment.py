"""A small experiment without a simulator: it counts images, resumes, and fails when asked to."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from snn_credit.errors import InputError
from snn_credit.harness import Context, Experiment, Table


@dataclass(frozen=True)
class Config:
    """Settings of each kind that ``--set`` reads."""

    images: int = 20
    eta: float = 0.1
    bias: bool = True
    sizes: tuple[int, ...] = (64, 10)
    pause: float = 0.0
    fail: str | None = None
    fail_at: int = 0
    together: bool = False

    def __post_init__(self) -> None:
        if self.images < 1:
            raise InputError(f"images: at least 1 (got {self.images})")


def run(config: Config, context: Context) -> Table:
    """Write a line an image into run.h5; the error falls with the images seen."""
    if config.fail == "data":
        raise InputError("data: 64 pixels an image (got 63)")
    if config.fail == "sleep":
        time.sleep(60)
    path = context.out / "run.h5"
    begun = path.read_text().splitlines() if context.resume and path.exists() else []
    progress = context.progress
    progress.note(f"device {context.device}")
    progress.start(config.images, "images", "training")
    with path.open("a") as file:
        try:
            for image in range(len(begun), config.images):
                if image == config.fail_at:
                    _fail(config.fail)
                time.sleep(config.pause)
                file.write(f"{image}\n")
                file.flush()
                progress.update(image + 1, error_percent=100 / (image + 2))
        except KeyboardInterrupt:
            progress.update(image)
            file.write("closed\n")
            raise
    (context.out / "raster.png").write_bytes(b"raster of seed %d" % context.seed)
    (context.out / "angles.png").write_bytes(b"angles")
    noise = random.Random(context.seed).random()
    return {"FA": {"test error %": 5 + noise, "angle": None}, "chance": {"test error %": 90.0}}


def draw(config: Config, tables: Sequence[Table], context: Context) -> None:
    """Write the errors of all seeds, and the device, where a figure would be."""
    if config.together:
        errors = [table["FA"]["test error %"] for table in tables]
        (context.out / "together.png").write_text(f"{errors} {context.device}")


def _fail(how: str | None) -> None:
    if how == "disk":
        with open("/dev/full", "w") as full:
            full.write("x")
    if how == "hdf5":
        raise RuntimeError("Can't decrement id ref count (file write failed: errno = 28, "
                           "error message = 'No space left on device')")  # fmt: skip
    if how == "bug":
        raise ZeroDivisionError("a bug of ours")
    if how == "input":
        raise InputError("weights: finite numbers (got nan)")
    if how == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "noise":
        print("a library's words", file=sys.stderr)


EXPERIMENT = Experiment(
    id="fake",
    paper="Nobody et al. 1999",
    figure="Fig 0",
    about="counts images",
    presets={"smoke": Config(), "laptop": Config(images=2000, pause=0.01)},
    run=run,
    paper_numbers={"FA": {"test error %": 1.8}, "BP": {"test error %": 2.4}},
    draw=draw,
    synapses=lambda config: None,
    cost=lambda config: f"{config.images} images: minutes" if config.images > 100 else None,
)
