"""SPHERE files written byte by byte, and features of sounds that are known."""

import numpy as np
import pytest
from scipy.fft import dct

from snn_credit.data import speech
from snn_credit.errors import InputError

RATE = 16_000
FIELDS = {
    "channel_count": "-i 1",
    "sample_count": "-i 5",
    "sample_rate": "-i 16000",
    "sample_n_bytes": "-i 2",
    "sample_byte_format": "-s2 01",
    "sample_sig_bits": "-i 16",
}
SAMPLES = np.array([0, 1, -2, 300, -32768], np.int16)


def sphere(changed: dict[str, str] | None = None, samples: bytes | None = None) -> bytes:
    fields = FIELDS | (changed or {})
    head = "NIST_1A\n   1024\n" + "".join(f"{k} {v}\n" for k, v in fields.items()) + "end_head\n"
    return head.encode().ljust(1024) + (
        SAMPLES.astype("<i2").tobytes() if samples is None else samples
    )


@pytest.fixture
def path(tmp_path):
    return tmp_path / "SI1.WAV"


def test_reads_samples_of_both_byte_orders(path):
    path.write_bytes(sphere())
    samples, rate = speech.read_sphere(path)
    assert (samples.tolist(), rate) == (SAMPLES.tolist(), RATE)
    assert samples.dtype == np.int16
    path.write_bytes(sphere({"sample_byte_format": "-s2 10"}, SAMPLES.astype(">i2").tobytes()))
    assert speech.read_sphere(path)[0].tolist() == SAMPLES.tolist()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", r"expected a SPHERE header, NIST_1A \(got b'RIFF"),
        (b"", r"expected a SPHERE header, NIST_1A \(got b''\)"),
        (b"NIST_1A\n", r"expected a SPHERE header"),
        (sphere()[:-1], r"expected 5 samples of 2 bytes \(got 9 bytes\)"),
        (sphere()[:100], r"expected end_head within 1024 bytes, truncated \(got none\)"),
        (sphere({"channel_count": "-i 2"}), r"expected one channel of 16-bit pcm \(got \{"),
        (sphere({"sample_coding": "-s26 pcm,embedded-shorten-v2.00"}), r"expected one channel of"),
        (sphere({"sample_byte_format": "-s1 1"}), r"expected one channel of 16-bit pcm"),
        (sphere({"sample_count": "-i many"}), r"expected one channel of 16-bit pcm"),
    ],
)
def test_refuses_in_one_line(path, content, message):
    path.write_bytes(content)
    with pytest.raises(InputError, match=rf"SI1\.WAV: {message}") as caught:
        speech.read_sphere(path)
    assert "\n" not in str(caught.value)


def noise(seconds: float, seed: int = 0) -> np.ndarray:
    return (1000 * np.random.default_rng(seed).normal(size=int(seconds * RATE))).astype(np.int16)


def test_a_frame_every_10_ms():
    found = speech.features(noise(1.0), RATE)
    # The last window of 400 samples that fits starts at 15,520.
    assert found.shape == (98, 39)
    assert np.isfinite(found).all()
    assert speech.frame_centres(3, RATE).tolist() == [200, 360, 520]
    assert speech.features(noise(0.02), RATE).shape == (0, 39)
    assert np.isfinite(speech.features(np.zeros(800, np.int16), RATE)).all()


def test_a_frame_by_its_definition():
    samples = noise(0.1).astype(float)
    x = samples - 0.97 * np.concatenate([[0], samples[:-1]])
    x[0] = samples[0]
    window = x[160:560] * (0.54 - 0.46 * np.cos(2 * np.pi * np.arange(400) / 399))
    spectrum = np.array(
        [
            abs(window @ np.exp(-2j * np.pi * k * np.arange(400) / 512)) ** 2 / 512
            for k in range(257)
        ]
    )

    def mel(f):
        return 2595 * np.log10(1 + f / 700)

    corners = mel(8000) * np.arange(28) / 27
    energies = []
    for k in range(1, 27):
        hertz = [700 * (10 ** (c / 2595) - 1) for c in corners[k - 1 : k + 2]]
        energies.append(np.interp(np.arange(257) * 31.25, hertz, [0, 1, 0]) @ spectrum)
    expected = dct(np.log(energies), norm="ortho")[:13]
    np.testing.assert_allclose(speech.features(samples, RATE)[1, :13], expected, atol=1e-8)


def test_loudness_moves_the_first_coefficient_alone():
    quiet, loud = (speech.features(k * noise(0.3).astype(float), RATE) for k in (1, 4))
    difference = loud - quiet
    np.testing.assert_allclose(difference[:, 0], np.log(16) * 26**0.5, atol=1e-6)
    np.testing.assert_allclose(difference[:, 1:], 0, atol=1e-6)


def test_a_high_tone_and_a_low_one_differ_in_the_second_coefficient():
    t = np.arange(RATE // 4) / RATE
    low, high = (speech.features(3000 * np.sin(2 * np.pi * f * t), RATE) for f in (300, 4000))
    # The first cosine weighs low filters against high ones.
    assert low[5:20, 1].min() > high[5:20, 1].max() + 10


def test_slopes_are_those_of_a_line():
    # Samples that grow exponentially: the log energy rises by the same step each frame.
    t = np.arange(RATE // 2) / RATE
    samples = np.exp(8 * t) * np.sin(2 * np.pi * 700 * t) * 50
    found = speech.features(samples, RATE)
    step = 2 * 8 * 0.010 * 26**0.5
    np.testing.assert_allclose(np.diff(found[5:-5, 0]).mean(), step, rtol=0.02)
    np.testing.assert_allclose(found[5:-5, 13], step, rtol=0.1)
    np.testing.assert_allclose(found[8:-8, 26], 0, atol=0.05)
