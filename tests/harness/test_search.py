"""A search that several processes share: the number of its trials, stops, and what it proposes."""

import builtins
import os
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

from snn_credit.errors import InputError
from snn_credit.harness.search import search

optuna = pytest.importorskip("optuna")
ROOT = Path(__file__).resolve().parents[2]
# Slow enough for two processes to meet in one storage.
PROGRAM = """
import sys, time
from snn_credit.harness import search as module
module.HEARTBEAT = 1
def objective(trial):
    time.sleep(float(sys.argv[3]))
    return -(trial.suggest_float("x", -1, 1) - 0.3) ** 2
module.search(objective, name="study", storage=sys.argv[1], total=int(sys.argv[2]))
"""


def url(folder):
    return f"sqlite:///{folder / 'study.db'}"


def trials(folder):
    found = optuna.load_study(study_name="study", storage=url(folder)).trials
    return [trial for trial in found if trial.state.name == "COMPLETE"]


def parabola(trial):
    return -((trial.suggest_float("x", -1, 1) - 0.3) ** 2)


def begin(folder, total, seconds):
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, url(folder), str(total), str(seconds)],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_it_finds_the_maximum(tmp_path):
    study = search(parabola, name="study", storage=url(tmp_path), total=40)
    assert study.best_params["x"] == pytest.approx(0.3, abs=0.1)
    assert len(trials(tmp_path)) == 40


def test_one_process_proposes_the_same_again_and_goes_on_where_it_was(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    search(parabola, name="study", storage=url(tmp_path / "a"), total=15, seed=3)
    for total in (6, 6, 15):
        search(parabola, name="study", storage=url(tmp_path / "b"), total=total, seed=3)
        assert len(trials(tmp_path / "b")) == total
    first, second = ([t.params["x"] for t in trials(tmp_path / each)] for each in "ab")
    assert first == second
    for name, seed in (("study 2", 3), ("study 3", 4)):
        other = search(parabola, name=name, storage=url(tmp_path / "b"), total=3, seed=seed)
        assert not {t.params["x"] for t in other.trials} & set(first)


def test_two_processes_share_the_trials_of_one_storage(tmp_path):
    both = [begin(tmp_path, 12, 0.2) for _ in range(2)]
    for process in both:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
    found = trials(tmp_path)
    assert len(found) == 12  # a total, whoever did them
    assert len({trial.params["x"] for trial in found}) == 12
    spans = sorted((trial.datetime_start, trial.datetime_complete) for trial in found)
    assert any(later < end for (_, end), (later, _) in pairwise(spans))


def test_what_a_killed_process_leaves_is_done_by_another(tmp_path):
    killed = begin(tmp_path, 4, 1000)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not _running(tmp_path):
        time.sleep(0.2)
    time.sleep(0.5)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert _running(tmp_path) == 1
    _, errors = (process := begin(tmp_path, 4, 0)).communicate(timeout=120)
    assert process.returncode == 0, errors
    assert len(trials(tmp_path)) == 4
    assert _running(tmp_path) == 0


def test_what_a_process_leaves_that_ended_at_once_is_done_too(tmp_path, monkeypatch):
    monkeypatch.setattr("snn_credit.harness.search.HEARTBEAT", 0.1)
    search(parabola, name="study", storage=url(tmp_path), total=1)
    optuna.load_study(study_name="study", storage=url(tmp_path)).ask()  # gives no sign of life
    assert _running(tmp_path) == 1
    search(parabola, name="study", storage=url(tmp_path), total=3)
    assert len(trials(tmp_path)) == 3
    assert _running(tmp_path) == 0


def _running(folder):
    try:
        study = optuna.load_study(study_name="study", storage=url(folder))
    except Exception:  # the other process has not made it yet
        return 0
    return sum(trial.state.name == "RUNNING" for trial in study.trials)


def test_a_stop_or_an_error_ends_it_and_does_not_count(tmp_path):
    def stops(trial):
        if trial.number == 2:
            raise KeyboardInterrupt
        return parabola(trial)

    with pytest.raises(KeyboardInterrupt):
        search(stops, name="study", storage=url(tmp_path), total=5)
    assert len(trials(tmp_path)) == 2
    search(parabola, name="study", storage=url(tmp_path), total=5)
    assert len(trials(tmp_path)) == 5


def test_a_study_with_other_settings_is_refused(tmp_path):
    given = {"name": "study", "storage": url(tmp_path), "total": 1}
    search(parabola, settings={"epochs": 3}, **given)
    search(parabola, settings={"epochs": 3}, **given)
    with pytest.raises(InputError, match=r"storage: .* with epochs = 4 \(got one with 3 in sqlite"):
        search(parabola, settings={"epochs": 4}, **given)


def test_a_storage_that_does_not_open(tmp_path):
    with pytest.raises(InputError, match=r"storage: a data base that opens \(got sqlite:///.*:"):
        search(parabola, name="s", storage=f"sqlite:///{tmp_path}/no/where.db", total=1)


def test_without_optuna(tmp_path, monkeypatch):
    def refuse(name, *rest):
        if name.partition(".")[0] == "optuna":
            raise ImportError(name)
        return plain(name, *rest)

    plain = builtins.__import__
    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(
        InputError, match=r"expected optuna \(got none\); type: pip install 'optuna>=4'"
    ):
        search(parabola, name="study", storage=url(tmp_path), total=1)
