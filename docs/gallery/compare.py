"""The same executed notebook through nbconvert's own template and through ours, side by side in docs/comparison.md.

Run with ``make comparison`` after ``make reports SOURCE=live``. Needs Chromium on the machine.
"""

from __future__ import annotations

import json
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from axe_playwright_python.sync_playwright import Axe
from nbconvert import HTMLExporter
from photograph import GALLERY, QUIET, compressed, found_chromium
from playwright.sync_api import Browser, sync_playwright

from analysis.project import Project
from analysis.report.execution import without_injected
from analysis.report.page import Setting, compose
from analysis.report.printing import print_page
from analysis.report.versions import repository

ROOT = GALLERY.parents[1]
NAME = "06_covid_response"
PAGE = ROOT / "docs" / "comparison.md"
MARKS = ("<!-- measured: begin -->", "<!-- measured: end -->")
WIDTH, HEIGHT, TIMES = 1280, 2400, 5


@dataclass(frozen=True)
class Seen:
    """What one way made, and what a browser says of it."""

    seconds: float
    kilobytes: float
    requests: int
    refused: int
    violations: tuple[tuple[str, str, int], ...]
    sideways: int
    links: int


def timed(make: Callable[[], str]) -> tuple[str, float]:
    """The page and the median seconds of making it, once everything is imported."""
    html, seconds = make(), []
    for _ in range(TIMES):
        begun = time.perf_counter()
        html = make()
        seconds.append(time.perf_counter() - begun)
    return html, statistics.median(seconds)


def seen(browser: Browser, html: str, seconds: float, picture: Path) -> Seen:
    """Open a page without network, count what it asks for, let axe-core judge it, and photograph its top."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{NAME}.html"
        file.write_text(html, encoding="utf-8")
        context = browser.new_context(viewport={"width": WIDTH, "height": 900}, bypass_csp=True, offline=True)
        page = context.new_page()
        asked: list[str] = []
        failed: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("requestfailed", lambda request: failed.append(request.url))
        page.goto(file.as_uri(), wait_until="load")
        page.wait_for_timeout(500)
        whole = page.evaluate("document.documentElement.scrollHeight")
        clip = {"x": 0, "y": 0, "width": WIDTH, "height": min(HEIGHT, whole)}
        compressed(page.screenshot(full_page=True, clip=clip)).save(picture, optimize=True)
        links = page.evaluate("document.querySelectorAll('[data-finding]').length")
        found = Axe().run(page).response["violations"]
        page.set_viewport_size({"width": 390, "height": 900})
        sideways = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        context.close()
    outside = [url for url in asked if not url.startswith(("file:", "data:", "blob:"))]
    rules = tuple(sorted((v["id"], v["impact"], len(v["nodes"])) for v in found))
    return Seen(seconds, len(html.encode()) / 1000, len(outside), len(failed), rules, sideways, links)


def row(label: str, theirs: object, ours: object) -> str:
    """One line of the table."""
    return f"| {label} | {theirs} | {ours} |"


def table(lab: Seen, own: Seen) -> str:
    """The measurements as Markdown."""

    def rules(page: Seen) -> str:
        listed = "; ".join(f"{name} ({impact}, {nodes})" for name, impact, nodes in page.violations)
        return f"{len(page.violations)}" + (f": {listed}" if listed else "")

    lines = [
        "| | nbconvert, lab template | Angeleno |",
        "|---|---|---|",
        row("one file, kB", f"{lab.kilobytes:.0f}", f"{own.kilobytes:.0f}"),
        row("seconds to print, once everything is imported", f"{lab.seconds:.2f}", f"{own.seconds:.2f}"),
        row("requests to other machines when opened", lab.requests, own.requests),
        row("rules of axe-core broken (severity, places)", rules(lab), rules(own)),
        row("pixels too wide on a phone of 390", max(0, lab.sideways), max(0, own.sideways)),
        row("numbers in the prose that can be questioned", lab.links, own.links),
    ]
    return "\n".join(lines)


def main() -> int:
    """Measure both ways and write the table."""
    executed = ROOT / "reports" / "live" / "executed" / f"{NAME}.ipynb"
    chromium = found_chromium()
    if chromium is None or not executed.is_file():
        print("Needed: Chromium on the machine, and make data reports SOURCE=live before this")
        return 1
    project = Project(ROOT)
    held: dict[str, Any] = json.loads(executed.read_bytes())
    node = nbformat.reads(executed.read_text(encoding="utf-8"), as_version=4)
    exporter = HTMLExporter(template_name="lab")
    setting = Setting(project, "000000000000", repository(project))
    theirs = timed(lambda: exporter.from_notebook_node(node)[0])
    ours = timed(lambda: print_page(compose(without_injected(held), setting)))
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=QUIET)
        lab = seen(browser, *theirs, GALLERY / "comparison_nbconvert.png")
        own = seen(browser, *ours, GALLERY / "comparison_angeleno.png")
        browser.close()
    begin, end = map(re.escape, MARKS)
    text = PAGE.read_text(encoding="utf-8")
    filled = f"{MARKS[0]}\n{table(lab, own)}\n{MARKS[1]}"
    PAGE.write_text(re.sub(f"{begin}.*{end}", lambda _: filled, text, flags=re.S), encoding="utf-8")
    print(table(lab, own))
    return 0


if __name__ == "__main__":
    sys.exit(main())
