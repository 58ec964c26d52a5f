"""TIMIT's folders with made recordings."""

import struct
from pathlib import Path

import numpy as np
import pytest

from snn_credit.data import load, speech, timit
from snn_credit.errors import InputError

RATE = 16_000


def utterance(folder: Path, name: str, phones: list[tuple[int, int, str]], seed: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    n = phones[-1][1]
    samples = np.random.default_rng(seed).integers(-2000, 2000, n)
    head = f"NIST_1A\n   1024\nsample_count -i {n}\nsample_rate -i {RATE}\n"
    head += "sample_byte_format -s2 01\nend_head\n"
    content = head.encode().ljust(1024) + struct.pack(f"<{n}h", *samples)
    (folder / f"{name}.WAV").write_bytes(content)
    lines = [f"{first} {stop} {phone}\n" for first, stop, phone in phones]
    (folder / f"{name}.PHN").write_text("".join(lines))


SOUNDS = [(0, 1600, "h#"), (1600, 2400, "b"), (2400, 4000, "iy"), (4000, 4800, "tcl")]
SOUNDS += [(4800, 6000, "t"), (6000, 7000, "k"), (7000, 9000, "h#")]


@pytest.fixture
def corpus(tmp_path, monkeypatch) -> Path:
    """21 speakers to train on, two to test."""
    monkeypatch.setenv("SNN_CREDIT_DATA", str(tmp_path))
    for k in range(21):
        speaker = tmp_path / "TIMIT" / "TRAIN" / f"DR{k % 8 + 1}" / f"FAA{k:02}"
        utterance(speaker, "SI1", SOUNDS, k)
    utterance(speaker, "SA1", SOUNDS, 100)
    for k in range(2):
        utterance(tmp_path / "TIMIT" / "TEST" / "DR1" / f"MBB{k}", "SX2", SOUNDS, 50 + k)
    return tmp_path / "TIMIT"


#: Windows whose middle, 200 + 160 t, lies in b, t and k.
FRAMES = {"b": range(9, 14), "t": range(29, 37), "k": range(37, 43)}
LABELS = [0] * 5 + [4] * 8 + [5] * 6


def test_frames_of_stop_consonants(corpus):
    made = load("timit")
    assert (made.name, made.shape, made.classes) == ("timit", (1, 1, 39), 6)
    assert made.train_y.tolist() == LABELS * 20
    assert made.validation_y.tolist() == LABELS
    assert made.test_y.tolist() == LABELS * 2


def test_features_are_scaled_by_the_training_frames(corpus):
    made = load("timit")
    np.testing.assert_allclose(made.train_x.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(made.train_x.std(axis=0), 1, atol=1e-4)
    assert np.abs(made.test_x.mean(axis=0)).max() > 0.01
    samples, rate = speech.read_sphere(corpus / "TEST" / "DR1" / "MBB0" / "SX2.WAV")
    raw = speech.features(samples, rate)[[t for frames in FRAMES.values() for t in frames]]
    # The same straight line for all frames.
    for ours, theirs in zip(made.test_x[:19].T, raw.T, strict=True):
        assert np.corrcoef(ours, theirs)[0, 1] == pytest.approx(1.0, abs=1e-4)


def test_small_letters_and_the_folder_itself(corpus, monkeypatch):
    (corpus / "TRAIN").rename(corpus / "train")
    (corpus / "TEST").rename(corpus / "test")
    monkeypatch.setenv("SNN_CREDIT_DATA", str(corpus))
    assert len(load("timit").test_y) == 38


def test_a_folder_that_is_given_is_not_looked_for(corpus, monkeypatch, tmp_path):
    monkeypatch.delenv("SNN_CREDIT_DATA")
    assert len(timit.load(corpus).test_y) == 38
    with pytest.raises(InputError, match=rf"folders TRAIN and TEST \(got none in {tmp_path}\)"):
        timit.load(tmp_path)


@pytest.mark.parametrize("line", ["0 1600", "0 x b", "-1 4 b", "0 1 b c"])
def test_a_damaged_list_of_phones_is_refused(corpus, line):
    path = corpus / "TEST" / "DR1" / "MBB1" / "SX2.PHN"
    path.write_text(f"0 10 h#\n{line}\n")
    message = rf"SX2\.PHN: expected start, end, phone in line 2 \(got '{line}'\)"
    with pytest.raises(InputError, match=message):
        load("timit")


def test_a_recording_without_phones_is_refused(corpus):
    (corpus / "TEST" / "DR1" / "MBB1" / "SX2.PHN").unlink()
    with pytest.raises(InputError, match=r"SX2\.WAV: expected a \.PHN file beside it \(got none\)"):
        load("timit")


def test_a_part_without_stop_consonants_is_refused(corpus):
    for path in (corpus / "TEST").rglob("*.PHN"):
        path.write_text("0 9000 h#\n")
    with pytest.raises(InputError, match=r"TEST: expected recordings of b, d, g, p, t, k \(got"):
        load("timit")


def test_a_missing_corpus_says_where_was_looked():
    with pytest.raises(InputError, match=r"timit: expected folders TRAIN and TEST .*LDC93S1\)$"):
        timit.load()
