"""The command: what it writes, says and refuses."""

import time
from pathlib import Path

import pytest
from report_runs import PNG, Config, errors, experiment, write_run

from snn_credit import cli
from snn_credit.errors import InputError
from snn_credit.report import make_page, write_report

ONE = errors(BP=2.4, FA=2.1)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_run(tmp_path / "runs" / "a", {0: ONE}).parent


def test_the_ending_chooses_the_form(root: Path) -> None:
    write_report(root, None, [experiment()])
    assert (root / "report.html").read_text().startswith("<!DOCTYPE html>")
    write_report(root, root.parent / "x.md", [experiment()])
    assert (root.parent / "x.md").read_text().startswith("# ")
    write_report(root, root / "report.html", [experiment()])  # a report is written again


def test_the_command_says_what_came_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    write_run(tmp_path / "runs" / "a", {0: errors(BP=9.0)}, name="lillicrap-mnist")
    assert cli.main(["report", "runs"]) == 0
    counts, path = capsys.readouterr().out.splitlines()
    assert "1 not reproduced" in counts
    assert path == "runs/report.html"
    assert cli.main(["report", "runs", "-o", "r.md"]) == 0
    assert capsys.readouterr().out.splitlines()[1] == "r.md"
    assert cli.main(["report", "runs", "-o", "r.pdf"]) == 2
    assert capsys.readouterr().err == (
        "snn-credit: -o: a name that ends in .html or .md (got r.pdf)\n"
    )


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"DIR: a folder with runs \(got .*/nowhere\)"):
        write_report(tmp_path / "nowhere", None, [experiment()])


def test_a_file_is_refused(root: Path) -> None:
    with pytest.raises(InputError, match="DIR: a folder with runs"):
        write_report(root / "a" / "run.json", None, [experiment()])


def test_an_empty_folder_is_refused_and_stays_empty(tmp_path: Path) -> None:
    with pytest.raises(
        InputError,
        match=r"DIR: a folder with finished runs of .snn-credit run. \(got .*, with none\)",
    ):
        write_report(tmp_path, None, [experiment()])
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_unfinished_runs_is_refused_with_the_reason(root: Path) -> None:
    (root / "a" / "result.json").unlink()
    with pytest.raises(InputError, match=r"with 1 that cannot be used; .*/a: unfinished: made-up"):
        write_report(root, None, [experiment()])


def test_a_target_in_a_folder_that_is_not_there_is_refused(root: Path) -> None:
    with pytest.raises(InputError, match="-o: a name in a folder that exists"):
        write_report(root, root / "no" / "x.html", [experiment()])


def test_another_ending_is_refused_before_anything_is_read(root: Path) -> None:
    with pytest.raises(InputError, match=r"-o: a name that ends in \.html or \.md \(got .*x\)"):
        write_report(root, root / "x", [experiment()])


def test_a_report_over_forty_experiments_takes_seconds(tmp_path: Path) -> None:
    """60 s are allowed, with the figures; of a slow machine's they are a small part."""
    picture = PNG[:-12] + b"\0" * 300_000 + PNG[-12:]
    for number in range(40):
        tables = {seed: errors(BP=2.4 + seed, FA=2.1) for seed in range(3)}
        folder = write_run(tmp_path / "runs" / str(number), tables, name=f"e{number}", each=False)
        (folder / "a.png").write_bytes(picture)
    begun = time.perf_counter()
    page = write_report(tmp_path / "runs", None, [experiment(f"e{n}") for n in range(40)])
    assert time.perf_counter() - begun < 20
    assert page.runs == 40
    assert (tmp_path / "runs" / "report.html").stat().st_size > 40 * 400_000


def test_changed_settings_do_not_stand_for_the_preset(tmp_path: Path) -> None:
    """Three seeds of an easier task do not outvote one of the preset's own."""
    easy = {seed: errors(BP=2.4, FA=2.1) for seed in range(3)}
    write_run(tmp_path / "easy", easy, config=Config(sizes=(2, 2)), finished="2026-02-02")
    alone = make_page(tmp_path, [experiment()]).entries[0]
    assert alone.verdict.word == "reproduced"
    assert alone.verdict.why.endswith(" Changed settings: sizes.")
    write_run(tmp_path / "own", {0: errors(BP=2.4, FA=9.0)}, finished="2026-01-01")
    (entry,) = make_page(tmp_path, [experiment()]).entries
    assert entry.verdict.word == "not reproduced"
    assert "Changed" not in entry.verdict.why
    assert entry.shown is not None
    assert entry.shown.changed == {}
    assert len(entry.others) == 1
