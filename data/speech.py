"""Recordings of speech: NIST SPHERE files, and what the ear hears in them every 10 ms.

`features` are 13 mel-frequency cepstral coefficients and their first two derivatives in time, 39
numbers a frame: windows of 25 ms every 10 ms after pre-emphasis by 0.97, a Hamming window, the
power spectrum through 26 triangles evenly spaced in mel from 0 Hz to half the sampling rate, the
logarithm, a discrete cosine transform. A derivative is the slope of the line through the frame and
two on either side.

Source: S. Young et al. (2006), "The HTK book", sections 5.2 to 5.9.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from snn_credit.data.files import read_bytes
from snn_credit.errors import InputError

HOP_SECONDS, WINDOW_SECONDS = 0.010, 0.025
COEFFICIENTS, FILTERS = 13, 26
PRE_EMPHASIS, SLOPE_REACH = 0.97, 2


def read_sphere(path: Path) -> tuple[NDArray[np.int16], int]:
    """Read a NIST SPHERE file of 16-bit samples in one channel, as TIMIT's ``.WAV`` files are.

    A text header of 1024 bytes or so (``NIST_1A``, its length, then lines of a name, a type and a
    value until ``end_head``) and the samples.

    Returns
    -------
    samples : ndarray of int16, shape (n,)
    rate : int
        In Hz.

    Raises
    ------
    InputError
        The file cannot be read, has no such header, is compressed or of another kind, or is
        truncated.
    """
    content = read_bytes(path)
    lines = content[:16].split(b"\n")
    if lines[0] != b"NIST_1A" or len(lines) < 3 or not lines[1].strip().isdigit():
        raise InputError(f"{path}: expected a SPHERE header, NIST_1A (got {content[:8]!r})")
    start = int(lines[1])
    fields: dict[str, str] = {}
    for line in content[:start].decode("latin1").splitlines()[2:]:
        name, _, rest = line.partition(" ")
        if name == "end_head":
            break
        fields[name] = rest.partition(" ")[2].strip()
    else:
        raise InputError(f"{path}: expected end_head within {start} bytes, truncated (got none)")
    kind = fields.get("sample_coding", "pcm"), fields.get("channel_count", "1")
    order = {"01": "<i2", "10": ">i2"}.get(fields.get("sample_byte_format", ""))
    numbers = [fields.get(name, "") for name in ("sample_count", "sample_rate")]
    if kind != ("pcm", "1") or order is None or not all(n.isdigit() for n in numbers):
        raise InputError(f"{path}: expected one channel of 16-bit pcm (got {fields})")
    count, rate = map(int, numbers)
    if len(content) != start + 2 * count:
        raise InputError(
            f"{path}: expected {count} samples of 2 bytes (got {len(content) - start} bytes)"
        )
    return np.frombuffer(content, order, offset=start).astype(np.int16), rate


def features(samples: NDArray[np.int16], rate: int) -> NDArray[np.float64]:
    """Return coefficients, slopes and slopes of slopes, (n_frames, 39).

    Frame t is the window that starts at sample ``t * hop``, with the hop of 10 ms; none where the
    recording is shorter than a window.
    """
    cepstra = _cepstra(np.asarray(samples, np.float64), rate)
    slopes = _slopes(cepstra)
    return np.hstack([cepstra, slopes, _slopes(slopes)])


def frame_centres(n_frames: int, rate: int) -> NDArray[np.float64]:
    """Return the middle of each frame's window, in samples."""
    return (
        np.arange(n_frames, dtype=np.float64) * round(HOP_SECONDS * rate)
        + round(WINDOW_SECONDS * rate) / 2
    )


def _cepstra(samples: NDArray[np.float64], rate: int) -> NDArray[np.float64]:
    from scipy.fft import dct  # slow to import, and needed by nothing else here

    hop, window = round(HOP_SECONDS * rate), round(WINDOW_SECONDS * rate)
    if len(samples) < window:
        return np.zeros((0, COEFFICIENTS))
    emphasised = np.append(samples[:1], samples[1:] - PRE_EMPHASIS * samples[:-1])
    frames = np.lib.stride_tricks.sliding_window_view(emphasised, window)[::hop]
    size = 1 << (window - 1).bit_length()
    power = np.abs(np.fft.rfft(frames * np.hamming(window), size)) ** 2 / size
    energies = power @ _triangles(size, rate).T
    # A sample's least step keeps silence finite.
    logarithms = np.log(np.maximum(energies, 1e-3))
    return np.asarray(dct(logarithms, norm="ortho", axis=1))[:, :COEFFICIENTS]


def _triangles(size: int, rate: int) -> NDArray[np.float64]:
    """Make filters (FILTERS, size / 2 + 1), each from its lower neighbour's centre to its upper."""
    top = 2595 * np.log10(1 + rate / 2 / 700)
    hertz = 700 * (10 ** (np.linspace(0, top, FILTERS + 2) / 2595) - 1)
    low, centre, high = hertz[:-2, None], hertz[1:-1, None], hertz[2:, None]
    f = np.fft.rfftfreq(size, 1 / rate)
    return np.clip(np.minimum((f - low) / (centre - low), (high - f) / (high - centre)), 0, None)


def _slopes(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Least-squares slope at each frame, the first and the last repeated beyond the ends."""
    if not len(x):
        return x
    offsets = np.arange(-SLOPE_REACH, SLOPE_REACH + 1)
    wide = np.pad(x, ((SLOPE_REACH, SLOPE_REACH), (0, 0)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(wide, len(offsets), axis=0)
    return windows @ offsets / np.sum(offsets**2)
