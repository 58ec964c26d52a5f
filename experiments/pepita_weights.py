"""Dellaferrera & Kreiman 2022, Figs 6 and 10: how trained weights are distributed.

Dellaferrera & Kreiman, ICML (2022), arXiv 2201.11665. BP and PEPITA on MNIST, 784-1024-10, with and
without dropout 10%, from *normal* He weights (section 4.4; Table 2 has uniform ones). A Normal and
a Student t are fitted to each layer by maximum likelihood. A t contains the Normal, so it never
fits worse; what tells the rules apart is how few degrees of freedom it takes, and how much Akaike's
criterion gains.

Settings are those of appendix A. ``laptop`` has 12 epochs in place of 100, and 5,000 training
images are held out: six minutes a seed on one core. After 6 epochs of 20,000 images the rules'
output layers did not differ yet in degrees of freedom (BP 9.6 and 10.2, PEPITA 10.1 and 11.6, means
of seeds 0 to 2), and so the runs became longer.
"""

from __future__ import annotations

from dataclasses import dataclass

from snn_credit.experiments.pepita_training import PAPER, TEST, Learner, cost, load, train
from snn_credit.harness import Context, Experiment, Table, all_of, clearly, ordered, require

LAYERS = ("W1", "W2")


@dataclass(frozen=True)
class Config:
    """Settings: how long, on what, and the dropouts that are compared."""

    data: str = "mnist"
    images: int | None = None
    hidden: int = 1024
    epochs: int = 12
    dropout: tuple[float, ...] = (0.0, 0.1)
    held_out: bool = True

    def __post_init__(self) -> None:
        require(self, ("images", "hidden", "epochs"), lambda n: n >= 1, "at least 1")
        require(self, ("dropout",), lambda p: 0 <= p < 1, "a fraction from 0 to below 1")


def learners(config: Config) -> dict[str, Learner]:
    """Return what is trained, by the names of the rows."""
    found = {}
    for rule in ("BP", "PEPITA"):
        for dropout in config.dropout:
            name = f"{rule}, dropout {dropout:.0%}" if dropout else f"{rule}, no dropout"
            found[name] = Learner(
                rule, config.epochs, hidden=config.hidden, dropout=dropout, normal=True
            )
    return found


def run(config: Config, context: Context) -> Table:
    """Train with one seed, and fit both distributions to both layers."""
    from snn_credit.analysis import fit_weights, weight_distributions

    data = load(config.data, config.images, held_out=config.held_out)
    rows: dict[str, dict[str, float | None]] = {}
    panels = {}
    for name, learner in learners(config).items():
        history = train(learner, data, name, config, context, EXPERIMENT.id)
        rows[name] = {TEST: 100 - history.test_error}
        for layer, w in zip(LAYERS, history.module.parameters(), strict=True):
            fit = fit_weights(w.detach().numpy())
            rows[name] |= {
                f"degrees of freedom of {layer}": fit.df,
                f"AIC difference of {layer}": fit.aic_difference,
                f"standard deviation of {layer}": fit.sd,
            }
            panels[f"{layer}: {name}"] = w.detach().numpy()
    by_layer = {name: panels[name] for name in sorted(panels)}
    weight_distributions(by_layer).savefig(context.out / "weights.png")
    return rows


EXPERIMENT = Experiment(
    id="pepita-weights",
    paper=PAPER,
    figure="Figs 6, 10",
    about="trained weights: a Normal under BP, heavier tails under PEPITA",
    presets={
        "smoke": Config(data="digits", images=200, hidden=30, epochs=2),
        "laptop": Config(),
        "paper": Config(epochs=100, held_out=False),
    },
    run=run,
    cost=lambda config: cost(
        (config.data, learner, config.images) for learner in learners(config).values()
    ),
    claims=(
        *(
            all_of(
                clearly(
                    ordered("degrees of freedom of W2", f"PEPITA, {dropout}", f"BP, {dropout}")
                ),
                clearly(ordered("AIC difference of W2", f"BP, {dropout}", f"PEPITA, {dropout}")),
                text=f"{dropout}: the output layer's tails are clearly heavier under PEPITA",
            )
            for dropout in ("no dropout", "dropout 10%")
        ),
        *(
            ordered("standard deviation of W2", f"BP, {dropout}", f"PEPITA, {dropout}")
            for dropout in ("no dropout", "dropout 10%")
        ),
    ),
)
