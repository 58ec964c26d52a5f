"""Stop consonants of TIMIT: frames of speech, 39 features each, in six classes.

TIMIT is sold by the Linguistic Data Consortium (LDC93S1); nothing here downloads it. Its layout is
``TRAIN/DR1/FCJF0/SI1027.WAV`` (NIST SPHERE) beside ``SI1027.PHN``, lines of first sample, sample
after the last, and phone. Names may be in small letters.

Supplementary Note 7 of Lillicrap et al. 2016 counts 63,881 and 22,257 frames of "one of six stop
consonants" with 39 features, and no more. Taken here: frames whose middle lies in a segment of
b, d, g, p, t or k (their closures are phones of their own), without the two SA sentences that all
speakers read; `snn_credit.data.speech` says what the features are. Counts may differ from theirs.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from snn_credit.data import files, speech
from snn_credit.data.dataset import Dataset
from snn_credit.errors import InputError

PHONES = ("b", "d", "g", "p", "t", "k")
EVERY_NTH_SPEAKER = 20
Part = tuple[NDArray[np.float64], NDArray[np.int64]]


def load(folder: Path | None = None) -> Dataset:
    """Load the stop consonants, with every 20th speaker of the training set for validation.

    Parameters
    ----------
    folder : Path, optional
        Where ``TRAIN`` and ``TEST`` lie; without it they are looked for.

    Returns
    -------
    Dataset
        Each feature is scaled to mean 0 and standard deviation 1 over the training frames;
        `image_shape` is (39,), there are no bounds, labels number `PHONES`.

    Raises
    ------
    InputError
        The folders are not there, a recording or its phones are damaged, or a part has no stop
        consonant.
    """
    train_folder, test_folder = _find(folder)
    speakers = sorted(path for dialect in _folders(train_folder) for path in _folders(dialect))
    held = speakers[EVERY_NTH_SPEAKER - 1 :: EVERY_NTH_SPEAKER]
    kept = [speaker for speaker in speakers if speaker not in held]
    tested = [path for dialect in _folders(test_folder) for path in _folders(dialect)]
    x, y = _frames(kept, train_folder)
    mean, sd = x.mean(axis=0), x.std(axis=0)
    parts = {"train": (x, y), "validation": _frames(held), "test": _frames(tested, test_folder)}
    arrays = {}
    for split, (inputs, labels) in parts.items():
        arrays[f"{split}_x"] = (inputs - mean) / np.where(sd > 0, sd, 1)
        arrays[f"{split}_y"] = labels
    return Dataset(
        name="timit",
        **arrays,
        classes=len(PHONES),
        image_shape=(x.shape[1],),
        bounds=(-np.inf, np.inf),
    )


def read_phones(path: Path) -> list[tuple[int, int, str]]:
    """Read a ``.PHN`` file: first sample, sample after the last, and phone of each segment.

    Raises
    ------
    InputError
        The file cannot be read, or a line is none of these.
    """
    segments = []
    for number, line in enumerate(files.read_bytes(path).decode("latin1").splitlines(), start=1):
        words = line.split()
        if len(words) != 3 or not (words[0].isdigit() and words[1].isdigit()):
            raise InputError(f"{path}: expected start, end, phone in line {number} (got {line!r})")
        segments.append((int(words[0]), int(words[1]), words[2]))
    return segments


def _frames(speakers: list[Path], part: Path | None = None) -> Part:
    """Features and labels of all stop consonants; of a part of the corpus there must be some."""
    x, y = [np.zeros((0, 3 * speech.COEFFICIENTS))], [np.zeros(0, np.int64)]
    for recording, phones in _utterances(speakers):
        samples, rate = speech.read_sphere(recording)
        found = speech.features(samples, rate)
        centres = speech.frame_centres(len(found), rate)
        for first, stop, phone in read_phones(phones):
            if phone in PHONES:
                inside = (centres >= first) & (centres < stop)
                x.append(found[inside])
                y.append(np.full(int(inside.sum()), PHONES.index(phone)))
    if part and sum(map(len, y)) == 0:
        raise InputError(f"{part}: expected recordings of {', '.join(PHONES)} (got none)")
    return np.concatenate(x), np.concatenate(y)


def _utterances(speakers: list[Path]) -> Iterator[tuple[Path, Path]]:
    for speaker in speakers:
        there = {path.name.lower(): path for path in sorted(speaker.iterdir())}
        for name, path in there.items():
            if name.endswith(".wav") and not name.startswith("sa"):
                phones = there.get(f"{name[:-4]}.phn")
                if phones is None:
                    raise InputError(f"{path}: expected a .PHN file beside it (got none)")
                yield path, phones


def _folders(folder: Path) -> list[Path]:
    return sorted(Path(entry.path) for entry in os.scandir(folder) if entry.is_dir())


def _find(given: Path | None) -> tuple[Path, Path]:
    looked = [given] if given else [
        folder
        for place in files.search_folders("timit")
        for folder in (place / "TIMIT", place / "timit", place)
    ]  # fmt: skip
    for folder in looked:
        there = {path.name.lower(): path for path in _folders(folder)} if folder.is_dir() else {}
        if {"train", "test"} <= there.keys():
            return there["train"], there["test"]
    raise InputError(
        f"timit: expected folders TRAIN and TEST (got none in {', '.join(map(str, looked))}); set "
        f"{files.FOLDER_VARIABLE} to a folder that has them (LDC93S1)"
    )
