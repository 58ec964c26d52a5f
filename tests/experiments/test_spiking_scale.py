"""Sizes of network: what is measured, that a run goes on net by net, and what is refused."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from named_claims import unnamed

from snn_credit import cli
from snn_credit.errors import InputError
from snn_credit.experiments.spiking_scale import EXPERIMENT, TEST, TIME, Config, run
from snn_credit.harness import Context
from snn_credit.progress import Silent
from snn_credit.recording import open_run

TINY = replace(
    EXPERIMENT.presets["smoke"],
    widths=(8, 5), train_images=20, validation_images=10, test_images=10, images=20, chunk_steps=50,
)  # fmt: skip
NAMES = ["5 x 1", "8 x 1", "5 x 2", "8 x 2"]
FILES = ["5x1.h5", "8x1.h5", "5x2.h5", "8x2.h5"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """A run that nobody disturbed, and its table."""
    out = tmp_path_factory.mktemp("whole")
    return out, run(TINY, Context(out, seed=3, device="runtime"))


def test_what_the_claims_name_is_measured(whole: tuple[Path, Any]) -> None:
    assert unnamed(EXPERIMENT, whole[1], {"^100": "8", "3$": "2"}) == []


def test_every_size_is_measured(whole: tuple[Path, Any]) -> None:
    out, table = whole
    assert list(table) == NAMES
    assert sorted(path.name for path in out.iterdir()) == sorted(FILES)
    for file, row in zip(FILES, table.values(), strict=True):
        found = open_run(out / file)
        assert found.complete
        assert found.experiment == "spiking-scale"
        hidden = [p.size for name, p in found.populations.items() if name.startswith("hidden")]
        width, depth = map(int, file.removesuffix(".h5").split("x"))
        assert hidden == [width] * depth
        assert row[TEST] == found.metrics("learning")["test_error"][-1]
        chunks = found.metrics("chunks")
        throughout = chunks["seconds"][chunks["learning_steps"] == 50]
        assert len(throughout) == 2  # of 100 learning steps; the last two chunks are frozen
        assert row[TIME] == pytest.approx(1e3 * throughout.mean() / 10)


class StopAtThirdNet(Silent):
    nets = 0

    def start(self, total: int, unit: str, what: str) -> None:
        self.nets += 1
        assert what == NAMES[self.nets - 1]

    def update(self, done: int, **numbers: float) -> None:
        if self.nets == 3 and done > 0:
            raise KeyboardInterrupt


def test_a_stopped_run_goes_on_with_the_net_that_it_stopped_at(
    whole: tuple[Path, Any], tmp_path: Path
) -> None:
    context = Context(tmp_path, seed=3, device="runtime", progress=StopAtThirdNet())
    with pytest.raises(KeyboardInterrupt):
        run(TINY, context)
    assert [(tmp_path / file).exists() for file in FILES] == [True, True, True, False]
    assert not open_run(tmp_path / FILES[2]).complete
    before = [(tmp_path / file).read_bytes() for file in FILES[:2]]
    table = run(TINY, replace(context, resume=True, progress=Silent()))
    assert [(tmp_path / file).read_bytes() for file in FILES[:2]] == before
    assert {name: row[TEST] for name, row in table.items()} == {
        name: row[TEST] for name, row in whole[1].items()
    }


def test_a_new_run_does_not_stumble_over_a_file_that_a_killed_one_left(tmp_path: Path) -> None:
    one = replace(TINY, widths=(5,), depths=(1,))
    (tmp_path / "5x1.h5").write_text("half a file")
    table = run(one, Context(tmp_path, device="runtime"))
    assert open_run(tmp_path / "5x1.h5").complete
    assert list(table) == ["5 x 1"]


def test_the_command_draws_and_counts_all_seeds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = ["widths=5,8", "depths=1", "images=20", "chunk_steps=50"]
    words = ["run", "spiking-scale", "--preset", "smoke", "--device", "runtime", "--seeds", "2"]
    out = tmp_path / "run"
    more = [word for setting in settings for word in ("--set", setting)]
    assert cli.main([*words, *more, "--out", str(out)]) == 0, capsys.readouterr().err
    found = json.loads((out / "result.json").read_text())
    assert found["measured"].keys() == {"5 x 1", "8 x 1"}
    for rows, least in (("measured", 0.0), ("spread", 0.0)):
        for row in found[rows].values():
            assert 0 <= row[TEST] <= 100
            assert row[TIME] > least
    drawn = [(folder / "scale.png").read_bytes() for folder in (out, out / "seed-0")]
    assert all(figure.startswith(b"\x89PNG") for figure in drawn)
    assert drawn[0] != drawn[1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"widths": ()}, r"^widths: one or several, each once \(got none\)$"),
        ({"depths": (1, 2, 1)}, r"^depths: one or several, each once \(got 1, 2, 1\)$"),
        ({"widths": (50, 0)}, r"^widths: at least 1 \(got 50, 0\)$"),
        ({"depths": (0,)}, r"^depths: at least 1 \(got 0\)$"),
        ({"tau": 2.0}, r"^tau: a number between 0 and 1 \(got 2\.0\)$"),
        ({"images": 0}, r"^images: at least 1 \(got 0\)$"),
    ],
)
def test_a_setting_that_cannot_be(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(Config(), **change)


def test_the_cost_is_that_of_all_nets() -> None:
    presets = EXPERIMENT.presets
    assert EXPERIMENT.cost(presets["smoke"]) is None
    said = EXPERIMENT.cost(presets["paper"]) or ""
    assert said.startswith("20 nets, 600,000 images each: about ")
    assert "hours" in said
