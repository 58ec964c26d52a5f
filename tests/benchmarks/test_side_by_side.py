"""The benchmark's bookkeeping on made times: slopes, ratios, floors, tables, what is skipped."""

import json
import shutil
from pathlib import Path
from typing import Any

import bindsnet_environment
import measuring
import pytest
import rows
import serving
import spiking
from bandwidth import GPU, PROCESSOR, Bandwidth, ProcessorBandwidth
from contenders import NAMES, Contender, Loaded, Ran, Run
from cost import Net
from floors import ALL, ONE, floor_of, relate
from plots import draw
from report import Result, Sweep, as_json, markdown, text
from rows import Measured, compare
from serving import Failed, Timed, serve
from sweep import nets, swept
from tables import cells, markdown_table, number

from snn_credit.devices import DEVICES, DeviceStatus
from snn_credit.errors import InputError

NET = Net.parse("4-6-10")
MEMORY = [Bandwidth(PROCESSOR, 1, 1.0, 1.0), Bandwidth(PROCESSOR, 2, 2.0, 2.0)]


def contender(name: str = "runtime", sizes: str = "4-6-10", dtype: str = "float32") -> Contender:
    return Contender(name, sizes, dtype, (100, 400), 4, "nowhere")


def measured(
    ms: float, name: str = "runtime", sizes: str = "4-6-10", dtype: str = "float32",
    activity: list[float] | None = None,
) -> Measured:  # fmt: skip
    """Three runs of each length at ``ms`` a step and 0.2 s beside; processors work twice that."""

    def run(steps: int, late: float) -> Timed:
        clock = 0.2 + ms * 1e-3 * steps + late
        return Timed(clock, 2 * clock, 100.0, 20.0, activity)

    never: Any = None  # no process
    of = Measured(contender(name, sizes, dtype), 3.0, Loaded(60.0), run(400, 0.0), never)
    # The machine was busy in one run of each; medians do not see it.
    of.short = [run(100, late) for late in (0.0, 0.0, 5.0)]
    of.long = [run(400, late) for late in (0.0, 7.0, 0.0)]
    return of


def test_a_row_is_the_slope_and_the_rest() -> None:
    row = measured(0.5).row()
    assert row.ms_per_step == pytest.approx(0.5)
    assert row.cpu_ms_per_step == pytest.approx(1.0)
    assert row.startup_s == pytest.approx(0.2)
    assert row.updates_per_s == pytest.approx(84 / 0.5e-3)
    assert row.plastic_synapses == 84
    assert (row.parent_mb, row.child_mb, row.imports_mb, row.build_s) == (100, 20, 60, 3)
    assert row.ms_per_step_range[0] < 0.5 < row.ms_per_step_range[1]


def test_the_plain_script_has_no_parent() -> None:
    row = measured(0.5, "plain").row()
    assert (row.contender, row.parent_mb, row.child_mb) == ("plain Brian", 0, 20)


def test_no_slope_no_row() -> None:
    of = measured(0.5)
    of.short, of.long = of.long, of.short
    with pytest.raises(Failed, match="400 steps took no longer than 100; give it more by --steps"):
        of.row()


def test_ratios_are_to_the_plain_script_in_float64_and_to_the_floor() -> None:
    found = [
        measured(0.5, "plain:float32").row(),
        measured(0.9, "plain", dtype="float64").row(),
        measured(0.3, "cpp_standalone", activity=[0.25]).row(),
        measured(0.1, "cuda_standalone").row(),
    ]
    floor = floor_of(NET, found, [*MEMORY, Bandwidth(GPU, 0, 100.0, 100.0)])
    assert floor.activity[1:] == [0.25]
    assert floor.activity_from == "cpp_standalone"
    assert floor.ms[ALL] == pytest.approx(floor.ms[ONE] / 2)
    relate(found, floor)
    assert [row.x_plain for row in found] == pytest.approx([1.8, 1.0, 3.0, 9.0])
    assert [row.x_plain_cpu for row in found] == pytest.approx([1.8, 1.0, 3.0, 9.0])
    assert found[2].x_floor == pytest.approx(0.3 / floor.ms[ALL])
    assert found[2].x_floor_one_thread == pytest.approx(0.3 / floor.ms[ONE])
    assert found[3].x_floor == pytest.approx(0.1 / floor.ms[GPU])


def test_without_a_floor_or_a_plain_script_ratios_are_left_out() -> None:
    row = measured(0.5).row()
    relate([row], None)
    assert row.x_plain is row.x_floor is None
    heads = cells([row])[0]
    assert "ms/step" in heads
    assert not {"× plain", "× plain (CPU)", "÷ floor"} & set(heads)


