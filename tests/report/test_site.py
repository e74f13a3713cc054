"""The portfolio and its machine-readable sides: what they say is recorded, leads to its place, and is inert."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree
from lxml import html as lxml_html

from analysis.catalog import City, city
from analysis.catalog.site import Contact, Site, load_site
from analysis.project import Project
from analysis.publish import prose
from analysis.publish.findings import Finding
from analysis.publish.wording import said, speaking
from analysis.report.build import build
from analysis.report.cards import Card, Origin, card
from analysis.report.changes import Changes
from analysis.report.dcat import MOST_OF_RIGHTS, Shelf, catalogue
from analysis.report.editions import planned
from analysis.report.execution import places
from analysis.report.feed import MOST, atom
from analysis.report.ledger import KnownEdition, editions, offered_since
from analysis.report.portfolio import Listed
from analysis.report.printing import print_portfolio
from analysis.report.quoted import lead, passages
from analysis.report.search_index import search_index
from analysis.report.sitemap import sitemap
from analysis.report.summary import Lead, Length, Offer, Passage, Summary, Told, read_summary

ATOM = {"a": "http://www.w3.org/2005/Atom"}
HOSTILE = "</script><script>alert(1)</script> javascript:alert(2) \"'&<![CDATA[\x00\x0b]]>\u2028{{7*7}}"
ADDRESS = "https://data.meridia.invalid/papers/"
CONTACT = Contact("Open Data Office", "data@meridia.invalid")


@pytest.fixture
def meridia(root: Path) -> City:
    return city(Project(root), "sample")


def summary(**changed: object) -> Summary:
    """One printed page about waits."""
    permits = {"id": "permits", "title": "Permits", "licence": "CC0 1.0", "landing_page": "https://example.org/permits"}
    use = {"table": "waits", "sha256": "ab" * 32, "rows": 3, "period": "2010 to 2014–18", "datasets": [permits]}
    made = Summary(
        name="05_waits", notebook="05_waits", cut="whole", whole="", html="aa", executed="", prose="", printer={},
        settings={}, methods={}, version="", title="Applicants wait 42 days", standfirst="For whoever decides.",
        subject="Waits", place="Meridia", varied={}, parameters={}, data_through="2019", quality="B", quality_reason="",
        length=Length(900, 4, 9.0), lead=Lead("wait", "42 days", "95 percent interval: 39 to 45 days", "They wait."),
        passages=(Passage("wait", "Applicants of Peñón wait 42 days."), Passage("fees", "fees", "no data")),
        findings=(), loads=(use,), downloads={"05_waits_by_year.csv": "cc"},
        offers={"05_waits_by_year.csv": Offer("Waits by year", "one row a year", 3, ("waits",))}, content="c1",
        since="", changes={}, cells=(), by_period={},
        others={"es": Told("bb", "Se espera 42 días", "Para quien decide.", "Esperas", "Meridia", "2019",
                           Length(900, 4, 60.0), Lead("wait", "42 días", "", "Se espera."),
                           (Passage("wait", "En Peñón se espera 42 días."),))},
    )  # fmt: skip
    return replace(made, **changed)  # type: ignore[arg-type]


def edition(number: int, day: int, **changed: object) -> KnownEdition:
    made = KnownEdition(
        report="05_waits", notebook="05_waits", number=number, made_at=f"2020-05-{day:02d}T00:00:00Z",
        title=f"Applicants wait {40 + number} days", standfirst="", place="Meridia", content=f"c{number}", html="aa",
        changes={"since": ""}, others={"es": {"html": "bb", "title": f"Se espera {40 + number} días"}}, archived=None,
        current=False, edition=number,
    )  # fmt: skip
    return replace(made, **changed)  # type: ignore[arg-type]


def listed(page: Summary, *known: KnownEdition, **changed: object) -> Listed:
    made = Listed(
        name=page.name, number="05", subject="Waits", cut="whole", place="city", choice="", state="fresh", why="",
        summary=page, last_good="", editions=known, questions={"en": "How long?", "es": "¿Cuánto?"},
    )  # fmt: skip
    return replace(made, **changed)  # type: ignore[arg-type]


def index(page: Listed, where: City, language: str = "en") -> lxml_html.HtmlElement:
    groups = [("City-wide", [page], True)]
    with speaking(language):
        html = print_portfolio(
            language, ("en", "es"), city=where, groups=groups, papers=1, findings=2, datasets=1, places=0, mapped=False,
            search=search_index([page], language),
        )  # fmt: skip
    return lxml_html.document_fromstring(html)


def text_of(element: lxml_html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


# What a page says of its findings


@pytest.fixture
def found(made, root: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Finding]:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("ANALYSIS_ROOT", str(root))
    return {
        "area": made("area", "Meridia", unit="text", no_interval="a name", change=False),
        "held": made("held", 88, unit="count", noun="dataset", no_interval="counted", change=False),
        "rent": made("rent", 39.2, interval=(35.0, 43.0)),
        "secret": made("secret", None, status="suppressed"),
        "loose": made("loose", 7, unit="days", no_interval="counted", change=False, denominator="calls"),
    }


@pytest.fixture
def made():  # type: ignore[no-untyped-def]
    def make(name: str, value: object, **fields: object) -> Finding:
        return Finding(name=name, value=value, **{"unit": "percent", "change": True, "level": 0.95} | fields)  # type: ignore[arg-type]

    return make


def quoted(found: dict[str, Finding], title: str, *short: str) -> tuple[tuple[prose.Quote, ...], dict[int, set[str]]]:
    cells = [prose.Cell(1, title, ("title",)), *(prose.Cell(n, t, ("in-short",)) for n, t in enumerate(short, 2))]
    figures = {"rents": 1}
    context = prose.Context("05_waits", found, figures, {}, {})
    return prose.quotes(cells, context), {cell.number: set(cell.tags) for cell in cells}


def test_a_page_leads_with_the_number_that_title_and_summary_share(found: dict[str, Finding]) -> None:
    short = 'In {{ area }} rents {{ rent | moved(span=True) }} ({{ fig("rents") }}). We hold {{ held }}.'
    by_title = lead(*quoted(found, "# {{ area }} holds {{ held }}", short), found)
    assert by_title == Lead("held", "88\xa0datasets", "No interval: counted", "We hold 88\xa0datasets.")
    measured = lead(*quoted(found, "# On {{ area }}", short), found)
    assert measured == Lead(
        "rent",
        "+39\xa0percent",
        "95 percent interval: 35 to 43\xa0percent",
        "In Meridia rents rose 39\xa0percent (35 to 43\xa0percent).",
    )
    counted = lead(*quoted(found, "# On {{ area }}", "We hold {{ held }}."), found)
    assert counted is not None
    assert counted.finding == "held"
    assert lead(*quoted(found, "# On {{ area }}", "In {{ area }}, {{ secret }}."), found) is None


def test_pointers_leave_no_trace_in_a_sentence(found: dict[str, Finding]) -> None:
    quotes, _ = quoted(found, "# {{ held }}", 'It {{ rent | moved }} (by {{ held }}; {{ fig("rents") }}). So {{ held }}'
                       ' ({{ fig("rents") }}, {{ fig("rents") }}) in {{ fig("rents") }}.')  # fmt: skip
    assert [quote.text for quote in quotes[1:]] == [
        "It rose 39\xa0percent (by 88\xa0datasets).",
        "So 88\xa0datasets in Figure\xa01.",
    ]


def test_every_finding_is_found_once_and_a_suppressed_one_without_a_number(found: dict[str, Finding]) -> None:
    cards = [card_of(one) for one in found.values()]
    quotes, tags = quoted(found, "# {{ held }}", "{{ area }} saw rents {{ rent | moved }}. Yes, {{ rent | moved }}.",
                          "Of {{ held }}, {{ secret }}.")  # fmt: skip
    assert passages(quotes, tags, cards) == (
        Passage("rent", "Meridia saw rents rose 39\xa0percent."),
        Passage("held", "Of 88\xa0datasets, suppressed to protect people."),
        Passage("loose", "calls", "7\xa0days"),
    )
    alone = passages((), {}, [card_of(found["secret"])])
    assert alone == (Passage("secret", "secret", said("status", "suppressed")),)


def card_of(one: Finding) -> Card:
    return card(one, Origin("", "", "", "", None, {}, {}, {one.name: 1}))


# The index


def test_an_entry_says_question_finding_interval_and_leads_to_its_place(meridia: City) -> None:
    page = listed(summary(), edition(1, 1, current=True))
    tree = index(page, meridia)
    (entry,) = tree.xpath("//li[contains(@class, 'paper ')]")
    assert text_of(entry.xpath(".//p[@class='asks']")[0]) == "How long?"
    (value,) = entry.xpath(".//p[@class='value']")
    assert text_of(value) == "42 days 95 percent interval: 39 to 45 days"
    assert value.xpath("./a/@href") == ["05_waits.html#said_wait"]
    assert "First edition" in text_of(entry)
    assert tree.xpath("//link[@type='application/atom+xml']/@href") == ["feed.xml"]
    spanish = index(page, meridia, "es")
    assert text_of(spanish.xpath("//p[@class='asks']")[0]) == "¿Cuánto?"
    assert spanish.xpath("//p[@class='value']/a/@href") == ["05_waits.es.html#said_wait"]
    assert spanish.xpath("//link[@type='application/atom+xml']/@href") == ["feed.es.xml"]


def test_search_holds_titles_and_passages_and_without_a_script_all_is_there(meridia: City) -> None:
    page = listed(summary())
    held = json.loads(index(page, meridia).get_element_by_id("search").text)
    assert held["pages"][0]["title"] == "Applicants wait 42 days"
    assert held["passages"] == [[0, "wait", "Applicants of Peñón wait 42 days."], [0, "fees", "fees", "no data"]]
    english_only = listed(replace(page.summary, others={}))  # type: ignore[type-var]
    held = json.loads(index(english_only, meridia, "es").get_element_by_id("search").text)
    assert (held["pages"][0]["href"], held["pages"][0]["lang"]) == ("05_waits.html", "en")
    of_district = search_index([page, listed(summary(), place="cd-01")], "en")
    assert ([one["title"] for one in of_district["pages"]], len(of_district["passages"])) == (2 * [summary().title], 2)
    tree = index(page, meridia)
    assert tree.xpath("//div[@role='search']/@hidden") == [""]
    assert tree.xpath("//div[@class='portfolio-list']/@hidden") == []


def test_hostile_words_are_inert_in_the_index(meridia: City) -> None:
    page = summary(
        title=HOSTILE.replace("\x00", "").replace("\x0b", ""),
        lead=Lead("wait", HOSTILE, HOSTILE, HOSTILE),
        passages=(Passage("wait", HOSTILE, HOSTILE),),
    )
    tree = index(listed(page, questions={"en": HOSTILE}), meridia)
    assert all("alert" not in (script.text or "") for script in tree.xpath("//script[not(@type)]"))
    assert all(script.get("type") == "application/json" for script in tree.xpath("//script[@type]"))
    assert [link for link in tree.xpath("//@href") if "javascript" in link] == []
    held = json.loads(tree.get_element_by_id("search").text)
    assert held["passages"] == [[0, "wait", HOSTILE, HOSTILE]]


# The feed


def feed(known: list[KnownEdition], where: City, language: str = "en", address: str = "") -> etree._Element:
    with speaking(language):
        text = atom(known, source="sample", city="Meridia", where=where, address=address)
    return etree.fromstring(text.encode())


def test_the_feed_is_valid_atom_with_names_that_stay(meridia: City) -> None:
    changes = Changes(since="2020-05-01T00:00:00Z", prose=True).to_json()
    known = [edition(1, 1), edition(2, 3, current=True, changes=changes)]
    tree = feed(known, meridia)
    # RFC 4287, 4.1.1 and 4.1.2: what a feed and each entry must have, once.
    for tag in ("id", "title", "updated"):
        assert len(tree.findall(f"a:{tag}", ATOM)) == 1
        assert all(len(entry.findall(f"a:{tag}", ATOM)) == 1 for entry in tree.findall("a:entry", ATOM))
    assert tree.findtext("a:author/a:name", namespaces=ATOM) == "Meridia whitepapers"
    assert tree.findtext("a:updated", namespaces=ATOM) == "2020-05-03T00:00:00Z"
    titles = tree.xpath("a:entry/a:title/text()", namespaces=ATOM)
    assert titles == ["Applicants wait 42 days", "Applicants wait 41 days"]
    assert tree.xpath("a:entry/a:summary/text()", namespaces=ATOM) == [
        "Since May\xa01, 2020: the text changed.",
        "First edition.",
    ]
    assert tree.xpath("a:entry/a:link/@href", namespaces=ATOM) == ["05_waits.html", "archive/index.html#of-05_waits"]
    names = tree.xpath("//a:id/text()", namespaces=ATOM)
    assert len(set(names)) == 3
    assert all(re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", name) for name in names)
    served = feed([known[1], known[0]], meridia, address=ADDRESS)
    assert served.xpath("//a:id/text()", namespaces=ATOM) == names, "an address renames nothing"
    assert served.xpath("a:link[@rel='self']/@href", namespaces=ATOM) == [f"{ADDRESS}feed.xml"]
    assert set(feed(known, meridia, "es").xpath("//a:id/text()", namespaces=ATOM)).isdisjoint(names)


def test_a_spanish_feed_says_so_where_a_title_is_english(meridia: City) -> None:
    tree = feed([edition(1, 1), edition(2, 2, others={})], meridia, "es")
    lang = "{http://www.w3.org/XML/1998/namespace}lang"
    titles = [(title.text, title.get(lang)) for title in tree.findall("a:entry/a:title", ATOM)]
    assert titles == [("Applicants wait 42 days", "en"), ("Se espera 41 días", None)]
    assert tree.get(lang) == "es"


def test_hostile_titles_leave_a_feed_well_formed_and_the_newest_are_kept(meridia: City) -> None:
    known = [edition(number, 1 + number % 28, title=HOSTILE) for number in range(1, MOST + 20)]
    tree = feed(known, meridia)
    assert len(tree.findall("a:entry", ATOM)) == MOST
    title = tree.findtext("a:entry/a:title", namespaces=ATOM)
    assert title == HOSTILE.replace("\x00", "\ufffd").replace("\x0b", "\ufffd")
    assert {element.tag.partition("}")[2] for element in tree.iter()} <= {
        "feed", "id", "title", "subtitle", "updated", "link", "author", "name", "generator", "entry", "category",
        "summary",
    }  # fmt: skip
    moments = tree.xpath("a:entry/a:updated/text()", namespaces=ATOM)
    assert moments == sorted(moments, reverse=True)


# The catalogue of tables

# DCAT-US Schema 1.1 (Project Open Data Metadata Schema), "Required" for publishers outside the federal government:
# https://resources.data.gov/resources/dcat-us/ ; bureauCode and programCode are for federal agencies alone.
REQUIRED = {"title": str, "description": str, "keyword": list, "modified": str, "publisher": dict, "contactPoint": dict,
            "identifier": str, "accessLevel": str}  # fmt: skip
REQUIRED_OF_CATALOGUE = {"conformsTo": str, "dataset": list}


def check(known: dict) -> None:
    """What DCAT-US 1.1 requires of a catalogue, of its datasets and of what is in them."""
    assert {name: type(known.get(name)) for name in REQUIRED_OF_CATALOGUE} == REQUIRED_OF_CATALOGUE
    assert known["conformsTo"] == "https://project-open-data.cio.gov/v1.1/schema"
    for one in known["dataset"]:
        assert {name: type(one.get(name)) for name in REQUIRED} == REQUIRED
        assert all(one[name] for name in REQUIRED)
        assert all(isinstance(word, str) and word for word in one["keyword"])
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", one["modified"])
        assert one["publisher"]["name"]
        assert one["contactPoint"]["fn"]
        assert re.fullmatch(r"mailto:[^@\s]+@[^@\s]+", one["contactPoint"]["hasEmail"])
        assert one["accessLevel"] in {"public", "restricted public", "non-public"}
        assert 1 <= len(one.get("rights", "x")) <= 255
        assert re.fullmatch(r"https?://\S+", one.get("license", "http://x"))
        assert re.fullmatch(r"\d{4}-\d\d-\d\d/\d{4}-\d\d-\d\d", one.get("temporal", "2000-01-01/2000-01-01"))
        assert all(re.fullmatch(r"https?://\S+", page) for page in one.get("references", []))
        for file in one["distribution"]:
            assert file["downloadURL"].startswith("https://")
            assert file["mediaType"] == "text/csv"
    assert len({one["identifier"] for one in known["dataset"]}) == len(known["dataset"])


def offered(page: Summary, where: City, **settings: object) -> dict:
    shelf = Shelf(page, "Waits", dict.fromkeys(page.offers, "2020-05-03T00:00:00Z"))
    return catalogue([shelf], source="sample", where=where, site=Site(**settings))  # type: ignore[arg-type]


def test_the_catalogue_has_what_dcat_us_requires(meridia: City) -> None:
    cc0 = "https://creativecommons.org/publicdomain/zero/1.0/"
    known = offered(summary(), meridia, address=ADDRESS, contact=CONTACT, licenses={"CC0 1.0": cc0})
    check(known)
    (one,) = known["dataset"]
    assert one["title"] == "Waits by year (Meridia)"
    assert one["description"] == "Invented data. one row a year"
    assert (one["license"], one["temporal"]) == (cc0, "2010-01-01/2018-12-31")
    assert one["spatial"] == "Meridia, Meridia Territory"
    assert one["distribution"][0]["downloadURL"] == f"{ADDRESS}downloads/05_waits_by_year.csv"


def test_what_is_not_known_is_left_out_and_nothing_is_claimed(meridia: City) -> None:
    for settings in ({}, {"contact": CONTACT}, {"address": ADDRESS}):
        known = offered(summary(), meridia, **settings)
        assert "conformsTo" not in known
        (one,) = known["dataset"]
        assert ("contactPoint" in one) == ("contact" in settings)
        assert one["distribution"][0]["downloadURL"] == f"{settings.get('address', '')}downloads/05_waits_by_year.csv"
        assert "license" not in one, "no address of it is known"
        assert one["rights"] == "Licenses of the data it was made of: CC0 1.0"


def test_hostile_words_leave_the_catalogue_within_its_schema(meridia: City) -> None:
    page = summary()
    use = {**page.loads[0], "datasets": [{"id": "permits", "title": HOSTILE, "licence": 90 * HOSTILE,
                                          "landing_page": "javascript:alert(1)"}]}  # fmt: skip
    offers = {"05_waits_by_year.csv": Offer(HOSTILE, HOSTILE, 3, ("waits",))}
    known = offered(replace(page, loads=(use,), offers=offers), meridia, address=ADDRESS, contact=CONTACT)
    check(json.loads(json.dumps(known)))
    assert known["dataset"][0]["title"] == f"{HOSTILE} (Meridia)"
    assert len(known["dataset"][0]["rights"]) == MOST_OF_RIGHTS


def test_the_site_map_is_well_formed() -> None:
    tree = etree.fromstring(sitemap(ADDRESS, {"index.html": "2020-05-01T00:00:00Z", "a&b.html": ""}).encode())
    space = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
    assert tree.xpath("//s:loc/text()", namespaces=space) == [f"{ADDRESS}index.html", f"{ADDRESS}a&b.html"]
    assert tree.xpath("//s:lastmod/text()", namespaces=space) == ["2020-05-01T00:00:00Z"]


# All of it, built


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the built reports are kept between tests of this module."""
    return tmp_path_factory.mktemp("site") / "reports"


