"""Estimates of feedback weights beside what they go to (Lansdell et al. 2020, section 3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from snn_credit.theory.perturbation import (
    estimate,
    estimate_direct,
    expectation,
    products,
    sampling_error,
)
from snn_credit.theory.static import Matrix, Noise, Observations, StaticNet, observe


@dataclass(frozen=True)
class Estimate:
    """One matrix of feedback weights.

    Attributes
    ----------
    b, limit : (n_post, n_pre)
        The estimate, and what the theorems say it goes to.
    e : (stimuli, n_post)
        The errors that it is to send down.
    """

    b: Matrix
    limit: Matrix
    e: Matrix

    @property
    def error(self) -> float:
        """|b - limit| / |limit|."""
        return float(np.linalg.norm(self.b - self.limit) / np.linalg.norm(self.limit))

    @property
    def angle(self) -> float:
        """Mean angle over stimuli of b' e to what the limit sends, in degrees, 0 to 180."""
        sent, wanted = self.e @ self.b, self.e @ self.limit
        lengths = np.linalg.norm(sent, axis=1) * np.linalg.norm(wanted, axis=1)
        cosines = np.sum(sent * wanted, axis=1) / lengths
        return float(np.degrees(np.arccos(np.clip(cosines, -1, 1))).mean())


@dataclass(frozen=True)
class Case:
    """A net, the noise it is given, and whether feedback is direct.

    Its estimates go by the name of what they go to: ``W3``, or ``W3W2`` for direct feedback, where
    that to the last hidden layer is left out, being the other's.
    """

    net: StaticNet
    direct: bool = False
    noise: Noise = "gaussian"

    def estimates(self, seen: Observations) -> dict[str, Estimate]:
        """Return all estimates, the lowest layer's first."""
        net = self.net
        if self.direct:
            pairs = list(zip(estimate_direct(net, seen), products(net.w), strict=True))[:-1]
            e = net.output_error()
            return {n: Estimate(b, w, e) for n, (b, w) in zip(self._direct, pairs, strict=True)}
        together = zip(estimate(net, seen), net.w, net.errors(net.w), strict=True)
        return {
            f"W{at}": Estimate(b, w, e)
            for at, (b, w, e) in enumerate(together, start=1)
            if b is not None and e is not None
        }

    def observe(self, rng: np.random.Generator, presentations: int, c: float) -> Observations:
        """Show stimuli with noise of size c."""
        return observe(self.net, rng, presentations, c, self.noise)

    def growing(
        self, rng: np.random.Generator, presentations: Sequence[int], c: float
    ) -> Iterator[dict[str, Estimate]]:
        """Yield the estimates from the first T presentations, for each T, ascending."""
        seen, before = None, 0
        for now in presentations:
            more = self.observe(rng, now - before, c)
            seen, before = more if seen is None else seen + more, now
            yield self.estimates(seen)

    def limits(self, c: float) -> dict[str, Estimate]:
        """Return the estimates from infinitely many presentations: their errors are biases."""
        return self.estimates(expectation(self.net, c, self.noise))

    def sampling(self) -> dict[str, float]:
        """Return sqrt(T) times the error to be expected for c -> 0, of those where it is known."""
        relative = [
            size / float(np.linalg.norm(limit))
            for size, limit in zip(sampling_error(self.net), products(self.net.w), strict=True)
        ]
        if not self.direct:
            return {f"W{len(self.net.w)}": relative[-1]}
        return dict(zip(self._direct, relative, strict=False))

    @property
    def _direct(self) -> list[str]:
        top = len(self.net.w)
        return ["".join(f"W{at}" for at in range(top, low, -1)) for low in range(1, top - 1)]