def test_all_threads_have_at_least_the_bandwidth_of_one() -> None:
    busy = [Bandwidth(PROCESSOR, 1, 2.0, 2.0), Bandwidth(PROCESSOR, 2, 1.0, 1.0)]
    floor = floor_of(NET, [], busy)
    assert floor.ms[ALL] == floor.ms[ONE]


def test_half_of_the_hidden_neurons_are_assumed_where_none_tell() -> None:
    floor = floor_of(NET, [measured(0.5, "bindsnet").row()], MEMORY)
    assert (floor.activity[1:], floor.activity_from) == ([0.5], "assumed")


def result() -> Result:
    found = []
    for sizes, ms in (("4-6-10", 0.1), ("8-60-10", 0.7)):
        here = [
            measured(ms, "plain", sizes, "float64").row(),
            measured(ms / 3, "cpp_standalone", sizes, activity=[0.4]).row(),
        ]
        found.append((floor_of(Net.parse(sizes), here, MEMORY), here))
        relate(here, found[-1][0])
    rows_ = [row for _, here in found for row in here]
    skipped = [
        rows.Skipped("", "bindsnet", "needs an environment"),
        rows.Skipped("4-6-10", "runtime", "too slow"),
    ]
    about = {"processor": "a processor", "versions": {"brian2": "2.9.0"}, "git_commit": "0123"}
    return Result(about, {}, MEMORY, [floor for floor, _ in found], rows_, skipped)


def test_the_tables_hold_every_row() -> None:
    said = markdown(result())
    (*lines,) = (line for line in said.splitlines() if line.startswith("|"))
    assert len(lines) == 2 + 4 + 2 + 2
    assert len({line.count("|") for line in lines[:6]}) == 1
    assert "| 8-60-10 | cpp_standalone | float32 | 0.233 |" in said
    assert "Not measured: bindsnet: needs an environment." in said
    assert "Not measured: runtime on 4-6-10: too slow." in said
    assert "a processor" in said
    assert "brian2 2.9.0" in said
    assert "commit 0123" in said
    assert markdown_table([["a", "b"], ["1", "2"]]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"
    assert "÷ floor" in text(result())


def test_json_holds_everything() -> None:
    back = json.loads(json.dumps(as_json(result())))
    assert [row["contender"] for row in back["rows"]] == ["plain Brian", "cpp_standalone"] * 2
    assert back["rows"][1]["x_plain"] == pytest.approx(3.0)
    assert back["floors"][0]["activity_from"] == "cpp_standalone"
    assert back["bandwidth"][1]["threads"] == 2
    assert back["skipped"][0]["reason"] == "needs an environment"
    assert "plastic synapses × steps" in back["columns"]["updates/s"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, ""), (0.008124, "0.00812"), (12.34, "12.3"), (1234.5, "1230"), (1.0, "1.00")],
)
def test_numbers_have_three_digits(value: float | None, shown: str) -> None:
    assert number(value) == shown


def test_figures_are_drawn(tmp_path: Path) -> None:
    draw(result(), tmp_path / "side.png")
    made = nets((10, 20, 40), (1, 2))
    found = [measured(1e-6 * net.synapses + 0.01, sizes=str(net)).row() for net in made]
    for net, row in zip(made, found, strict=True):
        relate([row], floor_of(net, [row], MEMORY))
    sweep: Sweep = swept("runtime", found)
    assert sweep.clock.synapse_ns[0] == pytest.approx(1.0)
    assert sweep.processor.synapse_ns[0] == pytest.approx(2.0)
    assert sweep.fitted_ms == pytest.approx([row.ms_per_step for row in found])
    swept_result = Result({}, {}, MEMORY, [], found, [], sweep)
    assert "| runtime, processor | 20.0 ± 0.00" in markdown(swept_result)
    draw(swept_result, tmp_path / "sweep.png")
    for name in ("side.png", "sweep.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")


class FakeRunner:
    """Builds once a length; fails at the steps that it is told to."""

    def __init__(self, of: Contender) -> None:
        self.of, self.fails_at = of, 7

    def load(self) -> Loaded:
        return Loaded(1.0)

    def prepare(self, steps: int) -> tuple[Run, float]:
        def run() -> Ran:
            if steps == self.fails_at:
                raise InputError("steps: another number (got 7)")
            return Ran(2.0, 30.0)

        return run, 5.0

    def activity(self) -> list[float]:
        return [0.5]


