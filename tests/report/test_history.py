"""What changed since the edition before, and the archive: told by kind, never invented, the same bytes each time."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from pathlib import Path

import pytest
from lxml import html as lxml_html
from markupsafe import Markup

from analysis.project import Project
from analysis.report import archive, fingerprint, ledger, storage
from analysis.report.audit import audit
from analysis.report.build import build, status
from analysis.report.cleaning import clean
from analysis.report.editions import planned
from analysis.report.execution import places
from analysis.report.storage import digest

from .dying import Killed, killed_at
from .survey import NAME, Survey

FIRST = Survey()


@pytest.fixture
def town(bare: Project, root: Path) -> Project:
    """A checkout whose one whitepaper can be changed part by part."""
    shutil.copy(root / "data" / "catalog" / "style.yml", bare.catalog / "style.yml")
    return bare


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Set the day on which editions are made."""

    def day(number: int) -> None:
        monkeypatch.setenv("SOURCE_DATE_EPOCH", str(1588291200 + 86400 * number))

    return day


_kept: dict[str, Path] = {}


@pytest.fixture(autouse=True, scope="module")
def kept_for_later(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    """Where the first edition lies once it was made: most tests begin with it."""
    _kept["folder"] = tmp_path_factory.mktemp("first") / "reports"
    yield
    _kept.clear()


def first_edition(project: Project) -> str:
    """The page of the first survey, made on the first day; copied if a test made it before."""
    FIRST.put(project)
    if _kept["folder"].is_dir():
        shutil.copytree(_kept["folder"], project.root / "reports")
        assert {v.words for v in status(project, "sample").values()} == {"fresh"}
    else:
        made(project)
        shutil.copytree(project.root / "reports", _kept["folder"])
    return page(project).read_text(encoding="utf-8")


def made(project: Project, survey: Survey | None = None) -> str:
    """The page of a survey, built."""
    if survey is not None:
        survey.put(project)
    outcomes = build(project, "sample", planned(project, "sample"), jobs=1)
    assert [o.failure for o in outcomes] == [None] * len(outcomes)
    return page(project).read_text(encoding="utf-8")


def page(project: Project) -> Path:
    return places(project, "sample", NAME).page


def told(text: str) -> dict[str, str]:
    """What a page says of each kind of change, and the sentence above."""
    (section,) = lxml_html.document_fromstring(text).xpath("//section[contains(@class, 'changes')]")
    found = {"": said(section.xpath("./p")[0])}
    for row in section.xpath(".//dl[@class='record']/div"):
        found[row.findtext("dt")] = said(row.find("dd"))
    return found


def said(element) -> str:  # type: ignore[no-untyped-def]
    return " ".join(" ".join(element.itertext()).replace("\u00a0", " ").split())


def rows(text: str) -> list[list[str]]:
    """The findings that moved, as the page lists them."""
    table = lxml_html.document_fromstring(text).xpath("//table[contains(@class, 'moved')]/tbody/tr")
    return [[said(cell) for cell in row] for row in table]


def editions(project: Project) -> list[ledger.KnownEdition]:
    return ledger.editions(project.reports("sample") / "ledger.db")


def kept(project: Project) -> list[str]:
    return archive.files(project.reports("sample"))


NOTHING = {"New data", "Revised data", "Method or code", "Parameters", "Text"}


def test_a_first_edition_says_so_and_a_mere_rebuild_is_none(town: Project, at, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    text = first_edition(town)
    assert told(text) == {
        "": "This is the first edition of this page. There is none before it to compare with. All editions of this page"
    }
    at(1)
    made(town)
    assert page(town).read_text(encoding="utf-8") == text
    # Another template: other bytes, the same edition.
    style = fingerprint.PACKAGE / "report" / "templates" / "style.css"
    really = fingerprint.Now.content
    monkeypatch.setattr(fingerprint.Now, "content", lambda now, path: b"body{}" if path == style else really(now, path))
    from analysis.report import printing

    monkeypatch.setattr(printing, "style_sheet", lambda: "body{color:#111}")
    again = made(town)
    assert again != text
    assert told(again)[""].startswith("This is the first edition")
    assert [(one.number, one.made_at) for one in editions(town)] == [(1, "2020-05-01T00:00:00Z")]
    assert editions(town)[0].html == digest(again), "the ledger holds the edition as it was last printed"
    assert kept(town) == []
    assert not list((town.reports("sample") / "archive").glob(".*")), "what was set aside is settled"


@pytest.mark.parametrize(
    ("change", "expected", "moved"),
    [
        (
            {"rows": (*FIRST.rows, ("2020", 45.0)), "retrieved": "2020-06-01"},
            {
                "New data": "Permits of Meridia: retrieved 2020-06-01, 3 rows (before: 2020-05-01, 2 rows). "
                "Table waits: rows of 2020 were added (1).",
                "Findings": "Moved by the data alone; method, code and parameters are the same. "
                "1 moved within it; 1 without an interval has another value.",
            },
            [
                ["years", "2 years", "3 years", "exact value, changed"],
                ["wait", "42.0 days (39.0 to 45.0 days)", "43.0 days", "within the interval it had"],
            ],
        ),
        (
            {"rows": (("2018", 60.0), ("2019", 44.0)), "retrieved": "2020-06-01"},
            {
                "New data": "Permits of Meridia: retrieved 2020-06-01, 2 rows (before: 2020-05-01, 2 rows).",
                "Revised data": "Table waits: rows of 2018 were revised.",
                "Findings": "Moved by the data alone; method, code and parameters are the same. "
                "1 lies beyond the interval it had.",
            },
            [["wait", "42.0 days (39.0 to 45.0 days)", "52.0 days", "beyond the interval it had"]],
        ),
        (
            {"rows": (("2019", 44.0),)},
            {
                "New data": "Permits of Meridia: retrieved 2020-05-01, 1 rows (before: 2020-05-01, 2 rows).",
                "Revised data": "Table waits: rows of 2018 are gone.",
            },
            None,
        ),
        (
            {"method": "sorted(waits)[-1]"},
            {
                "Method or code": "Cell 4 of the notebook.",
                "Findings": "Moved by method, code or parameters alone; the data are the same. 1 moved within it.",
            },
            [["wait", "42.0 days (39.0 to 45.0 days)", "44.0 days", "within the interval it had"]],
        ),
        (
            {"scale": 2.0},
            {
                "Parameters": "scale: 2.0 (before: 1.0).",
                "Findings": "Moved by method, code or parameters alone; the data are the same. "
                "1 lies beyond the interval it had.",
            },
            [["wait", "42.0 days (39.0 to 45.0 days)", "84.0 days", "beyond the interval it had"]],
        ),
        (
            {"method": "sorted(waits)[-1]", "rows": (("2018", 90.0), ("2019", 44.0))},
            {
                "Method or code": "Cell 4 of the notebook.",
                "Revised data": "Table waits: rows of 2018 were revised.",
                "Findings": "Data and method both changed. The ledger cannot tell which of them moved a finding. "
                "1 lies beyond the interval it had.",
            },
            None,
        ),
        ({"words": "People wait {{ wait }}."}, {"Text": "The words of the page changed."}, []),
        (
            {"extra": "publish.finding('office', 'Aldea', unit='text', no_interval='a name')"},
            {"Method or code": "Cell 4 of the notebook.", "Findings": "New: office."},
            [],
        ),
        (
            {"rows": (("2018", 60.0), ("2019", 44.0)), "hashed": False},
            {
                "Revised data": "Table waits changed. Its rows carry no date, so added rows cannot be told from "
                "revised ones.",
            },
            None,
        ),
    ],
    ids=["new", "revised", "gone", "code", "parameter", "both", "words", "added", "undated"],
)
def test_each_kind_of_change_is_told_and_no_other(
    town: Project, at, change: dict, expected: dict[str, str], moved: list[list[str]] | None
) -> None:  # type: ignore[no-untyped-def]
    first_edition(town)
    at(3)
    text = made(town, FIRST.with_(**change))
    found = told(text)
    assert found[""] == "Compared with the edition of May 1, 2020. All editions of this page"
    for kind in NOTHING - set(expected) - ({"New data"} if "rows" in change else set()):
        assert found[kind] == "Nothing.", kind
    for kind, words in expected.items():
        assert found[kind] == words
    if moved is not None:
        assert rows(text) == moved
    at(5)
    made(town)
    assert page(town).read_text(encoding="utf-8") == text, "a build without a change changes no byte"
    assert [one.made_at[:10] for one in editions(town)] == ["2020-05-01", "2020-05-04"]
    assert {v.words for v in status(town, "sample").values()} == {"fresh"}


def test_without_an_archive_there_are_no_earlier_editions(town: Project, at, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    first_edition(town)
    at(1)
    second = made(town, FIRST.with_(scale=2.0))
    shutil.rmtree(town.reports("sample"))
    at(2)
    fresh = made(town)
    assert told(fresh)[""].startswith("This is the first edition")
    assert [one.number for one in editions(town)] == [1]
    assert kept(town) == []
    assert "Compared with" in second


def test_the_same_history_gives_the_same_bytes_wherever_it_lies(
    town: Project, at, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # type: ignore[no-untyped-def]
    found = []
    for folder in (town.root, tmp_path / "another" / "much longer name"):
        if folder != town.root:
            shutil.copytree(town.root, folder, ignore=shutil.ignore_patterns("reports"))
        project = Project(folder)
        monkeypatch.setenv("ANALYSIS_ROOT", str(folder))
        for day, survey in enumerate((FIRST, FIRST.with_(scale=2.0), FIRST)):
            at(day)
            made(project, survey)
        shared = [p for p in project.reports("sample").rglob("*") if p.suffix in {".html", ".csv", ".xml"}]
        found.append({p.relative_to(project.reports("sample")).as_posix(): p.read_bytes() for p in shared})
    assert sorted(found[0]) == sorted(found[1])
    assert [name for name in found[0] if found[0][name] != found[1][name]] == []
    assert len([name for name in found[0] if re.fullmatch(r"archive/[0-9a-f]{64}\.html", name)]) == 2


def test_what_is_said_again_after_something_else_is_a_new_edition(town: Project, at) -> None:  # type: ignore[no-untyped-def]
    first = first_edition(town)
    at(1)
    made(town, FIRST.with_(scale=2.0))
    at(2)
    third = made(town, FIRST)
    one, two, three = editions(town)
    assert one.content == three.content != two.content
    assert told(third)["Parameters"] == "scale: 1.0 (before: 2.0)."
    assert rows(third) == [["wait", "84.0 days (81.0 to 87.0 days)", "42.0 days", "beyond the interval it had"]]
    assert (three.archived, three.current) == (None, True)
    assert archive.as_published((town.reports("sample") / "archive" / one.archived.page).read_text()) == first


def test_a_lost_ledger_leaves_nothing_to_compare_with(town: Project, at) -> None:  # type: ignore[no-untyped-def]
    first_edition(town)
    made(town, FIRST.with_(scale=2.0))
    (town.reports("sample") / "ledger.db").unlink()
    verdict = status(town, "sample")[NAME]
    assert verdict.words == "stale: the edition it is compared with is another one (needs printing only)"
    assert told(made(town))[""].startswith("This is the first edition")
    assert status(town, "sample")[NAME].fresh


def test_what_an_older_ledger_did_not_record_is_said_to_be_unknown(town: Project, at) -> None:  # type: ignore[no-untyped-def]
    """A ledger as versions before this one wrote it: no cells, no settings, no contents."""
    first_edition(town)
    with sqlite3.connect(town.reports("sample") / "ledger.db") as connection:
        for column in (
            "content_sha256",
            "printed_at",
            "cells",
            "settings",
            "changes",
            "others",
            "archived",
        ):
            connection.execute(f"alter table editions drop column {column}")
        connection.execute("alter table datasets drop column title")
        connection.executescript("drop table tables; drop table holdings; pragma user_version = 0;")
    at(1)
    found = told(made(town, FIRST.with_(rows=(("2018", 60.0), ("2019", 44.0)))))
    assert "The ledger does not hold the earlier edition's code cells one by one." in found["Method or code"]
    assert found["Revised data"] == (
        "Table waits changed. The ledger holds nothing of its earlier rows by period, so added rows cannot be told "
        "from revised ones."
    )
    assert found["Findings"].startswith("The ledger does not tell what moved them.")
    assert status(town, "sample")[NAME].fresh


def test_the_archive_holds_earlier_editions_as_they_were(town: Project, at) -> None:  # type: ignore[no-untyped-def]
    first = first_edition(town)
    download = (town.reports("sample") / "downloads" / f"{NAME}_by_year.csv").read_bytes()
    at(1)
    made(town, FIRST.with_(rows=(*FIRST.rows, ("2020", 90.0))))
    one, two = editions(town)
    folder = town.reports("sample") / "archive"
    assert sorted(kept(town)) == sorted([one.archived.page, f"{digest(download)}.csv"])
    for file in kept(town):
        assert digest((folder / file).read_bytes()) == file.partition(".")[0], "the name is the hash of the content"
    archived = (folder / one.archived.page).read_text(encoding="utf-8")
    assert archive.as_published(archived) == first
    assert digest(first) == one.html
    assert (two.archived, two.current) == (None, True)
    audit(archived, "archived", within=True)
    tree = lxml_html.document_fromstring(archived)
    links = {link for link in tree.xpath("//a/@href") if not link.startswith(("#", "https:"))}
    assert links == {"../index.html", f"../{NAME}.html", f"../archive/index.html#of-{NAME}", f"{digest(download)}.csv"}
    for link in links:
        assert (folder / link.partition("#")[0]).resolve().is_file(), link
    notice = said(tree.xpath("//aside[contains(@class, 'earlier')]")[0])
    assert notice.startswith("Earlier edition. This page was replaced by a newer one. Read the page in place now.")
    assert notice.endswith(one.html)
    assert tree.xpath("//meta[@name='robots']/@content") == ["noindex"]


def test_the_list_of_editions_leads_to_each_and_says_what_changed(town: Project, at) -> None:  # type: ignore[no-untyped-def]
    first_edition(town)
    at(1)
    text = made(town, FIRST.with_(scale=2.0))
    link = lxml_html.document_fromstring(text).xpath("//section[contains(@class, 'changes')]//a/@href")[0]
    assert link == f"archive/index.html#of-{NAME}"
    tree = lxml_html.document_fromstring((town.reports("sample") / "archive" / "index.html").read_text("utf-8"))
    entries = [said(entry) for entry in tree.get_element_by_id(f"of-{NAME}").xpath(".//li")]
    assert entries[0].startswith(
        "May 2, 2020, 00:00 UTC in place now "
        "Since May 1, 2020: 1 finding moved beyond its interval; a parameter changed. "
    )
    assert entries[1].startswith("May 1, 2020, 00:00 UTC First edition. Applicants wait 42.0 days Read it as it was")
    index = lxml_html.document_fromstring((town.reports("sample") / "index.html").read_text("utf-8"))
    assert "Since May 1, 2020: 1 finding moved beyond its interval; a parameter changed" in said(index)


def test_a_page_changed_by_hand_is_not_kept_as_an_edition(town: Project, at) -> None:  # type: ignore[no-untyped-def]
    first_edition(town)
    page(town).write_bytes(page(town).read_bytes() + b"<!-- forged -->")
    made(town, FIRST.with_(scale=2.0))
    assert kept(town) == []
    assert "The page is no longer kept." in (town.reports("sample") / "archive" / "index.html").read_text("utf-8")


def test_the_oldest_are_let_go_and_their_findings_stay(town: Project, at) -> None:  # type: ignore[no-untyped-def]
    (town.catalog / "site.yml").write_text("archive: {whole: 2}\n", encoding="utf-8")
    for day in range(5):
        at(day)
        made(town, FIRST.with_(words=f"Applicants wait {{{{ wait }}}}.{' Indeed.' * day}"))
    assert [bool(one.archived) for one in editions(town)] == [False, False, True, True, False]
    pages = [file for file in kept(town) if file.endswith(".html")]
    assert sorted(pages) == sorted(one.archived.page for one in editions(town) if one.archived)
    assert len(kept(town)) == 3, "one download, which all of them share, stays for those that are kept"
    with sqlite3.connect(town.reports("sample") / "ledger.db") as connection:
        assert connection.execute("select count(*) from findings where name = 'wait'").fetchone() == (5,)


def test_cleaning_keeps_what_cannot_be_made_again(town: Project, at) -> None:  # type: ignore[no-untyped-def]
    first_edition(town)
    at(1)
    second = made(town, FIRST.with_(scale=2.0))
    before, listed = kept(town), (town.reports("sample") / "archive" / "index.html").read_bytes()
    clean(town)
    assert sorted(path.name for path in town.reports("sample").iterdir()) == ["archive", "ledger.db"]
    at(2)
    FIRST.with_(scale=2.0).put(town)
    assert made(town) == second
    assert kept(town) == before
    assert (town.reports("sample") / "archive" / "index.html").read_bytes() == listed
    clean(town, history=True)
    assert not town.reports("sample").exists()


def test_a_kill_at_any_write_loses_no_edition(town: Project, at, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    """The second edition replaces the first; wherever that stops, the next build ends where an undisturbed one does."""
    first_edition(town)
    before = {p.relative_to(town.root): p.read_bytes() for p in town.root.rglob("*") if p.is_file()}
    at(1)

    def everything() -> dict[str, bytes]:
        folder = town.reports("sample")
        shared = [p for p in folder.rglob("*") if p.is_file() and p.suffix in {".html", ".csv", ".xml"}]
        return {p.relative_to(folder).as_posix(): p.read_bytes() for p in shared}

    words = FIRST.with_(words="People wait {{ wait }}.")
    made(town, words)
    wanted = everything()
    moves: list[str] = []
    for limit in range(1, 30):
        for path in town.reports("sample").rglob("*"):
            if path.is_file():
                path.unlink()
        for path, content in before.items():
            if "reports" in path.parts:
                (town.root / path).parent.mkdir(parents=True, exist_ok=True)
                (town.root / path).write_bytes(content)
        words.put(town)
        try:
            with killed_at(monkeypatch, limit, moves):
                made(town)
            finished = True
        except Killed:
            finished = False
        made(town)
        assert everything() == wanted, moves
        assert [one.number for one in editions(town)] == [1, 2]
        if finished:
            break
    assert finished
    assert {"page.html", f"{NAME}.html", "ledger.db", "index.html"} <= set(moves)
    assert not list(town.reports("sample").rglob(f"*{storage.PARTIAL}"))


def test_a_page_set_aside_by_a_killed_build_is_settled_by_the_next(town: Project, at) -> None:  # type: ignore[no-untyped-def]
    first_edition(town)
    folder = town.reports("sample")
    summary = json.loads((folder / "executed" / f"{NAME}.page.json").read_text())
    archive.set_aside(folder, NAME, summary["html"], summary["downloads"])
    assert archive.waiting(folder) == [(NAME, summary["html"])]
    made(town)
    assert archive.waiting(folder) == []
    assert kept(town) == [], "it is in place: nothing replaced it"


def test_an_edition_is_kept_in_all_its_languages(tmp_path: Path) -> None:
    """The Spanish page of the edition goes with the English one; one that was changed by hand does not."""
    frame = '<!doctype html><html lang="{}"><head>\n<meta charset="utf-8">\n</head><body>\n<main id="main">{}</main>'
    pages = {"": frame.format("en", '<a href="01.es.html">Español</a>'), ".es": frame.format("es", "Hola")}
    for sound in (True, False):
        folder = tmp_path / str(sound)
        folder.mkdir()
        for ending, text in pages.items():
            (folder / f"01{ending}.html").write_text(text, encoding="utf-8")
        html, es = (digest(text) for text in pages.values())
        archive.set_aside(folder, "01", html, (), ("es",))
        editions = {("01", html): {"es": es if sound else "0" * 64}}
        (kept,) = archive.settle(folder, editions, lambda report, language, own: Markup(f"<p>{language} {own}</p>"))
        assert set(kept.others) == ({"es"} if sound else set())
        read = {language: (folder / "archive" / file).read_text() for language, file in kept.others.items()}
        assert all(archive.as_published(text) == pages[f".{language}"] for language, text in read.items())
        assert all(f"<p>{language} {es}</p>" in text for language, text in read.items())
        english = (folder / "archive" / kept.page).read_text(encoding="utf-8")
        assert archive.as_published(english) == pages[""]
        assert 'href="../01.es.html"' in english
        archive.forget(folder)
        assert archive.files(folder) == sorted(kept.files)
