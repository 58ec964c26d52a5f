"""The demonstration: the network of Lillicrap et al. 2016, Fig 4, learns scikit-learn's digits.

The same experiment as ``lillicrap-spiking``, at a size that is quick: 8 x 8 images, about a minute
on one core. eta = 0.05 and B in +-1 were chosen on the 180 validation images (mean over 6 seeds),
out of eta in {0.03, 0.05, 0.1}, B in {0.5, 1, 2} and 100 to 300 neurons a hidden layer; the
rate-coded networks' eta likewise, each for its rule, with W in +-0.5. No paper has this experiment:
its ``paper`` preset only shows more images.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from snn_credit.experiments import lillicrap_spiking as full
from snn_credit.harness import Context, Experiment, below, ordered

DIGITS = full.Config(
    data="digits",
    validation_images=180,
    hidden=(200, 200),
    output=100,
    images=80_000,
    eta=0.05,
    b_scale=1.0,
    evaluations=20,
    rate_images=38_000,
    rate_batch=10,
    rate_w_scale=0.5,
    rate_eta_fa=0.3,
    rate_eta_bp=1.0,
    rate_eta_shallow=0.5,
)


def run(config: full.Config, context: Context) -> Mapping[str, Mapping[str, float | None]]:
    """Train the spiking network and its rate-coded baselines with one seed; write the figures."""
    return full.run(config, context, "demo")


EXPERIMENT = Experiment(
    id="demo",
    paper="Lillicrap et al. 2016",
    figure="Fig 4",
    about="a spiking network learns 8 x 8 digits by feedback alignment, in about a minute",
    presets={
        "smoke": full.EXPERIMENT.presets["smoke"],
        "laptop": DIGITS,
        "paper": replace(DIGITS, images=400_000),
    },
    run=run,
    synapses=full.synapses,
    cost=full.cost,
    claims=(
        below("spiking FA", full.TEST, 7, text="spiking FA: at least 93% of digits right"),
        ordered(full.TEST, "spiking FA", "rate Shallow"),
    ),
)
