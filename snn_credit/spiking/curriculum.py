"""A curriculum: training images, interleaved with frozen tests and with windows to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from snn_credit.data import Dataset
from snn_credit.errors import InputError
from snn_credit.spiking.stream import Stream, join

TRAIN, VALIDATION, TEST = range(3)
Kind = Literal["train", "validation", "test", "window"]


@dataclass(frozen=True)
class Block:
    """Presentations ``start`` to ``stop`` of the stream, after ``images_seen`` training images.

    ``name`` is a window's: early, middle, late.
    """

    kind: Kind
    start: int
    stop: int
    images_seen: int
    name: str = ""


@dataclass(frozen=True)
class Curriculum:
    """A stream and what its stretches are for."""

    stream: Stream
    blocks: tuple[Block, ...]


def curriculum(
    data: Dataset,
    *,
    images: int,
    steps: int | Sequence[int],
    evaluations: int,
    validation_images: int | None = None,
    windows: dict[str, float] | None = None,
    window_images: int = 3,
    window_steps: int = 50,
    seed: int = 0,
) -> Curriculum:
    """Plan a run: ``images`` training images, each for ``steps`` steps.

    With several numbers of steps a training image is shown in each window of a rule, in turn; where
    nothing learns there is the first window alone.

    While an evaluation or a window is shown, no synapse and no bias changes, by learning or decay.
    Potentials go on, and carry over at its ends as between any two images.

    Parameters
    ----------
    evaluations
        How many times the validation images are shown, frozen: evenly spaced in the logarithm of
        the images seen, from a hundredth of them on. The test set is shown once, at the end, so
        that nothing can be chosen by it.
    validation_images
        How many of them, from the first (None: all).
    windows
        Name -> fraction of the training images after which some validation images are shown for
        ``window_steps`` steps each, frozen, and everything that is watched is recorded.
    seed
        Of the order of the training images, drawn anew each epoch.

    Raises
    ------
    InputError
        For data of another kind, or numbers that are not positive.
    """
    if not isinstance(data, Dataset):
        kind = type(data).__name__
        raise InputError(f"data: a Dataset, such as snn_credit.data.load gives (got {kind})")
    lengths = [steps] if isinstance(steps, int) else list(steps)
    shown = {"images": images, "steps": lengths[0] if lengths else 0, "evaluations": evaluations}
    for name, value in shown.items():
        if value < 1:
            raise InputError(f"{name}: at least 1 (got {value})")
    order = _order(len(data.train_y), images, seed)
    checked = min(len(data.validation_y), validation_images or len(data.validation_y))
    at_images = np.geomspace(max(1, images / 100), images, evaluations)
    # A single point of geomspace is its beginning.
    at_images[-1] = images
    marks: list[tuple[int, int, str]] = [
        (int(seen), 0, "validation") for seen in np.unique(np.rint(at_images).astype(int))
    ]
    for name, at in (windows or {}).items():
        if not 0 <= at <= 1:
            raise InputError(f"windows[{name!r}]: a fraction from 0 to 1 (got {at})")
        # However short the run, only what is asked for at 0 comes before the first image.
        marks.append((max(round(images * at), int(at > 0)), 1, name))
    chosen = _examples(data.validation_y, window_images, seed)
    streams: list[Stream] = []
    blocks: list[Block] = []

    def add(kind: Kind, stream: Stream, seen: int, name: str = "") -> None:
        if len(stream):
            start = blocks[-1].stop if blocks else 0
            streams.append(stream)
            blocks.append(Block(kind, start, start + len(stream), seen, name))

    frozen, first = partial(Stream.of, plastic=False), lengths[0]
    done = 0
    for seen, _, name in sorted(marks):
        here = order[done:seen]
        add("train", Stream.of(here, data.train_y[here]).in_windows(lengths), seen)
        done = seen
        if name == "validation":
            labels = data.validation_y[:checked]
            add("validation", frozen(np.arange(checked), labels, first, part=VALIDATION), seen)
        else:
            labels = data.validation_y[chosen]
            add(
                "window",
                frozen(chosen, labels, window_steps, seen=True, part=VALIDATION),
                seen,
                name,
            )
    which = np.arange(len(data.test_y))
    add("test", frozen(which, data.test_y, first, part=TEST), images)
    return Curriculum(join(streams), tuple(blocks))


def _order(count: int, images: int, seed: int) -> NDArray[np.int64]:
    rng = np.random.default_rng((seed, 1))
    epochs = -(-images // count)
    return np.concatenate([rng.permutation(count) for _ in range(epochs)])[:images]


def _examples(labels: NDArray[np.int64], count: int, seed: int) -> NDArray[np.int64]:
    """Choose images of different classes, as far as there are classes."""
    rng = np.random.default_rng((seed, 2))
    shuffled = rng.permutation(len(labels))
    _, first = np.unique(labels[shuffled], return_index=True)
    one_each = shuffled[rng.permutation(first)]
    rest = np.setdiff1d(shuffled, one_each, assume_unique=True)
    return np.concatenate([one_each, rest])[:count]
