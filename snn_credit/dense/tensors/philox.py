"""Random numbers that count: Philox 4x32-10 (Salmon et al. 2011, doi:10.1145/2063384.2063405).

The numbers are those of the C++ programs (``cpp/runtime.h``), bit for bit: the counter holds the
index, the operation, the time step and which of the operation's draws it is; the seed is the key.
Words of 32 bits are kept in tensors of int64, whose products wrap around as unsigned ones do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import pi
from typing import Literal
from zlib import crc32

import numpy as np
import torch
from torch import Tensor

_ROUNDS = 10
_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_KEY_STEPS = (0x9E3779B9, 0xBB67AE85)
_WORD = 0xFFFFFFFF

Words = tuple[Tensor, Tensor, Tensor, Tensor]


def keys(seed: int, device: torch.device | str = "cpu") -> Tensor:
    """Return the keys of all rounds, ``(10, 2)``: they depend on the seed only."""
    halves = (seed & _WORD, (seed >> 32) & _WORD)
    rows = [
        [(half + k * step) & _WORD for half, step in zip(halves, _KEY_STEPS, strict=True)]
        for k in range(_ROUNDS)
    ]
    return torch.tensor(rows, dtype=torch.int64, device=device)


def philox(counter: Words, key: Tensor) -> Words:
    """Return the four words that belong to counters of four words; ``key`` comes from ``keys``."""
    c0, c1, c2, c3 = counter
    for row in key.unbind(0):
        k0, k1 = row.unbind(0)
        p0, p1 = c0 * _MULTIPLIERS[0], c2 * _MULTIPLIERS[1]
        c0, c1 = ((p1 >> 32) & _WORD) ^ c1 ^ k0, p1 & _WORD
        c2, c3 = ((p0 >> 32) & _WORD) ^ c3 ^ k1, p0 & _WORD
    return c0, c1, c2, c3


def _single(word: Tensor) -> Tensor:
    """Return uniform numbers in [0, 1) of 24 bits, exact in float32."""
    return (word >> 8).to(torch.float32) * 2.0**-24


def _double(high: Tensor, low: Tensor) -> Tensor:
    """Return uniform numbers in [0, 1) of 53 bits."""
    wide = (high >> 5).to(torch.float64) * 67108864.0 + (low >> 6).to(torch.float64)
    return wide * 2.0**-53


def uniform(words: Words, dtype: torch.dtype) -> Tensor:
    """Return the uniform numbers of blocks of words: four of each in float32, two in float64.

    Words are ``(..., blocks)``; numbers are ``(..., 4*blocks)`` or ``(..., 2*blocks)``.
    """
    w0, w1, w2, w3 = words
    if dtype == torch.float32:
        return torch.stack([_single(w) for w in words], -1).flatten(-2)
    return torch.stack([_double(w0, w1), _double(w2, w3)], -1).flatten(-2)


def normal(words: Words, dtype: torch.dtype) -> Tensor:
    """Return one standard normal number for each block of words (Box and Muller 1958)."""
    w0, w1, w2, w3 = words
    radius = torch.sqrt(-2.0 * torch.log(1.0 - _double(w0, w1)))
    return (radius * torch.cos(2.0 * pi * _double(w2, w3))).to(dtype)


@dataclass(frozen=True)
class Wanted:
    """``n`` random numbers that an operation draws in each time step."""

    operation: str
    call: int
    distribution: Literal["uniform", "normal"]
    n: int

    @property
    def code(self) -> int:
        """What stands for the operation in the counter."""
        return crc32(self.operation.encode())


def per_block(distribution: str, dtype: str) -> int:
    """Return how many numbers four words make."""
    return 1 if distribution == "normal" else 4 if dtype == "float32" else 2


def starts(wanted: Sequence[Wanted], dtype: str) -> list[int]:
    """Return where in a row of numbers those of each of ``wanted`` begin, and the row's length."""
    found = [0]
    for one in wanted:
        each = per_block(one.distribution, dtype)
        found.append(found[-1] + -(-one.n // each) * each)
    return found


class Draws:
    """All random numbers of one distribution that the operations of one clock draw.

    Parameters
    ----------
    wanted
        What is drawn in each step, all of one distribution.
    rows
        For how many time steps numbers are drawn at once.

    Attributes
    ----------
    numbers
        The numbers of the coming steps, ``(rows, width)``; see ``starts``.
    """

    numbers: Tensor

    def __init__(
        self, wanted: Sequence[Wanted], rows: int, dtype: str, device: torch.device | str
    ) -> None:
        self._uniform = wanted[0].distribution == "uniform"
        each = per_block(wanted[0].distribution, dtype)
        width = starts(wanted, dtype)
        blocks = np.diff(width) // each
        index = np.concatenate([np.arange(count) for count in blocks])
        code = np.repeat([one.code for one in wanted], blocks)
        call = np.repeat([one.call << 16 for one in wanted], blocks)
        self._c0, self._c1, self._c3 = (
            torch.tensor(values, dtype=torch.int64, device=device)
            for values in (index & _WORD, code, (call ^ (index >> 32 << 24)) & _WORD)
        )
        kind = getattr(torch, dtype)
        self.numbers = torch.zeros((rows, width[-1]), dtype=kind, device=device)

    def fill(self, steps: Tensor, key: Tensor) -> None:
        """Draw the numbers of time steps, ``(rows, 1)``."""
        high = ((steps >> 32) & _WORD) ^ self._c3
        words = philox((self._c0, self._c1, steps & _WORD, high), key)
        make = uniform if self._uniform else normal
        self.numbers.copy_(make(words, self.numbers.dtype))
