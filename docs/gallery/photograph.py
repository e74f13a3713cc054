"""Photograph the pages of the live source for the gallery, as compressed PNG.

Every page wide, on a phone and on paper; then scenes: what a reader sees who asks a number, reads Spanish, walks a map.

Run with ``make gallery`` after ``make reports SOURCE=live``. Needs Chromium on the machine.
"""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps
from playwright.sync_api import Browser, Page, sync_playwright

GALLERY = Path(__file__).resolve().parent
REPORTS = GALLERY.parents[1] / "reports" / "live"
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
# name, width in CSS pixels, height kept of the page, device scale, medium
VIEWS = (
    ("wide", 1280, 4200, 1.0, "screen"),
    ("phone", 390, 3600, 1.5, "screen"),
    ("print", 682, 3400, 1.0, "print"),
)
COLOURS = 128
PAPER_MARGIN = 56  # pixels, about 15 mm at this scale; a browser adds it when it prints


def found_chromium() -> str | None:
    """Chromium's program, under the names distributions give it; None where there is none."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def compressed(picture: bytes, margin: int = 0) -> Image.Image:
    """The picture with few colours: line drawings and text lose nothing that the eye sees."""
    image = ImageOps.expand(Image.open(io.BytesIO(picture)).convert("RGB"), margin, "white")
    return image.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)


def photograph(page: Page, source: Path, target: Path, height: int, medium: str) -> None:
    """Save the top ``height`` pixels of one page."""
    page.emulate_media(media=medium)  # type: ignore[arg-type]
    page.goto(source.as_uri(), wait_until="load")
    whole = page.evaluate("document.documentElement.scrollHeight")
    width = page.viewport_size["width"] if page.viewport_size else 1280
    clip = {"x": 0, "y": 0, "width": width, "height": min(height, whole)}
    margin = PAPER_MARGIN if medium == "print" else 0
    compressed(page.screenshot(full_page=True, clip=clip), margin).save(target, optimize=True)
    print(f"{target.name}: {target.stat().st_size // 1024} kB")


@dataclass(frozen=True)
class Scene:
    """One screen of a page after something was done with it."""

    name: str
    page: str
    act: Callable[[Page], None] | None = None
    width: int = 1280
    height: int = 900
    scheme: str = "light"


def ask_a_number(page: Page) -> None:
    """Open the card of a change that carries an interval."""
    number = page.locator("main [data-finding=rent_area_local]").first
    number.scroll_into_view_if_needed()
    number.click()


def walk_the_map(page: Page) -> None:
    """Bring the first map into view and step from tract to tract."""
    shapes = page.locator("svg.map-shapes").first
    shapes.evaluate("shapes => shapes.scrollIntoView({block: 'center'})")
    shapes.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowDown"):
        page.keyboard.press(key)


def search(page: Page) -> None:
    """Look for a word among all findings."""
    page.get_by_role("searchbox").first.fill("rent")


SCENES = (
    Scene("number", "01_neighborhood_change.html", ask_a_number),
    Scene("map_walked", "01_neighborhood_change.html", walk_the_map),
    Scene("spanish", "01_neighborhood_change.es.html", height=2400),
    Scene("spanish_phone", "06_covid_response.es.html", width=390, height=1800),
    Scene("dark", "06_covid_response.html", scheme="dark", height=2400),
    Scene("atlas", "map.html"),
    Scene("atlas_dark", "map.html", scheme="dark"),
    Scene("search", "index.html", search),
)


def play(browser: Browser, scene: Scene) -> None:
    """Save one scene."""
    context = browser.new_context(
        viewport={"width": scene.width, "height": scene.height},
        color_scheme=scene.scheme,  # type: ignore[arg-type]
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto((REPORTS / scene.page).as_uri(), wait_until="load")
    if scene.act is not None:
        scene.act(page)
    target = GALLERY / f"scene_{scene.name}.png"
    compressed(page.screenshot()).save(target, optimize=True)
    print(f"{target.name}: {target.stat().st_size // 1024} kB")
    context.close()


def main() -> int:
    """Photograph every city-wide page in every view, then the scenes."""
    chromium = found_chromium()
    if chromium is None:
        print("No Chromium on this machine: install it (Debian: apt-get install chromium) and run make gallery again")
        return 1
    sources = [p for p in sorted(REPORTS.glob("*.html")) if "--" not in p.stem and not p.stem.endswith(".es")]
    if not sources:
        print("No live reports yet: run make data reports SOURCE=live first")
        return 1
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=QUIET)
        for view, width, height, scale, medium in VIEWS:
            context = browser.new_context(viewport={"width": width, "height": 900}, device_scale_factor=scale)
            for source in sources:
                photograph(context.new_page(), source, GALLERY / f"{source.stem}_{view}.png", height, medium)
            context.close()
        for scene in SCENES:
            play(browser, scene)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
