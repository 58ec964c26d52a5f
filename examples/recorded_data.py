"""What is asked of a simulation can be asked of a recording: an NWB file, read and analysed.

    python examples/recorded_data.py [FILE.nwb AREA LABEL]

`read_nwb` makes a run file of an NWB file: its units are neurons, its trials the stimuli that were
shown. From there on every function of `snn_credit.analysis.spikes` and the command line take it as
they take a run. AREA is the column of units that names the populations, LABEL the column of trials
with what was shown.

Without a file one is made here, as pynwb writes it, with known answers. Neurons fire at random
(Poisson) at a rate that in one area (V1) depends on the direction of a grating and in the other
(CA1) does not. So CV and Fano factor are 1 in CA1, and above 1 in V1, whose rates change; over
trials of the same direction the Fano factor is 1 in both; and the direction can be read from V1's
spikes alone. Then the same is asked of a spiking network that learned digits (Lillicrap et al.
2016, Fig 4), while three images were shown to it.

Needs the extras: pip install 'snn-credit[analysis,exchange]'.
"""

import sys
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Unpack

import numpy as np
from matplotlib.figure import Figure

from snn_credit.analysis.spikes import (
    Where,
    cv,
    decoding,
    fano_factor,
    mean_rate,
    peri_stimulus,
)
from snn_credit.data import load
from snn_credit.exchange import read_nwb
from snn_credit.models.lillicrap_spiking import network
from snn_credit.recording import Run, open_run
from snn_credit.spiking import train

DIRECTIONS = ("up", "right", "down", "left")
AREAS = {"V1": 25.0, "CA1": 0.0}  # modulation by the direction, in Hz
TRIAL_S, GAP_S = 0.5, 0.5
#: What is asked of a recording besides.
MORE = ("Fano factor over trials of a direction", "decoded, %", "by chance, %")
#: What was found of a population.
Answers = dict[str, float]


def write_recording(path: Path, trials: int, units: int, seed: int) -> None:
    """Write an NWB file as a laboratory does: units with an area, trials with a direction."""
    pynwb = import_module("pynwb")  # whose signatures, made as it runs, no type checker knows
    random = np.random.default_rng(seed)
    file = pynwb.NWBFile("made by an example", "example", datetime(2026, 1, 1, tzinfo=UTC))
    file.add_unit_column("area", "where it was recorded")
    file.add_trial_column("direction", "of the grating")
    shown = random.permutation(np.arange(trials) % len(DIRECTIONS))
    onsets = (TRIAL_S + GAP_S) * np.arange(trials)
    for onset, direction in zip(onsets, shown, strict=True):
        file.add_trial(onset, onset + TRIAL_S, direction=DIRECTIONS[direction])
    end = trials * (TRIAL_S + GAP_S)
    for area, depth in AREAS.items():
        for _ in range(units):
            preferred, base = random.uniform(0, 2 * np.pi), random.uniform(5, 15)
            tuned = 1 + np.cos(2 * np.pi * shown / len(DIRECTIONS) - preferred)  # (trials,)
            counts = random.poisson((base + depth * tuned) * TRIAL_S)
            on = [random.uniform(o, o + TRIAL_S, n) for o, n in zip(onsets, counts, strict=True)]
            between = random.poisson(base * GAP_S, trials)
            off = [random.uniform(o + TRIAL_S, o + TRIAL_S + GAP_S, n)
                   for o, n in zip(onsets, between, strict=True)]  # fmt: skip
            spikes = np.sort(np.concatenate([*on, *off]))
            file.add_unit(spike_times=spikes, area=area, obs_intervals=[[0.0, end]])
    with pynwb.NWBHDF5IO(path, "w") as target:
        target.write(file)


def ask(run: Run, bin_ms: float, **where: Unpack[Where]) -> Answers:
    """Return rate, irregularity and variability of a population, of a recording or a run."""
    rate = mean_rate(run, **where)
    found = {
        "rate, Hz": rate.mean_hz,
        "CV": float(np.nanmean(cv(run, **where).value)),
        "Fano factor": fano_factor(run, bin_ms=bin_ms, **where).mean,
    }
    answers = ", ".join(f"{name} {value:.2f}" for name, value in found.items())
    print(f"{rate.population:8s} {answers}")
    return found


def main(
    nwb: Path | str | None = None, area: str = "area", label: str = "direction", *,
    trials: int = 120, units: int = 20, images: int = 3000, seed: int = 0, out: Path = Path(),
) -> dict[str, Answers]:  # fmt: skip
    """Analyse a recording, then a network; return what was found, by population."""
    if nwb is None:
        nwb = out / "recorded_data.nwb"
        write_recording(nwb, trials, units, seed)
    recording = read_nwb(nwb, out / "recorded_data.h5", population=area, label=label, force=True)
    found: dict[str, Answers] = {}
    rows = len(recording.populations)
    figure = Figure(figsize=(7.2, 2.1 * rows), layout="constrained")
    panels = figure.subplots(rows, 2, squeeze=False)
    for name, axes in zip(recording.populations, panels, strict=True):
        found[name] = ask(recording, 100.0, population=name)
        same = fano_factor(recording, population=name)
        peri_stimulus(recording, 25.0, by_class=True, population=name, ax=axes[0])
        read = decoding(recording, 100.0, seed=seed, population=name, ax=axes[1])
        more = same.mean, float(read.cumulative_percent[-1]), read.chance_percent
        found[name] |= dict(zip(MORE, more, strict=True))
        print(" " * 9 + ", ".join(f"{key} {found[name][key]:.2f}" for key in MORE))
    figure.savefig(out / "recorded_data.png", dpi=110)

    data = load("digits")
    circuit = network((data.features, 50, 50, 50), "FA", b_scale=0.5, rates={"eta": 0.1}, seed=seed)
    path = out / "recorded_network.h5"
    train(circuit, data, path, images=images, evaluations=1, seed=seed, force=True)
    for name in ("hidden1", "output"):
        found[name] = ask(open_run(path), 10.0, population=name, window="late")
    return found


if __name__ == "__main__":
    main(*sys.argv[1:4])
