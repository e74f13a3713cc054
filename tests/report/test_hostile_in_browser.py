"""A page over hostile data, in both languages, in a real browser: names and cells are text and run nothing."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from analysis.project import Project
from analysis.report.build import build
from analysis.report.editions import planned
from analysis.report.execution import places
from analysis.report.languages import note_twins
from browser_pages import CHROMIUM, NO_CHROMIUM, Opened, opened, started
from hostile_words import CORPUS

from .conftest import CELLS, write_notebook

pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason=NO_CHROMIUM)]

WORDS = [word for word in CORPUS if not re.search(r"[\s|]$|^\s|\n", word) and "\0" not in word]
_RUNS = "alert(document.title)"
TEXTS = [f"<script>{_RUNS}</script>", f"<img src=x onerror={_RUNS}>", f"<svg onload={_RUNS}>", f"javascript:{_RUNS}"]
"""Without a digit, since a number may not be typed where words are."""
FORMULAS = ['=HYPERLINK("https://evil.example")', "+1+cmd|' /C calc'!A0", "@SUM(1)", "-2+3"]

LOAD = f"""import json
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from analysis import publish
from analysis.provenance import DatasetUse, TableUse, record_load
from analysis.publish import Column, figures

words, texts, formulas = json.loads({json.dumps(json.dumps([WORDS, TEXTS, FORMULAS]))})
use = DatasetUse(
    "permits", words[0], words[2], words[3], "https://example.org/permits", "ab" * 32, "2020-05-01T00:00:00Z", 3,
    "2010 to 2019", "B", words[4], (words[1], words[5]),
)
table = TableUse("permits", words[0], "sample", "cd" * 32, 3, "2010 to 2019", (use,), ())
record_load(table)
display({{"application/vnd.angeleno.load+json": table.as_dict(), "text/plain": "permits"}}, raw=True)"""

FINDINGS = """rates = pd.DataFrame({"place": words, "rate": [10.0 + i for i in range(len(words))]})
rates["low"], rates["high"], rates["chosen"] = rates["rate"] - 2, rates["rate"] + 2, team
for i, word in enumerate(words):
    publish.finding(f"word_{i}", word, unit="text", no_interval=word, denominator=word, period=word, group=(word, "B"))
publish.finding("all_words", tuple(words), unit="list", no_interval="a list")
publish.finding("team", team, unit="text", no_interval="a parameter")
publish.finding(
    "rate", 12.0, unit="percent", interval=(8.0, 16.0), n=900, denominator=words[1], period="2019", change=True
)"""

EXHIBITS = """squares = gpd.GeoDataFrame(
    {"geoid": [f"{i:03}" for i in range(len(words))], "name": words, "rate": rates["rate"]},
    geometry=[shapely.box(-118 + i / 100, 34, -118 + (i + 1) / 100, 34.01) for i in range(len(words))], crs=4326,
)
publish.map("places", squares, "rate", title="Rates {{ word_0 }}", subtitle=texts[1], caption=texts[2], unit="percent",
            name_column="name", label=texts[3], crs="EPSG:32611", classes=3)
publish.figure("rates", figures.dotrange(rates, "place", "rate", unit="percent", low="low", high="high"),
               title="Rates {{ word_1 }}", subtitle=texts[0], caption=texts[1])
publish.table("cells", rates.assign(formula=(formulas * len(rates))[: len(rates)]), title="Cells {{ word_2 }}",
              columns={"place": texts[2], "formula": texts[3], "chosen": "Team",
                       "rate": Column(label=texts[0], unit="percent", interval=("low", "high"))})
