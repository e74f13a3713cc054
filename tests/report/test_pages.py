"""The finished page: inert, whole, honest about what it shows."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest
from lxml import html as lxml_html

from analysis.project import AnalysisError, Project
from analysis.report.audit import audit, find_problems
from analysis.report.build import build
from analysis.report.editions import planned
from analysis.report.execution import places, without_injected
from analysis.report.packing import unpacked
from analysis.report.page import Setting, compose
from analysis.report.printing import content_policy, inert_json, print_page

from . import whitepaper
from .conftest import write_notebook


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the built reports are kept between tests of this module."""
    return tmp_path_factory.mktemp("pages") / "reports"


@pytest.fixture
def built(city: Project, kept: Path) -> Project:
    """The miniature checkout, built."""
    if kept.is_dir():
        shutil.copytree(kept, city.root / "reports")
        return city
    outcomes = build(city, "sample", planned(city, "sample"), jobs=1)
    assert [o.failure for o in outcomes] == [None, None]
    shutil.copytree(city.root / "reports", kept)
    return city


def page_of(project: Project, name: str = "01_permits") -> str:
    return places(project, "sample", name).page.read_text(encoding="utf-8")


def executed_of(project: Project) -> dict:
    read = json.loads(places(project, "sample", "01_permits").executed.read_text(encoding="utf-8"))
    return without_injected(read)


def printed(project: Project, executed: dict) -> str:
    return print_page(compose(executed, Setting(project)))


def test_the_policy_admits_exactly_what_the_page_carries(built: Project) -> None:
    for text in (page_of(built), (built.reports("sample") / "index.html").read_text(encoding="utf-8")):
        policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)[1]
        assert policy.startswith("default-src 'none'; ")
        assert "unsafe" not in policy
        assert "http" not in policy
        for kind, pattern in (("style-src", r"<style>(.*?)</style>"), ("script-src", r"<script>(.*?)</script>")):
            carried = {
                "'sha256-" + base64.b64encode(hashlib.sha256(body.encode()).digest()).decode() + "'"
                for body in re.findall(pattern, text, flags=re.DOTALL)
            }
            admitted = set(re.search(rf"{kind} ([^;]*);", policy)[1].split())
            assert carried == admitted, kind
        assert re.search(r"\sstyle=", re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)) is None


def test_a_page_names_no_folder_no_clock_and_no_outside_file(built: Project) -> None:
    text = page_of(built)
    assert str(built.root) not in text
    tree = lxml_html.document_fromstring(text)
    assert tree.xpath("//@src | //link[not(@rel='alternate')] | //iframe | //object") == []
    assert "execution_count" not in text


def test_every_number_has_a_card_and_every_card_its_evidence(built: Project) -> None:
    tree = lxml_html.document_fromstring(page_of(built))
    buttons = tree.xpath("//button[contains(@class, 'finding')]")
    assert len(buttons) >= 8
    for button in buttons:
        card = tree.get_element_by_id(button.get("popovertarget"))
        text = card.text_content()
        assert "Recorded as" in text
        assert button.get("data-finding") in text
        assert tree.get_element_by_id(button.get("aria-describedby")).text_content().strip()
    card = tree.get_element_by_id("finding-wait_change")
    method = tree.get_element_by_id(card.xpath(".//a[starts-with(@href, '#method-')]/@href")[0][1:])
    evidence = tree.get_element_by_id(f"evidence-{card.get('data-of')}")
    assert evidence.get("data-datasets") == "permits"
    parts = (card, method, evidence, tree.get_element_by_id("datasets"))
    card = " ".join(" ".join(text for part in parts for text in part.itertext()).split())
    for said in (
        "95 percent interval", "Denominator the median wait of applicants", "Period 2010 to 2019", "Area Meridia",
        "B Building permits: one date in fifty is missing", "retrieved 2020-05-01", "sha256 abababababab",
        "analysis.methods.rates.rate", "src/analysis/methods/rates.py, line",
    ):  # fmt: skip
        assert said in card, said
    assert "No interval: every permit is on record" in tree.get_element_by_id("finding-issued").text_content()


