"""Lillicrap et al. 2016, Supplementary Note 7: stop consonants by BP and feedback alignment.

Lillicrap, Cownden, Tweed & Akerman, Nature Communications 7, 13276 (2016), doi:10.1038/ncomms13276.
Frames of TIMIT, 39 features, six classes; 39-1000-1000-1000-6 tanh. What the networks have in
common is in `snn_credit.experiments.lillicrap_deep`; features are scaled one by one, by the reader
(`snn_credit.data.timit`).

All but ``smoke`` read the corpus (LDC93S1), which is sold; ``smoke`` makes recordings of tones in
its layout first. ``laptop`` has 200 neurons a layer. How many frames the paper showed it does not
say: 30 times all of them here, in ``laptop`` three times. Settings are those of ``lillicrap-mnist-
deep``; nothing was tuned here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from snn_credit.experiments import lillicrap_deep as deep
from snn_credit.experiments.lillicrap_deep import TEST, Recipe, Variant
from snn_credit.harness import Context, Experiment, Table, ordered, require

if TYPE_CHECKING:
    from pathlib import Path

RATE = 16_000


@dataclass(frozen=True)
class Config:
    """Settings; ``width`` is of each of three hidden layers, ``made`` makes a corpus to run on."""

    made: bool = False
    width: int = 200
    frames: int = 200_000
    batch: int = 50
    eta: float = 0.05
    gain: float = 1.0

    def __post_init__(self) -> None:
        require(self, ("width", "frames"), lambda n: n >= 1, "at least 1")
        assert self.recipe()

    def recipe(self) -> Recipe:
        """Return how each network is trained."""
        return Recipe(self.frames, self.batch, self.eta, self.gain)


def run(config: Config, context: Context) -> Table:
    """Train by BP and by FA with one seed; draw the learning curves."""
    from snn_credit.data import timit

    folder = context.out / "TIMIT"
    if config.made:
        _make(folder)
    data = timit.load(folder if config.made else None)
    histories = {
        rule: deep.train(Variant(rule, (config.width,) * 3), data, config.recipe(), context, rule)
        for rule in ("BP", "FA")
    }
    deep.draw_curves(histories, context)
    return deep.rows(histories)


def cost(config: Config) -> str | None:
    """Say what both networks take, if it takes long."""
    return deep.cost_of([Variant("FA", (config.width,) * 3)] * 2, config.recipe(), 39)


def _make(folder: Path) -> None:
    """Write a corpus of one sentence a speaker, in which each consonant is a tone in noise."""
    import numpy as np

    from snn_credit.data.timit import PHONES

    random = np.random.default_rng(0)
    long = RATE // 20  # samples of a consonant
    time = np.arange(long) / RATE
    speakers = [("TRAIN", k) for k in range(20)] + [("TEST", k) for k in range(3)]
    for part, number in speakers:
        speaker = folder / part / "DR1" / f"MAA{number}"
        speaker.mkdir(parents=True, exist_ok=True)
        tones = [np.sin(2 * np.pi * 500 * (k + 1) * time) for k in range(len(PHONES))]
        samples = 3000 * np.concatenate(tones) + random.normal(0, 300, long * len(PHONES))
        head = f"NIST_1A\n   1024\nsample_count -i {len(samples)}\nsample_rate -i {RATE}\n"
        head += "sample_byte_format -s2 01\nend_head\n"
        content = head.encode().ljust(1024) + samples.astype("<i2").tobytes()
        (speaker / "SX1.WAV").write_bytes(content)
        lines = [f"{k * long} {(k + 1) * long} {phone}\n" for k, phone in enumerate(PHONES)]
        (speaker / "SX1.PHN").write_text("".join(lines))


EXPERIMENT = Experiment(
    id="lillicrap-timit",
    paper="Lillicrap et al. 2016",
    figure="SN7",
    about="stop consonants of TIMIT by BP and FA",
    presets={
        "smoke": Config(made=True, width=20, frames=2000, batch=10),
        "laptop": Config(),
        "paper": Config(width=1000, frames=1_900_000, batch=100, eta=0.01),
    },
    run=run,
    cost=cost,
    paper_numbers={"BP": {TEST: 24.3}, "FA": {TEST: 23.1}},
    claims=(ordered(TEST, "FA", "BP"),),
)
