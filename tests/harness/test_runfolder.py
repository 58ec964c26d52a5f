import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from snn_credit.errors import InputError
from snn_credit.harness.manifest import Manifest, can_resume
from snn_credit.harness.runfolder import RunFolder, open_folder

WANTED = Manifest("demo", "smoke", {"eta": 0.1, "sizes": [1, 2]}, (0,), "auto")
MANY = replace(WANTED, seeds=(0, 1))


@contextmanager
def opened(path: Path, wanted: Manifest = WANTED, *, force: bool = False, resume: bool = False,
           ) -> Iterator[RunFolder]:  # fmt: skip
    with open_folder(path, wanted, force=force, resume=resume) as folder:
        yield folder


def write_run(path: Path, wanted: Manifest = WANTED, result: bool = True) -> None:
    with opened(path, wanted) as folder:
        for seed in wanted.seeds:
            place = folder.of_seed(seed)
            place.mkdir(exist_ok=True)
            (place / "run.h5").write_text(f"run {seed}")
            (place / "angles.png").write_text(f"angles {seed}")
        if result:
            (path / "result.json").write_text('{"measured": {}}')


def tree(path: Path) -> dict[str, str]:
    return {str(p.relative_to(path)): p.read_text() for p in path.rglob("*")
            if p.is_file() and p.name != ".lock"}  # fmt: skip


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "runs" / "o"


def test_a_new_folder_with_its_parents(out: Path) -> None:
    with opened(out) as folder:
        assert not folder.continues
        assert folder.result is None
        assert json.loads((out / "run.json").read_text())["config"] == WANTED.config


@pytest.mark.parametrize(("result", "state"), [(True, "finished"), (False, "unfinished")])
def test_another_run_is_never_overwritten(out: Path, result: bool, state: str) -> None:
    write_run(out, result=result)
    before = tree(out)
    message = rf"--out: a new or empty folder, or --resume .* or --force .* the {state} run of demo"
    with pytest.raises(InputError, match=message), opened(out):
        pytest.fail("opened")
    assert tree(out) == before


@pytest.mark.parametrize("how", ["force", "resume", "neither"])
def test_a_folder_of_other_things_is_left_alone(out: Path, how: str) -> None:
    out.mkdir(parents=True)
    (out / "notes.txt").write_text("mine")
    message = r"--out: a new or empty folder, or one of .* with notes.txt and no readable run.json"
    with (
        pytest.raises(InputError, match=message),
        opened(out, force=how == "force", resume=how == "resume"),
    ):
        pytest.fail("opened")
    assert [p.name for p in out.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"experiment": 1, "seeds": 3}', '{"a"', "\0"])
def test_a_manifest_of_something_else_makes_no_run_folder(out: Path, text: str) -> None:
    out.mkdir(parents=True)
    (out / "run.json").write_text(text)
    with pytest.raises(InputError, match=r"no readable run\.json"), opened(out, force=True):
        pytest.fail("opened")
    assert tree(out) == {"run.json": text}


@pytest.mark.parametrize("wanted", [WANTED, MANY])
def test_force_deletes_what_runs_write_and_nothing_else(out: Path, wanted: Manifest) -> None:
    write_run(out, wanted)
    mine = {"notes.txt": "mine", "mine.png": "mine", "seed-1/notes.txt": "mine", "sub/run.h5": "m"}
    for name, text in mine.items():
        (out / name).parent.mkdir(exist_ok=True)
        (out / name).write_text(text)
    with opened(out, replace(WANTED, preset="paper"), force=True):
        found = tree(out)
        assert {name for name in found if not name.startswith(".replaced")} == {*mine, "run.json"}
        (out / "run.h5").write_text("new")
    after = tree(out)
    assert after.pop("run.h5") == "new"
    assert json.loads(after.pop("run.json"))["preset"] == "paper"
    assert after == mine


def test_force_does_not_follow_links_or_names_that_lead_out(out: Path, tmp_path: Path) -> None:
    write_run(out, replace(WANTED, files=("../other.png", "/etc/passwd")))
    (tmp_path / "runs" / "other.png").write_text("mine")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "run.h5").write_text("mine")
    (out / "seed-5").symlink_to(elsewhere)
    with opened(out, force=True):
        pass
    assert (tmp_path / "runs" / "other.png").exists()
    assert tree(elsewhere) == {"run.h5": "mine"}