@pytest.fixture
def built(city: Project, kept: Path) -> Project:
    """The miniature checkout, built."""
    if kept.is_dir():
        shutil.copytree(kept, city.root / "reports")
    else:
        make(city)
        shutil.copytree(city.root / "reports", kept)
    return city


def make(project: Project) -> None:
    outcomes = build(project, "sample", planned(project, "sample"), jobs=1)
    assert [o.failure for o in outcomes] == [None, None]


def sides(project: Project) -> dict[str, bytes]:
    """The index and its sides, with when they were written."""
    return {
        path.name: path.read_bytes()
        for path in project.reports("sample").iterdir()
        if path.suffix in {".html", ".xml", ".json"} and not path.name.startswith(".")
    }


def test_every_finding_has_one_place_and_search_leads_to_it(built: Project) -> None:
    for name in ("01_permits", "02_nothing"):
        tree = lxml_html.document_fromstring(places(built, "sample", name).page.read_text(encoding="utf-8"))
        stored = read_summary(places(built, "sample", name).summary)
        assert stored is not None
        found = [str(one["name"]) for one in stored.findings]
        assert sorted(tree.xpath("//@id[starts-with(., 'said_')]")) == sorted(f"said_{one}" for one in found)
        for passage in stored.passages:
            number = tree.get_element_by_id(f"said_{passage.finding}")
            around = number.xpath("ancestor-or-self::*[self::p or self::tr or self::li][1]")[0]
            shown = passage.value.partition(" (")[0] or passage.text
            assert shown in _plain(around), "the place is where the sentence stands"
    stored = read_summary(places(built, "sample", "01_permits").summary)
    assert stored is not None
    assert stored.lead is not None
    assert stored.lead.finding == "wait_change"
    index_page = (built.reports("sample") / "index.html").read_text(encoding="utf-8")
    assert 'href="01_permits.html#said_wait_change"' in index_page


