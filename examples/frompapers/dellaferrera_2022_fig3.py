"""PEPITA: the error modulates the input, and the weights turn away from the projection.

Dellaferrera & Kreiman (2022). Error-driven input modulation: solving the credit assignment problem
without a backward pass. ICML 2022. arXiv:2201.11665

Figure 3: accuracy, the angle between the product of the forward weights and the feedback F, and the
norm of W1, over the epochs. Each image is shown twice, as it is and changed by its own error,

    h = f(W1 x),  e = softmax(W2 h) - y*,  h_err = f(W1 (x + F e))                  eqs 1, 2
    dW1 = -eta (h - h_err) (x + F e)',     dW2 = -eta e h_err'                      eqs 3, 5, 6

and nothing goes backwards. The angle rises from 90 degrees, as F comes to be opposed by W2 W1: the
change of the input then lowers the output's error.

Departures: the paper has MNIST, 784-1024-10, 100 epochs and eta 0.1; this has 8 x 8 digits,
64-64-10, 60 epochs and eta 0.3 (better than 0.1 on validation images with seeds 100 and 101). F is
uniform in +-0.05 sqrt(6/n_0), as in the published code; the paper prints 0.05 x 2 sqrt(6/n_0) as
F's *standard deviation*, 3.5 times as much. The angle is signed, 0 to 180. The control with F = 0
is not in the figure: without feedback W1 does not change, and the output layer learns alone. With
128 hidden neurons and more that is nearly as good here, so there are 64. The angle comes to 100 to
110 degrees, less far than the paper's; the experiment `pepita-dynamics` has MNIST.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from snn_credit.analysis import Panel, Trace, angle, trace_grid
from snn_credit.data import load
from snn_credit.models.pepita import learner, network
from snn_credit.rate import History, fit

#: Name -> spread of F and colour.
RUNS = {"PEPITA": ("code", "#1f4e9c"), "F = 0": ("zero", "#8c8c8c")}


def weights(net: Any) -> Mapping[str, float]:
    """Measure the angle of W2 W1 to F', (n_L, n_0) both, in degrees, and the norm of W1."""
    w1, w2 = (w.detach().numpy() for w in net.parameters())
    f = net.synapses.get_buffer("b_0_2").numpy()  # F transposed
    return {"angle": angle(w2 @ w1, f), "norm": float((w1**2).sum() ** 0.5)}


def main(
    epochs: int = 60, hidden: int = 64, seed: int = 0, out: Path = Path()
) -> dict[str, History]:
    """Train with F and without, draw the figure, and return what was measured."""
    data = load("digits")
    images = len(data.train_y)
    histories: dict[str, History] = {}
    for name, (spread, _) in RUNS.items():
        net = network("FC", data.shape, data.classes, hidden=hidden, dropout=0.1, seed=seed)
        student = learner(net, "PEPITA", data.shape, spread=spread, seed=seed)
        histories[name] = history = fit(
            student, data, images=epochs * images, batch=64, lr=0.3, momentum=0.9,
            loss="cross entropy", evaluate_every=images, watch=weights, seed=seed,
        )  # fmt: skip
        print(f"{name:7s} test accuracy {100 - history.test_error:.1f} %")
    first, last = (histories["PEPITA"].watched["angle"][k] for k in (0, -1))
    print(f"angle of W2 W1 to F': {first:.0f} degrees at first, {last:.0f} at the end")

    def panel(title: str, unit: str, values: Mapping[str, Any]) -> Panel:
        traces = [
            Trace(histories[name].images_seen / images, value, RUNS[name][1], name)
            for name, value in values.items()
        ]
        return Panel(traces, title, "epochs", unit)

    shown = {name: history.watched for name, history in histories.items()}
    panels = [
        panel("accuracy", "% of validation images",
              {name: 100 - history.validation_error for name, history in histories.items()}),
        panel("angle of W2 W1 to F'", "degrees", {"PEPITA": shown["PEPITA"]["angle"]}),
        panel("norm of W1", "|W1|", {name: watched["norm"] for name, watched in shown.items()}),
    ]  # fmt: skip
    trace_grid([panels], height=2.0).savefig(out / "dellaferrera_2022_fig3.png", dpi=150)
    return histories


if __name__ == "__main__":
    main()