@pytest.mark.parametrize(
    "error", [InputError("x: y (got z)"), OSError(28, "full"), KeyboardInterrupt()]
)
@pytest.mark.parametrize("wanted", [WANTED, MANY])
def test_what_a_refused_run_would_have_replaced_comes_back(
    out: Path, wanted: Manifest, error: BaseException
) -> None:
    write_run(out, wanted)
    before = tree(out)

    def refused() -> None:
        with opened(out, wanted, force=True) as folder:
            for seed in wanted.seeds:
                folder.of_seed(seed).mkdir(exist_ok=True)
                (folder.of_seed(seed) / "log.txt").write_text("words")
            raise error

    with pytest.raises(type(error)):
        refused()
    assert tree(out) == before
    assert {p.name for p in out.iterdir()} == {p.split("/")[0] for p in before} | {".lock"}


def test_a_refused_run_takes_its_new_folder_along(out: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError), opened(out):
        raise InputError("x: y (got z)")
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_wrote_something_stays_when_it_fails(out: Path) -> None:
    def failing() -> None:
        with opened(out):
            (out / "run.h5").write_text("begun")
            raise InputError("x: y (got z)")

    with pytest.raises(InputError, match="x: y"):
        failing()
    assert tree(out).keys() == {"run.json", "run.h5"}
    assert can_resume(out, WANTED)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (replace(WANTED, experiment="x"), r"--resume: experiment demo \(got x\) as in .*run.json"),
        (replace(WANTED, config={**WANTED.config, "eta": 1.0}), r"eta = 0.1 \(got 1.0\) as in"),
        (replace(WANTED, config={"eta": 0.1}), r"--resume: sizes = \[1, 2\] \(got None\) as in"),
        (replace(WANTED, seeds=(1,)), r"--resume: seeds 0 \(got 1\) as in"),
        (MANY, r"--resume: seeds 0 \(got 0, 1\) as in"),
        (replace(WANTED, device="runtime"), r"--resume: device auto \(got runtime\) as in"),
    ],
)
def test_resume_refuses_another_run(out: Path, wanted: Manifest, message: str) -> None:
    write_run(out, result=False)
    before = tree(out)
    with pytest.raises(InputError, match=message), opened(out, wanted, resume=True):
        pytest.fail("opened")
    assert tree(out) == before
    assert not can_resume(out, wanted)


def test_resume_continues_and_keeps_everything(out: Path) -> None:
    write_run(out, result=False)
    before = tree(out)
    assert can_resume(out, WANTED)
    with opened(out, resume=True) as folder:
        assert folder.continues
        assert tree(out) == before
    assert json.loads(before["run.json"])["files"] == ["angles.png"]
    assert tree(out) == before


def test_resume_starts_where_there_is_nothing(out: Path) -> None:
    with opened(out, resume=True) as folder:
        assert not folder.continues


def test_a_folder_in_use_is_refused(out: Path) -> None:
    with opened(out):
        message = re.escape(f"--out: a folder that no other process is writing (got {out}, in use)")
        with pytest.raises(InputError, match=message), opened(out, resume=True):
            pytest.fail("opened")
    with opened(out, resume=True):
        pass


def test_a_replacement_that_was_killed_half_way_is_undone(out: Path) -> None:
    write_run(out, MANY)
    before = tree(out)
    aside = out / ".replaced"
    aside.mkdir()
    (out / "run.json").rename(aside / "run.json")
    (aside / "seed-0").mkdir()
    (out / "seed-0" / "run.h5").rename(aside / "seed-0" / "run.h5")
    with opened(out, MANY, resume=True) as folder:
        assert folder.continues
    assert tree(out) == before


def test_a_replacement_that_fails_half_way_is_undone(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_run(out, MANY)
    before = tree(out)
    replace_file, calls = os.replace, []

    def failing(source: Path, target: Path) -> None:
        calls.append(source)
        if len(calls) == 4:
            raise OSError(5, "Input/output error", str(source))
        replace_file(source, target)

    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(OSError, match="Input/output"), opened(out, force=True):
        pytest.fail("opened")
    assert len(calls) > 4
    assert tree(out) == before
    assert not (out / ".replaced").exists()


def test_a_manifest_holds_plain_values(out: Path) -> None:
    write_run(out)
    found = json.loads((out / "run.json").read_text())
    assert found == json.loads(json.dumps(asdict(replace(WANTED, files=("angles.png",)))))