class FakePipe:
    """Asks for numbers of steps in turn, and keeps the answers."""

    def __init__(self, *asked: int | None) -> None:
        self.asked, self.sent = list(asked), []

    def recv(self) -> int | None:
        return self.asked.pop(0)

    def send(self, answer: Any) -> None:
        self.sent.append(answer)


def test_a_process_builds_once_and_reports_what_it_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "runner", FakeRunner)
    pipe: Any = FakePipe(3, 3, None)
    serve(contender(), pipe)
    loaded, (built, first), (again, _) = pipe.sent
    assert (loaded.imports_mb, built, again) == (1.0, 5.0, 0.0)
    assert first.cpu_s >= 2.0  # of a child that it cannot see
    assert first.child_mb >= 30.0
    assert first.activity == [0.5]


def test_a_process_that_fails_says_why_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "runner", FakeRunner)
    pipe: Any = FakePipe(7)
    serve(contender(), pipe)
    assert str(pipe.sent[-1]) == "InputError: steps: another number (got 7)"


def test_a_contender_that_fails_is_skipped_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class FakeServed:
        def __init__(self, of: Contender) -> None:
            self.of, self.loaded, self.asked = of, Loaded(), 0

        def ask(self, steps: int) -> tuple[float, Timed]:
            self.asked += 1
            if self.of.name == "no compiler" or (self.of.name == "fails late" and self.asked > 4):
                raise Failed("why")
            return 1.0, Timed(steps * 1e-3, steps * 1e-3, 1.0, 1.0, None)

        def end(self) -> None:
            pass

    monkeypatch.setattr(rows, "Served", FakeServed)
    names = ("no compiler", "good", "fails late")
    said: list[str] = []
    found, skipped = compare([contender(name) for name in names], 3, said.append)
    assert [row.contender for row in found] == ["good"]
    assert found[0].ms_per_step == pytest.approx(1.0)
    assert {(one.contender, one.reason) for one in skipped} == {
        ("no compiler", "why"),
        ("fails late", "why"),
    }
    assert "4-6-10: no compiler skipped: why" in said


def test_every_device_of_the_package_can_take_part() -> None:
    assert set(DEVICES) - {"auto"} == set(NAMES) - {"plain", "plain:float32", "bindsnet"}


def test_what_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    there = (DeviceStatus("runtime", True, "at once"), DeviceStatus("b", False, "needs a b"))
    monkeypatch.setattr(measuring, "available_devices", lambda: there)
    monkeypatch.setattr(bindsnet_environment, "find", lambda: None)
    reasons = measuring.missing(["plain", "runtime", "b", "bindsnet"])
    assert reasons.keys() == {"b", "bindsnet"}
    assert reasons["b"] == "needs a b"
    assert "--install-bindsnet" in reasons["bindsnet"]


def test_larger_networks_run_for_fewer_steps() -> None:
    sizes = [Net.parse(text) for text in spiking.SIZES]
    steps = [measuring.lengths("cpp_standalone", net, None)[1] for net in sizes]
    assert steps == sorted(steps, reverse=True)
    assert measuring.lengths("cpp_standalone", NET, 400) == (100, 400)
    assert measuring.lengths("runtime", NET, 400) == (5, 20)


def test_the_command_line() -> None:
    given = spiking.parse(["--sizes", "4-6-10", "--contenders", "plain", "runtime"])
    assert given.sizes == [NET]
    assert given.contenders == ["plain", "runtime"]
    assert [str(net) for net in spiking.parse([]).sizes] == list(spiking.SIZES)
    assert tuple(spiking.parse([]).contenders) == NAMES


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--steps", "4"], r"^steps: at least 8 \(got 4\)"),
        (["--repeats", "0"], r"^repeats: at least 1 \(got 0\)"),
        (["--bandwidth-mb", "1"], r"^bandwidth_mb: at least 16 \(got 1\)"),
        (["--sizes", "a"], r"^sizes: .* \(got 'a'\)"),
        (["--sweep", "runtime", "--widths", "7", "--depths", "1", "2", "3", "4"], r"^widths: "),
    ],
)
def test_a_command_line_that_cannot_be(arguments: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        spiking.parse(arguments)


def test_an_unknown_contender(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        spiking.parse(["--contenders", "nest"])
    assert "invalid choice: 'nest'" in capsys.readouterr().err


def test_bandwidth_wants_a_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(InputError, match=r"^bandwidth: a C\+\+ compiler, .* \(got none\)"):
        ProcessorBandwidth(tmp_path, 16)
