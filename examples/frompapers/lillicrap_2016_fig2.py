"""Random feedback learns a linear function as fast as backpropagation.

Lillicrap, Cownden, Tweed & Akerman (2016). Random synaptic feedback weights support error
backpropagation for deep learning. Nature Communications 7, 13276. doi:10.1038/ncomms13276

Figure 2: a linear 30-20-10 network learns y* = T x, one example at a time.
a, the normalised squared error of four rules: the output layer alone (shallow), node perturbation
(the paper's "fast form of reinforcement learning"), backpropagation (BP) and feedback alignment
(FA). b, the angle between what FA and BP would tell the same hidden neurons, in a sliding window
of ten examples.

    e = y - y*,   delta_BP = W' e,   delta_FA = B e,   dW = -eta e h',   dW0 = -eta delta x'

Departures: the paper gives no learning rates; these are fast and stable ones. Its formula for the
angle folds 180 degrees onto 0; here nothing is folded. One seed; the experiment `lillicrap-linear`
runs several and lets node perturbation go on until it has learned.
"""

from pathlib import Path

import numpy as np
import torch

from snn_credit.analysis import Panel, Trace, trace_grid
from snn_credit.data import tasks
from snn_credit.models.perceptron import perceptron
from snn_credit.rate import LOSSES, convert
from snn_credit.rate.modulators import modulator_angles
from snn_credit.rate.regression import Course, error_on, learn

#: Rule -> learning rate and colour.
RULES = {
    "Shallow": (10.0, "#7a7a7a"),
    "NP": (0.003, "#e08a3c"),
    "BP": (0.01, "#1a1a1a"),
    "FA": (0.01, "#1b7f5c"),
}
WINDOW = 10


def teach(rule: str, eta: float, examples: int, seed: int) -> tuple[Course, list[float]]:
    """Learn by a rule; return the NSE on the way, and each example's angle of delta to BP's."""
    task = tasks.linear(seed)  # of the same seed: the same T and the same examples
    test = task.draw(1000, np.random.default_rng(1000 + seed))
    net = perceptron(
        (30, 20, 10), hidden="linear", output="linear", bias=False, w_scale=0.01, seed=seed,
        dtype=torch.float64,
    )  # fmt: skip
    student = convert(net, rule, b_scale=0.5, seed=seed)
    angles: list[float] = []

    def draw(n: int) -> tuple[np.ndarray, np.ndarray]:
        x, y = task.draw(n)
        if rule == "FA":  # before it learns from the example
            example = torch.from_numpy(x), torch.from_numpy(y)
            angles.extend(modulator_angles(student, *example, LOSSES["squared error"]))
        return x, y

    look = error_on(*test)
    return learn(student, draw, examples=examples, lr=eta, look=look, every=10, seed=seed), angles


def main(examples: int = 1500, seed: int = 0, out: Path = Path()) -> dict[str, float]:
    """Learn by each rule; draw the figure; return the NSE at the end, and FA's last angles."""
    errors: list[Trace] = []
    angles: list[float] = []
    found: dict[str, float] = {}
    for rule, (eta, color) in RULES.items():
        course, seen = teach(rule, eta, examples, seed)
        angles += seen
        nse = course.seen["nse"]
        errors.append(Trace(course.examples, nse, color, rule))
        found[rule] = float(nse[-1])
        print(f"{rule:8s} NSE {nse[-1]:.2g} after {examples} examples")

    found["angle"] = float(np.mean(angles[-100:]))
    print(f"FA's delta to BP's: {angles[0]:.0f} degrees at first, {found['angle']:.0f} at the end")
    smooth = np.convolve(angles, np.ones(WINDOW) / WINDOW, mode="valid")
    at = np.arange(len(smooth)) + WINDOW
    panels = [
        Panel(errors, "a: error", "examples", "NSE", log_y=True),
        Panel([Trace(at, smooth, RULES["FA"][1])], "b: FA's delta to BP's", "examples", "degrees",
              y_limits=(0, 120)),
    ]  # fmt: skip
    trace_grid([panels], height=2.2).savefig(out / "lillicrap_2016_fig2.png", dpi=150)
    return found


if __name__ == "__main__":
    main()
