"""The figures of ``spiking-node-perturbation``, of one seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snn_credit.experiments import spiking_np_circuits as nets
from snn_credit.experiments.spiking_shared import DELTA, SEEN, UPDATE
from snn_credit.harness import Context

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from snn_credit.analysis import Trace
    from snn_credit.recording import Run

Course = Mapping[str, list[float]]


def draw(paths: Mapping[str, Path], courses: Mapping[str, Course], context: Context) -> None:
    """Draw a raster, learning curves and angles.

    Parameters
    ----------
    paths
        Run files of the circuits in which W learns.
    courses
        Angles of those in which W is fixed (`snn_credit.experiments.spiking_teacher.teach`).
    """
    from snn_credit.analysis import figure4, learning_curve
    from snn_credit.recording import open_run

    runs = {name: open_run(path) for name, path in paths.items()}
    figure4(runs[nets.NP], seed=context.seed, modulator="delta").savefig(context.out / "raster.png")
    curves = {name: [run.metrics("learning")] for name, run in runs.items()}
    learning_curve(curves, chance=90, column="validation_error", log_y=True).savefig(
        context.out / "learning.png"
    )
    _angles(runs, courses).savefig(context.out / "angles.png")


def _angles(runs: Mapping[str, Run], courses: Mapping[str, Course]) -> Figure:
    """Draw angles over the images seen; those of lower hidden layers are dashed."""
    from snn_credit.analysis import Panel, Trace, trace_grid
    from snn_credit.analysis.style import GREY, INK, LEARNERS, POTENTIAL, RIGHT, WRONG

    colors = {
        nets.NP: INK, nets.LATE: LEARNERS[1], nets.SLOW: WRONG, nets.UNRELATED: GREY,
        nets.FA: POTENTIAL, nets.TAUGHT: RIGHT, nets.DIRECT: LEARNERS[6],
        f"{nets.TAUGHT}, autoencoder": LEARNERS[7],
    }  # fmt: skip

    def traces(tables: Mapping[str, Mapping[str, Any]], what: str) -> list[Trace]:
        found = []
        for name, table in tables.items():
            keys = sorted(key for key in table if key.startswith(what))
            found += [
                Trace(table[SEEN], table[key], colors[name], name if key == keys[-1] else "",
                      dashed=key != keys[-1])
                for key in keys if name in colors
            ]  # fmt: skip
        return found

    courses = {name.replace(nets.FIXED, ""): course for name, course in courses.items()}
    measured = {name: run.metrics("measured") for name, run in runs.items() if name in colors}
    both = {name: measured[name] for name in (nets.FA, nets.TAUGHT)}
    single = {name: table for name, table in measured.items() if name not in both}
    limits = (0.0, 110.0)
    panels = [
        Panel(traces(single, UPDATE), "W learns: NP's mean update to BP's", log_x=True),
        Panel(traces(courses, "hidden"), "B learns: B to its aim"),
        Panel(traces(both, DELTA), "both learn: delta to BP's", log_x=True),
    ]
    panels = [
        replace(panel, x_label="images seen", y_label="degrees", y_limits=limits)
        for panel in panels
    ]
    return trace_grid([panels], height=2.1)
