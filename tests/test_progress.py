import pytest

from snn_credit.progress import Meter, Named, clock_time


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_speed_starts_with_the_first_update() -> None:
    clock = Clock()
    meter = Meter(1000, "images", "training", clock)
    clock.now += 60  # a build
    meter.update(500)  # found done by a resumed run
    assert meter.rate is None
    clock.now += 2
    meter.update(600, error_percent=12.5)
    assert meter.rate == 50
    assert meter.left == 8
    assert meter.text() == "600/1000 images, 50 images/s, error 12.5 %, 0:08 left"


def test_speed_forgets_what_is_long_ago() -> None:
    clock = Clock()
    meter = Meter(10**6, "images", "training", clock)
    done = 0
    for seconds, speed in ((100, 1), (100, 1000)):
        for _ in range(seconds):
            clock.now += 1
            done += speed
            meter.update(done)
    assert meter.rate == pytest.approx(1000)


def test_numbers_stay_until_replaced() -> None:
    meter = Meter(10, "images", "training")
    meter.update(1, test_error_percent=50.0)
    meter.update(2, loss=0.25)
    assert "test error 50 %, loss 0.25" in meter.text()


@pytest.mark.parametrize(("seconds", "text"), [(8.4, "0:08"), (75, "1:15"), (3725, "1:02:05")])
def test_clock_time(seconds: float, text: str) -> None:
    assert clock_time(seconds) == text


class Told:
    """A progress that remembers what it was told."""

    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []

    def start(self, total: int, unit: str, what: str) -> None:
        self.calls.append(("start", total, unit, what))

    def update(self, done: int, **numbers: float) -> None:
        self.calls.append(("update", done, numbers))

    def note(self, text: str) -> None:
        self.calls.append(("note", text))

    def stop(self) -> None:
        self.calls.append(("stop",))


def test_a_part_goes_by_its_name() -> None:
    told = Told()
    part = Named(told, "200 x 2")
    part.note("building")
    part.start(10, "images", "spiking")
    part.update(4, error_percent=5.0)
    part.stop()
    assert told.calls == [
        ("note", "200 x 2: building"),
        ("start", 10, "images", "200 x 2"),
        ("update", 4, {"error_percent": 5.0}),
        ("stop",),
    ]
