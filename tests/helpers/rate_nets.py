"""Small modules that tests of the rate path share."""

import torch
from torch import nn


class Wrapped(nn.Module):
    """Hides that a module is a chain, so that its layers learn by themselves."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return self.inner(x)


class Residual(nn.Module):
    """A module that is no chain, for images (batch, 3, height, width)."""

    def __init__(self):
        super().__init__()
        self.first, self.norm = nn.Conv2d(3, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4)
        self.second, self.out = nn.Conv2d(4, 4, 3, padding=1), nn.Linear(4, 4)

    def forward(self, x):
        h = torch.relu(self.norm(self.first(x)))
        h = h + torch.relu(self.second(h))
        return self.out(h.mean((2, 3)))


class Twice(nn.Module):
    """A module that passes through its middle layer twice, for stimuli (batch, 4)."""

    def __init__(self):
        super().__init__()
        self.first, self.again, self.out = nn.Linear(4, 5), nn.Linear(5, 5), nn.Linear(5, 3)

    def forward(self, x):
        h = torch.tanh(self.first(x))
        return self.out(torch.tanh(self.again(torch.tanh(self.again(h)))))


def dense():
    """Three layers of logistic neurons, for stimuli (batch, 4)."""
    return nn.Sequential(
        nn.Linear(4, 3), nn.Sigmoid(), nn.Linear(3, 5), nn.Sigmoid(), nn.Linear(5, 2), nn.Sigmoid()
    )


def convolutions():
    """Two convolutions and a dense layer of logistic neurons, for stimuli (batch, 24)."""
    return nn.Sequential(
        nn.Unflatten(1, (2, 4, 3)),
        nn.Conv2d(2, 3, 2, stride=(2, 1), padding=1), nn.Sigmoid(),
        nn.Conv2d(3, 3, (3, 2), groups=3, dilation=(1, 2), bias=False), nn.Sigmoid(),
        nn.Flatten(), nn.Linear(6, 2), nn.Sigmoid(),
    )  # fmt: skip
