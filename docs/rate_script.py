"""A convolutional network learns to read digits without weight transport."""

import torch
from torch import nn

from snn_credit.data import load
from snn_credit.rate import convert, fit

torch.manual_seed(0)
net = nn.Sequential(
    nn.Unflatten(1, (1, 8, 8)),
    nn.Conv2d(1, 16, 3, padding=1),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Flatten(),
    nn.Linear(256, 64),
    nn.ReLU(),
    nn.Linear(64, 10),
)
for rule in ("BP", "FA chain", "uSF Init", "DFA", "Shallow"):
    history = fit(
        convert(net, rule, shape=(64,)),
        load("digits"),
        images=20_000,
        loss="cross entropy",
        lr=0.05,
        momentum=0.9,
    )
    print(f"{rule:9s} test error {history.test_error:.1f} %")