def _plain(element: lxml_html.HtmlElement) -> str:
    """The text of an element as the index says it, without its pointers."""
    text = re.sub(r"[ \n]+", " ", element.text_content())
    return re.sub(r" \((?:Figure|Table)\xa0\d\)", "", text)


def test_a_build_with_nothing_new_changes_no_byte(built: Project) -> None:
    before = sides(built)
    assert {"index.html", "feed.xml", "data.json"} <= set(before)
    make(built)
    assert sides(built) == before


def test_an_address_makes_a_site_map_and_its_loss_takes_it_away(built: Project) -> None:
    before = sides(built)
    assert "sitemap.xml" not in before
    settings = f"sample: {{address: '{ADDRESS}', contact: {{name: Office, email: data@meridia.invalid}}}}\n"
    (built.catalog / "site.yml").write_text(settings, encoding="utf-8")
    make(built)
    after = sides(built)
    assert after["01_permits.html"] == before["01_permits.html"], "no page depends on where it is served from"
    assert f"<loc>{ADDRESS}01_permits.html</loc>".encode() in after["sitemap.xml"]
    check(json.loads(after["data.json"]))
    assert load_site(built, "sample").contact == Contact("Office", "data@meridia.invalid")
    (built.catalog / "site.yml").unlink()
    make(built)
    assert sides(built) == before


def test_a_table_keeps_its_day_until_it_changes(built: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = built.reports("sample") / "ledger.db"
    assert offered_since(ledger) == {"01_permits_waits.csv": "2020-05-01T00:00:00Z"}
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(1588291200 + 86400))
    notebook = built.notebooks / "01_permits.ipynb"
    told = notebook.read_text(encoding="utf-8")
    notebook.write_text(told.replace("Every district's range", "The range of every district"), encoding="utf-8")
    make(built)
    assert len(editions(ledger)) == 3
    assert offered_since(ledger) == {"01_permits_waits.csv": "2020-05-01T00:00:00Z"}, "only the words changed"