publish.download("cells", rates.assign(formula=(formulas * len(rates))[: len(rates)]), title=texts[1],
                 description=texts[2])"""

SAID = " and ".join(f"{{{{ word_{i} }}}}" for i in range(len(WORDS)))
TITLE = "# {{ word_0 }} and {{ word_2 }}\n\nHere {{ word_4 }} and {{ team }}."
SHORT = f"## In short\n\n1. {SAID}.\n2. {{{{ all_words | listed }}}} and {{{{ rate | moved }}}}.\n\n"
SHORT += '{{ map("places") }} {{ fig("rates") }} {{ table("cells") }}'

OWN = """| Team | Equipo |
| council district | distrito del Concejo / distritos del Concejo |
| tract | sector censal / sectores censales |
| place | lugar / lugares |
| Permits | Permisos |
"""


def cells() -> list[CELLS]:
    told = [*WORDS, *TEXTS, *FORMULAS, "a list", "a parameter"]
    terms = "| English | Español |\n|---|---|\n"
    terms += "".join(f"| {word.replace('|', chr(92) + '|')} | {word.replace('|', chr(92) + '|')} |\n" for word in told)
    terms += "".join(f"| {kind} {{{{ word_{i} }}}} | {kind} {{{{ word_{i} }}}} |\n" for i, kind in
                     enumerate(("Rates", "Rates", "Cells")))  # fmt: skip
    return [
        ("markdown", TITLE, ("title",)),
        ("markdown", TITLE.replace("and", "y").replace("Here", "Aquí"), ("lang-es",)),
        ("code", f"team = {WORDS[2]!r}  # whose numbers are shown", ("parameters",)),
        ("code", LOAD, ()),
        ("code", FINDINGS, ()),
        ("markdown", SHORT, ("in-short",)),
        ("markdown", SHORT.replace("In short", "En breve").replace(" and ", " y "), ("lang-es",)),
        ("markdown", "## Places", ()),
        ("markdown", "## Lugares", ("lang-es",)),
        ("code", EXHIBITS, ()),
        ("markdown", terms + OWN, ("lang-es", "terms")),
    ]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with started() as browser:
        yield browser


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the built pages are kept between tests of this module."""
    return tmp_path_factory.mktemp("hostile") / "reports"


@pytest.fixture
def site(city: Project, kept: Path) -> Project:
    """The page built over hostile data."""
    if kept.is_dir():
        shutil.copytree(kept, city.root / "reports")
        return city
    for path in city.notebooks.glob("*.ipynb"):
        path.unlink()
    note_twins(write_notebook(city, "01_permits", cells()))
    (outcome,) = build(city, "sample", planned(city, "sample"))
    assert outcome.failure is None, outcome.failure
    shutil.copytree(city.root / "reports", kept)
    return city


def used(seen: Opened) -> None:
    """Do everything a reader can do."""
    page = seen.page
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    page.evaluate("document.querySelectorAll('[popover]').forEach(one => { one.showPopover(); one.hidePopover(); })")
    page.evaluate(
        "document.querySelectorAll('main button:not([data-copy]), main [data-card]').forEach(one => one.click())"
    )
    page.evaluate("document.querySelectorAll('[onclick],[onload],[onerror]').forEach(one => one.click())")
    for element in page.locator("svg.map-shapes, thead button.sort").all():
        if element.is_visible():
            element.focus()
            for key in ("ArrowRight", "ArrowRight", "Enter"):
                page.keyboard.press(key)
    page.mouse.move(300, 300)
    page.wait_for_timeout(300)


def test_nothing_runs_and_everything_is_told(browser: Any, site: Project) -> None:
    folder = site.reports("sample")
    found = {file.name for file in folder.glob("*.html")}
    assert {"01_permits.html", "01_permits.es.html", "index.html", "index.es.html"} <= found
    for file in sorted(folder.rglob("*.html")):
        with opened(browser, file) as seen:
            used(seen)
            what = file.name
            assert seen.dialogs == [], what
            assert seen.outside == [], what
            assert seen.errors == [], f"{what}: the content policy had something to refuse"
            assert seen.page.locator("img, iframe, object, embed, [onerror], [onload], [onclick]").count() == 0, what
            hrefs = seen.page.locator("a").evaluate_all("all => all.map(a => a.protocol)")
            assert set(hrefs) <= {"file:", "https:"}, what
            if what.startswith("01_permits"):
                told = seen.page.locator("main").inner_text()
                assert [word for word in WORDS if word.isascii() and word not in told and "$" not in word] == [], what


def test_cells_that_spreadsheets_would_run_are_guarded_in_every_file(browser: Any, site: Project) -> None:
    folder = site.reports("sample")
    with opened(browser, folder / "01_permits.html") as seen:
        with seen.page.expect_download() as waiting:
            seen.page.locator("[data-csv]:visible").last.click()
        saved = Path(waiting.value.path()).read_text(encoding="utf-8-sig")
    files = [saved, *(path.read_text(encoding="utf-8-sig") for path in (folder / "downloads").glob("*.csv"))]
    assert len(files) > 1
    for text in files:
        rows = list(csv.reader(text.splitlines()))
        assert [cell for row in rows for cell in row if re.match(r"[=@\t\r]|[+-](?![\d.]+$)", cell)] == []


def test_a_parameter_is_text(site: Project) -> None:
    page = places(site, "sample", "01_permits").page.read_text(encoding="utf-8")
    assert "<img src=x" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
