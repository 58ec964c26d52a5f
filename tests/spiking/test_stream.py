"""Streams, chunks and curricula as plain data."""

import numpy as np
import pytest

from snn_credit.data import Dataset
from snn_credit.errors import InputError
from snn_credit.spiking.curriculum import TEST, VALIDATION, curriculum
from snn_credit.spiking.stream import TABLES, Stream, chunks, rows_per_chunk


def made_data(train=30, other=10, classes=5):
    rng = np.random.default_rng(0)

    def part(n):
        return rng.random((n, 4)).astype(np.float32), np.arange(n) % classes

    (a, b), (c, d), (e, f) = part(train), part(other), part(other)
    return Dataset("made", a, b, c, d, e, f, classes, (2, 2))


def test_joined_streams_keep_their_order():
    first, second = Stream.of([1, 2], [0, 1], steps=3), Stream.of([7], [1], plastic=False)
    both = first + second
    assert both.stimulus.tolist() == [1, 2, 7]
    assert both.plastic.tolist() == [True, True, False]
    assert both.total_steps == 11
    assert both[1:].steps.tolist() == [3, 5]


@pytest.mark.parametrize(
    ("change", "message"),
    [({"steps": 0}, r"Stream.steps: at least 1 \(got 0\)"), ({"steps": -2}, "at least 1")],
)
def test_bad_streams_are_refused(change, message):
    with pytest.raises(InputError, match=message):
        Stream.of([0, 1], [0, 1], **change)


def test_fields_of_different_length_are_refused():
    whole = Stream.of([0, 1], [0, 1])
    with pytest.raises(InputError, match="fields of one length"):
        Stream(**{**whole.columns(), "target": np.zeros(3, int)})


def test_chunks_cover_every_step_once_wherever_they_are_cut():
    stream = Stream.of(
        np.arange(7), np.arange(7), [3, 5, 2, 9, 1, 4, 4], plastic=np.arange(7) % 2 == 0
    )
    per_step = np.repeat(np.arange(7), stream.steps)
    for length in (1, 4, 10, 28, 50):
        cut = list(chunks(stream, length))
        rows = np.concatenate([c.rows[c.tables["row"].astype(int)] for c in cut])
        assert rows[: len(per_step)].tolist() == per_step.tolist()
        learn = np.concatenate([c.tables["learn"] for c in cut])
        assert learn[:28].tolist() == stream.plastic[per_step].tolist()
        assert not learn[28:].any()
        assert np.concatenate([c.ended for c in cut]).tolist() == list(range(7))
        assert sum(c.tables["first"].sum() for c in cut) == 7
        assert max(len(c.rows) for c in cut) <= rows_per_chunk(stream, length)
        assert all(set(c.tables) == set(TABLES) for c in cut)


def test_chunks_can_begin_anywhere():
    stream = Stream.of(np.arange(5), np.arange(5), 4)
    later = list(chunks(stream, 6, start=2))
    assert [c.index for c in later] == [2, 3]
    assert later[0].start == 12


def test_a_curriculum_trains_on_every_image_and_freezes_every_test():
    data = made_data()
    plan = curriculum(
        data, images=60, steps=5, evaluations=4, windows={"early": 0.0, "late": 1.0},
        window_images=3, window_steps=20, seed=1,
    )  # fmt: skip
    stream = plan.stream
    training = stream.part == 0
    assert sorted(stream.stimulus[training].tolist()) == sorted(list(range(30)) * 2)
    assert stream.plastic.tolist() == training.tolist()
    assert plan.blocks[0].kind == "window"
    assert [b.kind for b in plan.blocks][-3:] == ["validation", "window", "test"]
    assert plan.blocks[-1].stop == len(stream)
    for block in plan.blocks:
        rows = slice(block.start, block.stop)
        parts = {"train": 0, "validation": VALIDATION, "test": TEST, "window": VALIDATION}
        assert (stream.part[rows] == parts[block.kind]).all()
        assert (stream.seen[rows] == (block.kind == "window")).all()
        assert (training[: block.stop].sum()) == block.images_seen
    shown = [b for b in plan.blocks if b.kind == "window"]
    assert len({tuple(stream.stimulus[b.start : b.stop]) for b in shown}) == 1
    assert len(set(stream.target[shown[0].start : shown[0].stop])) == 3


def test_another_seed_is_another_order():
    data = made_data()
    first, second = (
        curriculum(data, images=30, steps=5, evaluations=1, seed=s).stream for s in (0, 1)
    )
    assert first.stimulus.tolist() != second.stimulus.tolist()


@pytest.mark.parametrize("name", ["images", "steps", "evaluations"])
def test_a_curriculum_of_nothing_is_refused(name):
    wanted = {"images": 10, "steps": 5, "evaluations": 1, name: 0}
    with pytest.raises(InputError, match=rf"{name}: at least 1 \(got 0\)"):
        curriculum(made_data(), **wanted)
