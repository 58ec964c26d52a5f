"""The figures of ``spiking-node-perturbation``, of one seed."""

from __future__ import annotations

from collections.abc import Mapping
from math import nan
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snn_credit.experiments import spiking_np_circuits as nets
from snn_credit.experiments.spiking_shared import DELTA, SEEN, UPDATE
from snn_credit.harness import Context, Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from snn_credit.analysis import Trace
    from snn_credit.recording import Run

Course = Mapping[str, list[float]]

#: End of the columns of angles that are measured before learning, too.
_START = ", at the start"


def draw(
    rows: Table, paths: Mapping[str, Path], courses: Mapping[str, Course], context: Context
) -> None:
    """Draw a raster, learning curves and angles.

    Parameters
    ----------
    rows
        What was measured.
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
    _angles(rows, runs, courses).savefig(context.out / "angles.png")


def _angles(rows: Table, runs: Mapping[str, Run], courses: Mapping[str, Course]) -> Figure:
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
    both = {name: runs[name].metrics("measured") for name in (nets.FA, nets.TAUGHT)}
    keys = sorted(key for key in rows[nets.NP] if key.startswith(UPDATE) and _START not in key)
    single = [
        Trace([0, 1], [rows[name][key + _START] or nan, rows[name][key] or nan], colors[name],
              name if key == keys[-1] else "", dashed=key != keys[-1])
        for name in (nets.NP, nets.LATE, nets.SLOW, nets.UNRELATED) for key in keys
    ]  # fmt: skip
    seen = {"x_label": "images seen", "y_limits": (0.0, 110.0)}
    panels = [
        Panel(single, "W learns: mean update to BP's", "", "degrees", x_names=("start", "end"),
              y_limits=(0.0, 110.0)),
        Panel(traces(courses, "hidden"), "B learns: B to its aim", **seen),
        Panel(traces(both, DELTA), "both learn: delta to BP's", log_x=True, **seen),
    ]  # fmt: skip
    return trace_grid([panels], height=2.1)
