"""The HTML form in a real browser: figures, filters, phones, and no word to the network.

It needs Chromium. Without one the tests are skipped, unless SNN_CREDIT_BROWSER=required.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from report_runs import errors, experiment, write_run

from snn_credit.report import write_report

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
               None)  # fmt: skip
REQUIRED = os.environ.get("SNN_CREDIT_BROWSER") == "required"
pytestmark = pytest.mark.skipif(
    BROWSER is None and not REQUIRED,
    reason="no chromium, chromium-browser or google-chrome on the path",
)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of one reproduced, one not reproduced and two not run experiments."""
    root = tmp_path_factory.mktemp("runs")
    wide = {f"row {r}": {f"a long name of column {c}": 1.0 for c in range(6)} for r in range(8)}
    tables = {0: errors(BP=2.4, FA=2.0), 1: errors(BP=2.6, FA=2.2), 2: errors(BP=2.5, FA=2.1)}
    good = write_run(root / "good", tables, name="good")
    draw(good / "figure.png")
    write_run(root / "bad", {0: errors(BP=2.4, FA=9.0) | wide}, name="bad", figures=("one.png",))
    write_run(root / "smoke", {0: errors(FA=9.0)}, name="smoke", preset="smoke")
    kunin = {"paper": "Kunin et al. 2020"}
    write_report(root, None, [experiment("good"), experiment("bad", **kunin),
                              experiment("smoke"), experiment("never", **kunin)])  # fmt: skip
    return root / "report.html"


def draw(path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure((12, 4), dpi=100)
    figure.subplots().plot([0, 1])
    figure.savefig(path)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    assert BROWSER, "SNN_CREDIT_BROWSER=required, and no chromium is on the path"
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=BROWSER, args=arguments)
        yield launched
        launched.close()


class Seen:
    """A page, what it asked for and what it complained of."""

    def __init__(self, browser: Any, report: Path, **settings: Any) -> None:
        self.context = browser.new_context(**settings)
        self.page = self.context.new_page()
        self.asked: list[str] = []
        self.said: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.goto(report.as_uri())

    def shown(self, kind: str = "article") -> list[str]:
        key = "id" if kind == "article" else "textContent"
        return self.page.eval_on_selector_all(
            f"{kind}", f"all => all.filter(e => e.checkVisibility()).map(e => e.{key}.trim())"
        )


@pytest.fixture
def seen(browser: Any, report: Path) -> Iterator[Seen]:
    found = Seen(browser, report, viewport={"width": 1280, "height": 900})
    yield found
    found.context.close()


def test_the_page_is_quiet_and_asks_nobody(seen: Seen, report: Path) -> None:
    seen.page.wait_for_load_state("networkidle")
    assert seen.said == []
    assert [url for url in seen.asked if not url.startswith("data:")] == [report.as_uri()]


def test_every_figure_is_drawn(seen: Seen) -> None:
    widths = seen.page.eval_on_selector_all(
        "img", "all => Promise.all(all.map(i => i.decode().then(() => i.naturalWidth)))"
    )
    assert sorted(widths) == [1, 1200]


def test_all_experiments_are_shown_those_that_were_not_run_too(seen: Seen) -> None:
    assert seen.shown() == ["good", "bad", "smoke", "never"]
    assert "Smoke runs only" in seen.page.inner_text("#smoke")
    assert "No run was found" in seen.page.inner_text("#never")
    assert seen.page.inner_text("#shown") == "4 of 4 shown"


def test_the_filter_hides_and_shows(seen: Seen) -> None:
    page = seen.page
    page.get_by_role("button", name="not run").click()
    assert seen.shown() == ["smoke", "never"]
    assert seen.shown("nav li") == ["smokenot run", "nevernot run"]
    page.get_by_role("button", name="not reproduced").click()
    assert seen.shown() == ["bad", "smoke", "never"]
    page.get_by_label("Paper").select_option("Kunin et al. 2020")
    assert seen.shown() == ["bad", "never"]
    assert page.inner_text("#shown") == "2 of 4 shown"
    page.get_by_role("button", name="not run").click()
    assert seen.shown() == ["bad"]
    page.get_by_role("button", name="Show all").click()
    assert seen.shown() == ["good", "bad", "smoke", "never"]
    assert seen.said == []


def test_links_of_the_contents_lead_to_their_experiment(seen: Seen) -> None:
    seen.page.click("nav a[href='#never']")
    assert seen.page.evaluate("location.hash") == "#never"


def test_without_scripts_all_is_there(browser: Any, report: Path) -> None:
    seen = Seen(browser, report, java_script_enabled=False)
    for name in ("good", "bad", "smoke", "never"):
        assert seen.page.locator(f"#{name}").is_visible()
    assert not seen.page.locator(".filter").is_visible()
    seen.context.close()


@pytest.mark.parametrize("width", [320, 400, 1280])
def test_the_page_is_as_wide_as_the_screen(browser: Any, report: Path, width: int) -> None:
    seen = Seen(browser, report, viewport={"width": width, "height": 800})
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
    seen.context.close()


def test_dark_is_dark(browser: Any, report: Path) -> None:
    seen = Seen(browser, report, color_scheme="dark")
    color = seen.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert color == "rgb(20, 21, 22)"
    seen.context.close()
