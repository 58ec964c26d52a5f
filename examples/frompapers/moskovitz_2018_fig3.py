"""How far each layer's error signal is from backpropagation's, in a convolutional network.

Moskovitz, Litwin-Kumar & Abbott (2018). Feedback alignment in deep convolutional networks.
arXiv:1812.06488

Figure 3: the angle of what each layer learns from, delta_l, to that of backpropagation, over the
training. Feedback alignment (FA) sends the error down through fixed random B; with uniform
sign-concordant feedback (uSF) a feedback weight has the sign of its forward weight:

    delta_l = (B_{l+1} * delta_{l+1}) f'(u_l)           FA                              eq 3
    B = |B_0| sign(W)                                   uSF Init                        eq 4
    B = |W|_2 sign(W) / |sign(W)|_2                     uSF SN                          eq 5

FA's signal stays near a right angle to BP's; uSF's is at an acute one in all layers, the wider the
lower the layer. In the paper that is why FA fails in deep convolutional networks and uSF does not.

Departures: the paper trains nine convolutions on CIFAR-10; here there are four, on 8 x 8 digits.
They are easy: all rules learn them. delta, with the slope f' in it, is compared over all probe
images at once; angles are signed, 0 to 180. The experiment `moskovitz-gradients` has the paper's
network, and Fig 2.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from torch import nn

from snn_credit.analysis import Panel, Trace, angle, shades, trace_grid
from snn_credit.data import Dataset, load
from snn_credit.models.moskovitz import preserve_variance
from snn_credit.rate import LOSSES, History, convert, fit
from snn_credit.rate.modulators import modulators

#: The paper's name -> the rule's name here.
RULES = {"FA": "FA chain", "uSF Init": "uSF Init", "uSF SN": "uSF SN"}


def network(maps: int, seed: int) -> nn.Sequential:
    """Make four convolutions and a dense layer; W has the variance 1/n_in, as in 5.1."""
    torch.manual_seed(seed)
    layers: list[nn.Module] = [nn.Unflatten(1, (1, 8, 8))]
    for below, above, stride in ((1, maps, 1), (maps, maps, 1), (maps, maps, 2), (maps, maps, 1)):
        layers += [nn.Conv2d(below, above, 3, stride, padding=1), nn.ReLU()]
    net = nn.Sequential(*layers, nn.Flatten(), nn.Linear(maps * 4 * 4, 10))
    for name, values in net.named_parameters():
        bound = np.sqrt(3 / values[0].numel()) if name.endswith("weight") else 0.0
        nn.init.uniform_(values, -bound, bound)
    return net


def angles_to_bp(data: Dataset, images: int) -> Callable[[nn.Module], Mapping[str, float]]:
    """Return what measures the angle of each hidden layer's delta to that of BP."""
    x = torch.from_numpy(data.validation_x[:images])
    y = torch.from_numpy(data.validation_y[:images])

    def watch(module: nn.Module) -> Mapping[str, float]:
        own, bp = modulators(module, x, y, LOSSES["cross entropy"], ("BP",), own_slope=True)
        return {
            f"layer {layer}": angle(ours, exact)
            for layer, (ours, exact) in enumerate(zip(own, bp, strict=True), start=1)
        }

    return watch


def main(epochs: int = 6, maps: int = 12, seed: int = 0, out: Path = Path()) -> dict[str, History]:
    """Train by each rule, draw the figure, and return what was measured."""
    data = load("digits")
    images = epochs * len(data.train_y)
    histories: dict[str, History] = {}
    panels: list[Panel] = []
    for name, rule in RULES.items():
        student = convert(network(maps, seed), rule, shape=(data.features,), seed=seed)
        preserve_variance(student, seed)  # B has the variance 1/n_out
        histories[name] = history = fit(
            student, data, images=images, batch=50, loss="cross entropy", optimiser="Adam", lr=1e-3,
            evaluate_every=images // (2 * epochs), watch=angles_to_bp(data, 100), seed=seed,
        )  # fmt: skip
        ends = ", ".join(f"{values[-1]:.0f}" for values in history.watched.values())
        print(f"{name:8s} test error {history.test_error:4.1f} %, angles by layer {ends} degrees")
        shade = zip(history.watched.items(), shades(len(history.watched)), strict=True)
        traces = [
            Trace(history.images_seen / len(data.train_y), values, color, layer)
            for (layer, values), color in shade
        ]
        panels.append(Panel(traces, name, "epochs", "degrees to BP's delta", y_limits=(0, 100)))
    trace_grid([panels], height=2.2).savefig(out / "moskovitz_2018_fig3.png", dpi=150)
    return histories


if __name__ == "__main__":
    main()
