"""Training in one call: what it refuses before it builds anything, and that `force` replaces."""

import dataclasses
import gzip
from pathlib import Path

import numpy as np
import pytest

from snn_credit import devices
from snn_credit.data import load
from snn_credit.errors import InputError
from snn_credit.models.lillicrap_spiking import network
from snn_credit.progress import Silent
from snn_credit.recording import open_run
from snn_credit.spiking import train

SMALL = load("digits").subset(20, 10, 10)
YESTERDAY = Path(__file__).parents[1] / "recording" / "files" / "run_v1.h5.gz"
CIRCUIT = network((64, 10, 10), "FA")


def test_a_file_that_is_there_is_kept_unless_replacing_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "run.h5"
    path.write_text("mine")
    with pytest.raises(InputError, match=r"path: a new file, or resume, or force \(got .*run.h5"):
        train(CIRCUIT, SMALL, path, images=5, device="runtime")
    assert path.read_text() == "mine"
    outcome = train(CIRCUIT, SMALL, path, images=5, evaluations=1, device="runtime", force=True)
    run = open_run(path)
    assert run.complete
    assert run.experiment == CIRCUIT.name
    assert run.metrics("learning")["test_error"][-1] == outcome.test_error


def test_a_device_that_does_not_exist_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"device: one of auto, .*runtime.*\(got 'gpu'\)"):
        train(CIRCUIT, SMALL, tmp_path / "run.h5", images=5, device="gpu")
    assert list(tmp_path.iterdir()) == []


def test_resume_of_a_complete_run_reads_its_errors_and_simulates_nothing(tmp_path: Path) -> None:
    path = tmp_path / "run.h5"
    first = train(CIRCUIT, SMALL, path, images=5, evaluations=1, device="runtime", resume=True)
    before = path.read_bytes()
    again = train(CIRCUIT, SMALL, path, images=5, evaluations=1, device="runtime", resume=True)
    assert again == first
    assert None not in (first.test_error, first.validation_error)
    assert path.read_bytes() == before


def test_a_request_that_cannot_be_keeps_the_run_that_it_would_replace(tmp_path: Path) -> None:
    path = tmp_path / "run.h5"
    train(CIRCUIT, SMALL, path, images=5, evaluations=1, device="runtime")
    before = path.read_bytes()
    for bad in ({"images": 0}, {"device": "gpu"}, {"dtype": "float16"}, {"resume": True}):
        with pytest.raises(InputError):
            train(CIRCUIT, SMALL, path, **{"images": 5, "device": "runtime", "force": True, **bad})
    assert path.read_bytes() == before


class Stop(Silent):
    """Stops a run after its second chunk, as ctrl-C does."""

    updates = 0

    def update(self, done: int, **numbers: float) -> None:
        self.updates += 1
        if self.updates == 3:
            raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": 4}, r"resume: the seed of .*run.h5, 0 \(got 4\)"),
        ({"chunk_steps": 20}, r"resume: the chunk_steps of .*run.h5, 10 \(got 20\)"),
        ({"dtype": "float64"}, "resume: the dtype of"),
        ({"images": 9}, "resume: the stream of"),
    ],
)
def test_another_run_is_not_continued(tmp_path: Path, change: dict, message: str) -> None:
    path = tmp_path / "run.h5"
    asked = {"images": 8, "evaluations": 1, "chunk_steps": 10, "device": "runtime"}
    with pytest.raises(KeyboardInterrupt):
        train(CIRCUIT, SMALL, path, progress=Stop(), **asked)
    with pytest.raises(InputError, match=message):
        train(CIRCUIT, SMALL, path, resume=True, **{**asked, **change})
    assert train(CIRCUIT, SMALL, path, resume=True, **asked).test_error is not None


def test_a_run_of_the_first_schema_version_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "run.h5"
    path.write_bytes(gzip.decompress(YESTERDAY.read_bytes()))
    before = open_run(path)
    assert (before.schema_version, before.complete) == (1, False)
    times, nodes = before.spikes("hidden1")
    train(
        network((64, 12, 10), rule="FA", b_scale=1.0, rates={"eta": 0.1}),
        SMALL, path, resume=True, images=40, evaluations=2, window_steps=10,
        windows={"early": 0.0, "middle": 0.1, "late": 1.0}, device="runtime", chunk_steps=50,
        seed=3,
    )  # fmt: skip
    run = open_run(path)
    assert (run.schema_version, run.complete, run.dt_ms) == (2, True, 1.0)
    np.testing.assert_array_equal(run.spikes("hidden1", stop_ms=130.0)[0], times)
    np.testing.assert_array_equal(run.spikes("hidden1", stop_ms=130.0)[1], nodes)
    assert [window.name for window in run.windows] == ["early", "middle", "late"]
    assert run.duration_ms == 90.0
    assert run.spike_count("hidden1") > len(times)
    assert len(run.metrics("chunks")["steps"]) == 9  # 440 steps of 50, none twice
    assert run.stream["steps"].sum() == 440


def test_without_windows_nothing_is_watched(tmp_path: Path) -> None:
    asked = {"images": 5, "evaluations": 1, "device": "runtime"}
    train(CIRCUIT, SMALL, tmp_path / "with.h5", **asked)
    train(CIRCUIT, SMALL, tmp_path / "without.h5", windows={}, **asked)
    recorded, bare = open_run(tmp_path / "with.h5"), open_run(tmp_path / "without.h5")
    assert "hidden1" in recorded.names("spikes")
    assert bare.names("spikes") == bare.names("traces") == {}
    assert bare.windows == []
    assert len(bare.weights("hidden1_to_output", "w")[0]) == 1


def test_windows_of_coloured_images_keep_them_in_grey(tmp_path: Path) -> None:
    colours = dataclasses.replace(SMALL, image_shape=(4, 4, 4))
    train(CIRCUIT, colours, tmp_path / "run.h5", images=5, evaluations=1, device="runtime")
    grey = colours.images("validation").mean(axis=1)
    for window in open_run(tmp_path / "run.h5").windows:
        assert window.images.shape[1:] == (4, 4)
        for image in window.images:
            assert np.isclose(grey, image).all(axis=(1, 2)).any()


class Notes(Silent):
    def __init__(self) -> None:
        self.said: list[str] = []

    def note(self, text: str) -> None:
        self.said.append(text)


def test_a_device_is_named_where_it_was_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choice = devices.Choice("runtime", "for this test")
    monkeypatch.setattr(devices, "best", lambda synapses: choice)
    for asked, said in (("runtime", []), ("auto", ["device: runtime"])):
        notes = Notes()
        train(CIRCUIT, SMALL, tmp_path / asked, images=5, evaluations=1, device=asked,
              progress=notes)  # fmt: skip
        assert notes.said == said
