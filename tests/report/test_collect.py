"""Runs are found at any depth; what cannot be used is said in a line."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from report_runs import ERROR, errors, write_run

from snn_credit.report.collect import find_runs


def edit(path: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    found = json.loads(path.read_text())
    change(found)
    path.write_text(json.dumps(found))


def only_problem(root: Path) -> str:
    runs, (problem,) = find_runs(root)
    assert runs == []
    return problem.why


def test_runs_are_found_at_any_depth_and_seeds_are_not_runs(tmp_path: Path) -> None:
    write_run(tmp_path / "deep" / "er" / "a", {0: errors(FA=2.0), 1: errors(FA=4.0)})
    write_run(tmp_path / "seed-3", {3: errors(FA=1.0)})  # a run whose name looks like a seed's
    runs, problems = find_runs(tmp_path)
    assert problems == []
    assert [run.seeds for run in runs] == [(0, 1), (3,)]
    several, single = runs
    assert several.measured == {"FA": {ERROR: 3.0}}
    assert several.spread["FA"][ERROR] == pytest.approx(2**0.5)
    assert [one.measured for one in several.each] == [{"FA": {ERROR: 2.0}}, {"FA": {ERROR: 4.0}}]
    assert (single.experiment, single.preset, single.device) == ("made-up", "laptop", "cpu")
    assert single.config == {"eta": 0.1, "sizes": [64, 10]}
    assert single.seconds == 60
    assert single.finished == "2026-01-01T00:00:00+00:00"
    assert "numpy" in single.versions
    assert single.each == ()


def test_the_folder_itself_may_be_a_run(tmp_path: Path) -> None:
    runs, _ = find_runs(write_run(tmp_path / "a", {0: errors(FA=2.0)}))
    assert len(runs) == 1


def test_what_a_replaced_run_left_is_not_looked_at(tmp_path: Path) -> None:
    write_run(tmp_path / "a" / ".replaced", {0: errors(FA=2.0)})
    assert find_runs(tmp_path) == ([], [])


def test_unfinished_runs_are_listed(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a", {0: errors(FA=2.0)})
    (folder / "result.json").unlink()
    assert only_problem(tmp_path) == "unfinished: made-up, laptop"


def test_an_unfinished_run_says_how_many_seeds_are_done(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a", {seed: errors(FA=2.0) for seed in range(3)})
    (folder / "result.json").unlink()
    (folder / "seed-1" / "result.json").unlink()
    assert only_problem(tmp_path) == "unfinished: made-up, laptop, 2 of 3 seeds done"


@pytest.mark.parametrize("name", ["run.json", "result.json"])
def test_files_that_are_no_json_are_listed(tmp_path: Path, name: str) -> None:
    folder = write_run(tmp_path / "a", {0: errors(FA=2.0)})
    for broken in (b"{", b"[]", b"\xff\xfe\x00", b""):
        (folder / name).write_bytes(broken)
        assert only_problem(tmp_path) == f"{name}: not a JSON object"


def test_a_result_alone_is_no_run(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a", {0: errors(FA=2.0)})
    (folder / "run.json").unlink()
    assert only_problem(tmp_path) == "no run.json beside its result.json"


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("measured", None, "measured: rows of columns (got None)"),
        ("measured", {"FA": 3}, "measured: rows of columns (got {'FA': 3})"),
        ("measured", {"FA": {ERROR: "low"}}, "measured: numbers or null (got 'low')"),
        ("measured", {"FA": {ERROR: True}}, "measured: numbers or null (got True)"),
        ("spread", [], "spread: rows of columns (got [])"),
        ("seeds", [], "seeds: whole numbers (got [])"),
        ("seeds", ["0"], "seeds: whole numbers (got ['0'])"),
        ("seeds", 0, "seeds: whole numbers (got 0)"),
        ("seeds", [0, 0], "seeds: each once (got [0, 0])"),
        ("preset", 3, "preset: a text (got 3)"),
    ],
)
def test_results_that_say_something_else_are_listed(
    tmp_path: Path, key: str, value: Any, why: str
) -> None:
    folder = write_run(tmp_path / "a", {0: errors(FA=2.0)})
    edit(folder / "result.json", lambda found: found.update({key: value}))
    assert only_problem(tmp_path) == f"result.json: {why}"


def test_what_an_old_result_lacks_is_left_empty(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a", {0: errors(FA=2.0)})

    def age(found: dict[str, Any]) -> None:
        for key in ("experiment", "preset", "seconds", "device", "provenance", "paper", "spread"):
            del found[key]

    edit(folder / "result.json", age)
    (run,), problems = find_runs(tmp_path)
    assert problems == []
    assert (run.experiment, run.preset, run.device) == ("made-up", "laptop", "cpu")
    assert run.config == {"eta": 0.1, "sizes": [64, 10]}
    assert (run.seconds, run.finished, run.versions, run.commit) == (None, "", {}, None)


def test_numbers_that_are_not_finite_are_none(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a", {0: errors(FA=2.0)})
    text = (folder / "result.json").read_text()
    (folder / "result.json").write_text(text.replace("2.0", "NaN"))
    (run,), _ = find_runs(tmp_path)
    assert run.measured == {"FA": {ERROR: None}}


def test_a_seed_that_is_missing_leaves_the_run_whole(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a", {0: errors(FA=2.0), 1: errors(FA=4.0)})
    (folder / "seed-1" / "result.json").write_text("{")
    (run,), problems = find_runs(tmp_path)
    assert problems == []
    assert run.each == ()
    assert run.measured == {"FA": {ERROR: 3.0}}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_listed(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a", {0: errors(FA=2.0)})
    (folder / "result.json").chmod(0)
    assert only_problem(tmp_path) == "cannot be read: Permission denied"


def test_a_folder_in_the_place_of_a_file_is_listed(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a", {0: errors(FA=2.0)})
    (folder / "result.json").unlink()
    (folder / "result.json").mkdir()
    assert only_problem(tmp_path) == "cannot be read: Is a directory"
