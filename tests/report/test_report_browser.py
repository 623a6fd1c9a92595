"""The page in a real browser."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from sporemetry.report import ReportData, render_report
from sporemetry.report.data import FAILURE_COLUMNS

MakeReport = Callable[..., ReportData]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
LONG_NAME = "Magnaporthe" * 18 + ".jpg"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip(f"no browser is installed; looked for {', '.join(BROWSERS)}")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield chromium
        chromium.close()


@pytest.fixture
def report(make_report: MakeReport, tmp_path: Path) -> Path:
    """Two samples, a zero count, a failure, every caution of the method, one very long name."""
    failures = pd.DataFrame([[LONG_NAME, "ImageDamagedError", "x", "y", "z"]], columns=list(FAILURE_COLUMNS))
    pictures = [(LONG_NAME, "leaf", 40), ("b.jpg", "leaf", 44), ("c.jpg", LONG_NAME, 0)]
    path = tmp_path / "report.html"
    path.write_text(
        render_report(make_report(pictures, failures=failures, traditional=True)), encoding="utf-8"
    )
    return path


def opened(browser: Browser, report: Path, width: int) -> tuple[Page, list[str], list[str]]:
    """The page, what the console says, and what is requested beside the page itself."""
    page = browser.new_page(viewport={"width": width, "height": 900})
    said: list[str] = []
    requested: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: requested.append(request.url))
    page.goto(report.as_uri(), wait_until="load")
    return page, said, [url for url in requested if url != report.as_uri() and not url.startswith("data:")]


@pytest.mark.parametrize("width", [400, 1280])
def test_the_page_opens_cleanly_at_any_width(browser: Browser, report: Path, width: int) -> None:
    page, said, requested = opened(browser, report, width)
    assert said == []
    assert requested == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("[...document.images].map(image => image.naturalWidth)") == [64, 64, 64]
    # The style applies: the policy admits it, and it alone.
    assert page.evaluate("getComputedStyle(document.querySelector('.cautions')).display") == "grid"
    page.close()


def test_a_picture_enlarges_and_closes_without_a_script(browser: Browser, report: Path) -> None:
    page, said, _ = opened(browser, report, 1280)
    picture = page.locator("#picture-2 img")
    small = picture.bounding_box()
    page.get_by_label("Enlarge b.jpg").click()
    large = picture.bounding_box()
    assert small is not None
    assert large is not None
    assert large["width"] > 1.5 * small["width"]
    page.locator("#picture-2 nav").get_by_text("Next").click()
    assert page.locator("#picture-3 nav").is_visible()
    assert not page.locator("#picture-2 nav").is_visible()
    page.locator("#picture-3 nav").get_by_text("Close").click()
    assert not page.locator("#picture-3 nav").is_visible()
    assert said == []
    page.close()


def test_a_script_that_got_into_the_page_would_not_run(browser: Browser, report: Path) -> None:
    injected = report.read_text(encoding="utf-8").replace(
        "</main>",
        "<script>document.title = 'owned'</script><img src=x onerror=\"document.title='owned'\"></main>",
    )
    report.write_text(injected, encoding="utf-8")
    page, said, _ = opened(browser, report, 800)
    assert page.title() == "Spore counts"
    assert any("Content Security Policy" in text for text in said)
    page.close()


def test_the_page_prints_on_a4(browser: Browser, report: Path) -> None:
    page, _, _ = opened(browser, report, 1280)
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 695, "height": 1000})  # A4 less its margins, at 96 dots an inch
    assert page.evaluate("document.documentElement.scrollWidth") <= 695
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
    page.close()
