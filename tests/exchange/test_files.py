"""The command line writes and reads by the names of files."""

from __future__ import annotations

from pathlib import Path

import h5py
import pandas as pd
import pytest

from snn_credit import cli
from snn_credit.recording import Run, open_run


def run_cli(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str]:
    status = cli.main([str(word) for word in words])
    found = capsys.readouterr()
    return status, (found.err or found.out).replace("\n", "")


@pytest.mark.parametrize("name", ["run.nwb", "run.sonata.h5"])
def test_there_and_back(
    recorded: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    target, out = tmp_path / name, tmp_path / "back.h5"
    assert run_cli(capsys, "export", recorded.path, "-o", target)[0] == 0
    assert run_cli(capsys, "import", target, "-o", out)[0] == 0
    back = open_run(out)
    assert back.experiment == f"imported from {name}"
    assert back.spikes("output")[0].tolist() == recorded.spikes("output")[0].tolist()
    status, line = run_cli(capsys, "export", recorded.path, "-o", target)
    assert status == 2
    assert f"{target}: expected a free name, or force" in line
    assert run_cli(capsys, "export", recorded.path, "-o", target, "--force")[0] == 0
    status, line = run_cli(capsys, "import", target, "-o", out)
    assert (status, f"{out}: expected a free name, or force" in line) == (2, True)
    assert run_cli(capsys, "raster", out, "-o", tmp_path / "raster.png")[0] == 0
    assert run_cli(capsys, "info", out)[0] == 0


@pytest.mark.parametrize(("table", "rows"), [("learning", 2), ("stream", 9), ("spikes", None)])
def test_tables(
    recorded: Run,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    table: str,
    rows: int | None,
) -> None:
    target = tmp_path / "table.csv"
    assert run_cli(capsys, "export", recorded.path, "-o", target, "--table", table)[0] == 0
    spikes = recorded.spike_count("hidden1") + recorded.spike_count("output")
    assert len(pd.read_csv(target)) == (spikes if rows is None else rows)


def test_mistakes_get_one_line(
    recorded: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, target = recorded.path, tmp_path / "x.nwb"
    cases = {
        ("export", run, "-o", tmp_path / "x.mat"): "-o: a name that ends in .nwb, .sonata.h5",
        ("export", run, "-o", target, "--to", "nbw"): "--to: one of nwb, sonata, csv; did you mean",
        ("export", run, "-o", target, "--table", "learning"): "--table: for csv, and for nothing",
        ("export", run, "-o", tmp_path / "x.csv"): "--table: one of ",
        ("export", run, "-o", tmp_path / "x.csv", "--table", "lerning"): "did you mean learning?",
        (
            "import",
            run,
            "-o",
            target,
            "--format",
            "mat",
        ): "--format: one of nwb, sonata (got",
        ("import", run, "-o", target, "--label", "x"): "--label: a column of an NWB file (got 'x'",
        ("import", tmp_path / "no", "-o", target): "expected an NWB or a SONATA file (got no such",
    }
    for words, line in cases.items():
        status, said = run_cli(capsys, *words)
        assert status == 2
        assert line in said
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["data"] = 1
    (tmp_path / "text").write_text("x")
    for name, came in (("other.h5", "another HDF5 file"), ("text", "one that is not HDF5")):
        status, said = run_cli(capsys, "import", tmp_path / name, "-o", target)
        assert (status, f"a SONATA file (got {came})" in said) == (2, True)
    assert not target.exists()
