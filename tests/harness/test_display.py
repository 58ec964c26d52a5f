import io

from rich.console import Console

from snn_credit.harness.display import BarDisplay, LineDisplay, choose_display


def test_a_log_gets_plain_lines_now_and_then() -> None:
    out = io.StringIO()
    display = choose_display(Console(file=out))
    assert isinstance(display, LineDisplay)
    view = display.view("seed 3")
    view.note("device [runtime]")
    view.start(100, "images", "training")
    for done in range(101):
        view.update(done, error_percent=float(done))
    view.stop()
    lines = out.getvalue().splitlines()
    assert lines[:2] == ["seed 3: device [runtime]", "seed 3: training: 100 images"]
    assert len(lines) == 3
    assert lines[2].startswith("seed 3: training: 100/100 images, ")
    assert lines[2].endswith("error 100 %")


def test_a_line_comes_when_its_time_has() -> None:
    out = io.StringIO()
    view = LineDisplay(Console(file=out), every=0.0).view("")
    view.start(3, "images", "training")
    view.update(1)
    view.update(2)
    assert out.getvalue().splitlines() == [
        "training: 3 images", "training: 1/3 images", out.getvalue().splitlines()[2],
    ]  # fmt: skip
    assert "training: 2/3 images, " in out.getvalue()


def test_a_terminal_gets_bars_for_each_seed() -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=120, _environ={"TERM": "xterm"})
    display = choose_display(console)
    assert isinstance(display, BarDisplay)
    for seed in (0, 1):
        view = display.view(f"seed {seed}")
        view.start(10, "images", "training")
        view.update(4, error_percent=25.0)
        view.stop()
        view.update(9)  # after the end: not counted
    display.close()
    assert [task.completed for task in display.bars.tasks] == [4, 4]
    assert "seed 1: training" in out.getvalue()
    assert "4/10 images, error 25 %" in out.getvalue()