def test_numbers_hold_on_to_their_signs_and_long_ones_flow(built: Project) -> None:
    text = page_of(built)
    assert re.search(
        r'<span class="keep"><button [^>]*data-finding="wait_now"[^>]*>96.0\s*days</button>[.,]</span>', text
    )
    tree = lxml_html.document_fromstring(text)
    flowing = tree.xpath("//span[@role='button']")
    assert [e.text_content().replace("\u00a0", " ") for e in flowing] == ["fell 15.8 percent (12.7 to 19.0 percent)"]
    assert tree.get_element_by_id(flowing[0].get("data-card")).get("popover") is not None
    assert flowing[0].get("tabindex") == "0"


def test_figures_and_tables_are_numbered_described_and_downloadable(built: Project) -> None:
    tree = lxml_html.document_fromstring(page_of(built))
    labels = [e.text_content() for e in tree.xpath("//figure//p[@class='label']")]
    assert labels == ["Figure 1", "Figure 2", "Table 1"]
    for svg in tree.xpath("//figure//svg[@role='img']"):
        assert len(svg.findtext("desc")) > 40
    assert [a.text_content().replace("\u00a0", " ") for a in tree.xpath("//a[@href='#figure-wait']")] == ["Figure 1"]
    data = json.loads(tree.get_element_by_id("data-wait").text)
    assert len(unpacked(data["packed"][0])) == 10
    csv = json.loads(tree.get_element_by_id("data-districts_table").text)["csv"]
    assert len(csv.strip().splitlines()) == 16
    link = tree.xpath("//a[@download]/@href")
    assert link == ["downloads/01_permits_waits.csv"]
    assert (built.reports("sample") / link[0]).read_text(encoding="utf-8-sig").startswith("district,year,permits,days")


def test_the_order_is_that_of_a_whitepaper(built: Project) -> None:
    tree = lxml_html.document_fromstring(page_of(built))
    assert [h.text_content() for h in tree.xpath("//h2")] == [
        "In short", "The decision", "The wait has changed", "Districts are alike", "How sure are we",
        "What this does not show", "Approach and tools", "The data", "Notes", "Every number", "What changed",
        "Provenance",
    ]  # fmt: skip
    contents = [a.get("href")[1:] for a in tree.xpath("//nav//a")]
    headings = [h.get("id") for h in tree.xpath("//h2")]
    assert contents == headings
    provenance = tree.get_element_by_id("section-provenance").getparent().text_content()
    for said in ("make report NB=01", "notebooks/01_permits.ipynb", "area = city", "318 words", "at least 800"):
        assert said in provenance, said
    assert tree.find(".//title").text.startswith("Getting a building permit takes 96.0 days")
    assert "Invented city." in tree.text_content()


def test_nothing_but_published_things_reach_the_page(built: Project) -> None:
    """Rows a cell happens to print are not published: disclosure control has not seen them."""
    executed = executed_of(built)
    code = next(cell for cell in executed["cells"] if cell["cell_type"] == "code")
    code["outputs"] = [
        {"output_type": "stream", "name": "stdout", "text": "Jane Roe, 1 Main St"},
        {"output_type": "execute_result", "execution_count": 1, "metadata": {},
         "data": {"text/html": "<b>Jane Roe</b>", "text/plain": "Jane Roe"}},
    ]  # fmt: skip
    assert "Jane Roe" not in printed(built, executed)


HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\u2028\"'&{{7*7}}"


def renamed(value, names, key=""):  # type: ignore[no-untyped-def]
    """The value with names replaced by hostile text everywhere but in finished drawings, which are checked SVG."""
    if isinstance(value, dict):
        return {name: renamed(item, names, name) for name, item in value.items()}
    if isinstance(value, list):
        return [renamed(item, names) for item in value]
    if isinstance(value, str) and not key.startswith("svg") and key != "source":
        for name in names:
            value = value.replace(name, HOSTILE)
    return value


def test_hostile_names_are_text(built: Project) -> None:
    names = ("City of Meridia, Department of Building", "one date in fifty is missing", "District 7",
             "blank dates are read as missing", "the median wait of applicants in the first year")  # fmt: skip
    result = printed(built, renamed(executed_of(built), names))
    tree = lxml_html.document_fromstring(result)
    assert tree.xpath("//img") == []
    assert tree.xpath("//@onerror") == []
    assert all("alert" not in (s.text or "") for s in tree.xpath("//script[not(@type)]"))
    findings = json.loads(tree.get_element_by_id("findings").text)
    assert HOSTILE in unpacked(findings["packed"][findings["columns"].index("denominator")])
    assert "alert(1)" in tree.get_element_by_id("dataset-permits").text_content()


