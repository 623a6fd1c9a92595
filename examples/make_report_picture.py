"""Draw ``docs/report.png``, the picture of a report in the README: run after ``make demo``.

It needs playwright (the ``test`` extra) and a Chromium on the path.
"""

from __future__ import annotations

import io
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
WIDTH = 1400
PARTS = (("h1", "#counts"), ("#outlines-heading", "ol.gallery > li:nth-child(3)"))


def main() -> int:
    """Take the counts and the outlined pictures from the demo's report, one above the other."""
    report = ROOT / "demo_out" / "report.html"
    browser_path = shutil.which("chromium") or shutil.which("google-chrome")
    if not report.is_file() or browser_path is None:
        print("expected demo_out/report.html (make demo) and a Chromium on the path")
        return 2
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": 1000})
        page.goto(report.as_uri())
        parts = [take(page, first, last) for first, last in PARTS]
        browser.close()
    picture = Image.new("RGB", (WIDTH, sum(part.height for part in parts)), "white")
    top = 0
    for part in parts:
        picture.paste(part, (0, top))
        top += part.height
    picture.quantize(200).save(ROOT / "docs" / "report.png", optimize=True)
    return 0


def take(page: Page, first: str, last: str) -> Image.Image:
    """Return the page from the top of the element ``first`` to the bottom of ``last``."""
    boxes = [page.locator(selector).first.bounding_box() for selector in (first, last)]
    if boxes[0] is None or boxes[1] is None:
        raise ValueError(f"the report has no {first} or no {last}")
    top = boxes[0]["y"] - 24
    height = boxes[1]["y"] + boxes[1]["height"] - top + 8
    clip = {"x": 0, "y": top, "width": WIDTH, "height": height}
    shot = page.screenshot(full_page=True, clip=clip)
    return Image.open(io.BytesIO(shot)).convert("RGB")


if __name__ == "__main__":
    sys.exit(main())