def test_a_hostile_landing_page_stops_the_page(built: Project) -> None:
    text = json.dumps(executed_of(built)).replace("https://example.org/permits", "javascript:alert(1)")
    with pytest.raises(AnalysisError, match="javascript:alert"):
        printed(built, json.loads(text))


def test_json_inside_a_page_is_inert_and_whole() -> None:
    made = str(inert_json({"a": HOSTILE}))
    assert not set("<>&\u2028") & set(made)
    assert json.loads(made) == {"a": HOSTILE}
    with pytest.raises(ValueError, match="JSON"):
        inert_json({"a": float("nan")})


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        ("<p style='x'>", "content policy"),
        ("<p onclick='x'>", "content policy"),
        ("<script src='https://a.org/x.js'></script>", "would be fetched"),
        ("<link rel='stylesheet' href='x.css'>", "<link> is not allowed"),
        ("<a href='javascript:x'>a</a>", "may lead to"),
        ("<a href='#nowhere'>a</a>", "leads nowhere"),
        ("<a href='../../etc/passwd'>a</a>", "may lead to"),
        ("<p id='main'></p>", "stands 2 times"),
        ("<p aria-describedby='gone'></p>", "names nothing"),
        ("<img src='data:image/png;base64,AA'>", "no description"),
        ("<svg role='img'></svg>", "no description"),
        ("<table><tr><td>1</td></tr></table>", "no headings"),
        ("<h3>x</h3>", "below level 1"),
        ("<h1>x</h1>", "2 first-level"),
        ("<button></button>", "no name"),
        ("<iframe></iframe>", "not allowed"),
    ],
)
def test_the_audit_sees(broken: str, problem: str) -> None:
    page = f"<!doctype html><html lang='en'><body><main id='main'><h1>T</h1>{broken}</main></body></html>"
    assert any(problem in found for found in find_problems(page))
    with pytest.raises(AnalysisError, match="01_x: the page would break its own rules"):
        audit(page, "01_x")


def test_the_policy_of_nothing_admits_nothing() -> None:
    assert "script-src 'none'" in content_policy([], [])


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("## In short\n\nIt is {{ hled }}.", r"02_nothing, cell 3, line 3: no finding named 'hled'; did you mean held"),
        ("## In short\n\nIt is 7 files.", r"02_nothing, cell 3, line 3: '7.*' is typed"),
    ],
)
def test_prose_that_may_not_be_published_fails_and_the_last_page_stays(built: Project, cell: str, message: str) -> None:
    before = page_of(built, "02_nothing")
    cells = whitepaper.small_cells()
    cells[2] = ("markdown", cell, ("in-short",))
    write_notebook(built, "02_nothing", cells)
    outcomes = {o.name: o for o in build(built, "sample", planned(built, "sample"), jobs=1)}
    assert outcomes["02_nothing"].action == "failed"
    assert re.search(message, str(outcomes["02_nothing"].failure))
    assert page_of(built, "02_nothing") == before
    index = (built.reports("sample") / "index.html").read_text(encoding="utf-8")
    assert "The last build failed" in index


def test_a_notebook_without_a_title_cell_fails(built: Project) -> None:
    cells = whitepaper.small_cells()
    cells[0] = ("markdown", cells[0][1], ())
    write_notebook(built, "02_nothing", cells)
    outcomes = {o.name: o for o in build(built, "sample", planned(built, "sample"), jobs=1)}
    assert "must be tagged title" in str(outcomes["02_nothing"].failure)


def test_missed_limits_are_warnings_and_errors_only_when_strict(built: Project) -> None:
    shutil.rmtree(built.reports("sample"))
    only = [e for e in planned(built, "sample") if e.name == "02_nothing"]
    strict = build(built, "sample", only, jobs=1, strict=True)
    assert strict[0].action == "failed"
    assert "policy asks for at least 800" in str(strict[0].failure)
    assert "no part is tagged as “The decision”" in str(strict[0].failure)
    assert build(built, "sample", only, jobs=1)[0].action in {"built", "printed"}


def test_nbconvert_prints_the_same_page(built: Project) -> None:
    import nbformat
    from nbconvert.exporters import get_exporter

    node = nbformat.read(places(built, "sample", "01_permits").executed, as_version=4)
    html, resources = get_exporter("analysis.report.exporter.WhitepaperExporter")().from_notebook_node(node)
    assert html == page_of(built)
    assert resources["output_extension"] == ".html"
