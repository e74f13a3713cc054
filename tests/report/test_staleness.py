"""Exact staleness: what a run really used decides, by content, and each verdict says because of what."""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from analysis.project import Project
from analysis.report import fingerprint, staleness
from analysis.report.build import build, status
from analysis.report.cleaning import clean
from analysis.report.editions import planned
from analysis.report.execution import places
from analysis.report.fingerprint import Mark, python_meaning, yaml_meaning

from . import whitepaper
from .conftest import notebook_json, write_notebook, write_table


@pytest.fixture(scope="module")
def built_once(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Filled by the first test that builds; the others copy it."""
    return {"folder": tmp_path_factory.mktemp("built") / "reports"}


@pytest.fixture
def built(city: Project, built_once: dict[str, Path]) -> Project:
    """The miniature checkout with everything fresh."""
    kept = built_once["folder"]
    if kept.is_dir():
        shutil.copytree(kept, city.root / "reports")
    else:
        outcomes = build(city, "sample", planned(city, "sample"), jobs=2)
        assert [o.action for o in outcomes] == ["built", "built"], outcomes
        shutil.copytree(city.root / "reports", kept)
    assert words(city) == {"01_permits": "fresh", "02_nothing": "fresh"}
    return city


def words(project: Project) -> dict[str, str]:
    return {name: verdict.words for name, verdict in status(project, "sample").items()}


def test_a_touch_or_a_copy_makes_nothing_stale(built: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in built.root.rglob("*"):
        os.utime(path, (1, 1))
    assert set(words(built).values()) == {"fresh"}
    copy = Project(tmp_path / "elsewhere")
    shutil.copytree(built.root, copy.root)
    monkeypatch.setenv("ANALYSIS_ROOT", str(copy.root))
    assert set(words(copy).values()) == {"fresh"}
    outcomes = build(copy, "sample", planned(copy, "sample"))
    assert [o.action for o in outcomes] == ["fresh", "fresh"]


def test_one_changed_cell_of_a_table_makes_exactly_its_readers_stale(built: Project) -> None:
    write_table(built, "permits", whitepaper.PERMITS.replace("1,2010,", "1,2010,9", 1))
    assert words(built) == {"01_permits": "stale: table permits changed", "02_nothing": "fresh"}
    outcomes = {o.name: o.action for o in build(built, "sample", planned(built, "sample"), jobs=1)}
    assert outcomes == {"01_permits": "built", "02_nothing": "fresh"}
    assert set(words(built).values()) == {"fresh"}


def test_new_prose_is_printed_without_a_run(built: Project) -> None:
    cells = whitepaper.small_cells()
    cells[2] = ("markdown", "## In short\n\nAltogether {{ held }}.", ("in-short",))
    write_notebook(built, "02_nothing", cells)
    assert words(built)["02_nothing"] == "stale: the prose changed (needs printing only)"
    ran = places(built, "sample", "02_nothing").executed
    outcomes = {o.name: o.action for o in build(built, "sample", planned(built, "sample"), jobs=1)}
    assert outcomes == {"01_permits": "fresh", "02_nothing": "printed"}
    assert "Altogether" in places(built, "sample", "02_nothing").page.read_text(encoding="utf-8")
    assert "Altogether" in ran.read_text(encoding="utf-8")
    # Made again from nothing but the ledger, the same notebook gives the same bytes.
    page, executed = places(built, "sample", "02_nothing").page.read_bytes(), ran.read_bytes()
    only = [e for e in planned(built, "sample") if e.name == "02_nothing"]
    clean(built)
    assert not ran.exists()
    build(built, "sample", only, jobs=1)
    assert places(built, "sample", "02_nothing").page.read_bytes() == page
    assert ran.read_bytes() == executed
    # Without the ledger there is no edition to compare with, and that is all that differs.
    clean(built, history=True)
    build(built, "sample", only, jobs=1)
    assert b"Compared with the edition of" in page
    first = places(built, "sample", "02_nothing").page.read_bytes()
    assert b"This is the first edition of this page." in first
    assert without_changes(first) == without_changes(page)
    assert ran.read_bytes() == executed


def without_changes(page: bytes) -> bytes:
    """A page without its section on what changed, and the line that leads there."""
    text = re.sub(rb'<section class="part changes".*?</section>', b"", page, flags=re.DOTALL)
    return re.sub(rb'<li><a href="#section-changes">.*?</a></li>', b"", text)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda c: c[1].__setitem__("source", c[1]["source"] + "  # why"), "stale: the code cells changed"),
        (lambda c: c.insert(2, c[2] | {"cell_type": "markdown", "source": "More."}), "stale: the prose changed (needs"),
        (lambda c: c[1]["metadata"].update(collapsed=True), "fresh"),
        (lambda c: c[1].update(execution_count=7, outputs=[]), "fresh"),
    ],
)
def test_cells_count_by_source_and_tags(built: Project, change, expected: str) -> None:  # type: ignore[no-untyped-def]
    raw = notebook_json(whitepaper.small_cells())
    change(raw["cells"])
    path = built.notebooks / "02_nothing.ipynb"
    path.write_text(json.dumps(raw), encoding="utf-8")
    assert words(built)["02_nothing"].startswith(expected)


def test_settings_and_environment(built: Project) -> None:
    policy = built.catalog / "policy.yml"
    text = policy.read_text(encoding="utf-8")
    policy.write_text("# another remark\n" + text, encoding="utf-8")
    assert set(words(built).values()) == {"fresh"}
    policy.write_text(text.replace("minimum_count: 11", "minimum_count: 12"), encoding="utf-8")
    assert set(words(built).values()) == {"stale: policy.yml changed"}
    policy.write_text(text, encoding="utf-8")
    (built.root / "requirements.lock").write_text(
        "# by another tool\nnumpy==2.4.1 \\\n    --hash=x\n", encoding="utf-8"
    )
    assert set(words(built).values()) == {"fresh"}
    (built.root / "requirements.lock").write_text("numpy==2.4.2\n", encoding="utf-8")
    assert set(words(built).values()) == {"stale: the locked environment changed"}


def test_a_catalogue_entry_concerns_its_readers_only(built: Project) -> None:
    file = built.catalog / "building.yml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("cadence: daily", "cadence: weekly"), encoding="utf-8")
    assert words(built) == {
        "01_permits": "stale: the catalogue entry of permits changed",
        "02_nothing": "fresh",
    }
    file.write_text("# moved down a line\n" + text, encoding="utf-8")
    assert set(words(built).values()) == {"fresh"}


def test_a_changed_module_concerns_those_who_imported_it(built: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second notebook imports no method; a change of one is none of its business, and a docstring is no change."""
    rates = fingerprint.module_file("analysis.methods.rates")
    really = fingerprint.Now.content

    def edited(text: str) -> None:
        monkeypatch.setattr(
            fingerprint.Now, "content", lambda now, path: text.encode() if path == rates else really(now, path)
        )

    source = rates.read_text(encoding="utf-8")
    edited(source.replace('"""', '"""Edited. ', 1) + "\n# a remark at the end\n")
    assert set(words(built).values()) == {"fresh"}
    edited(source + "\nMORE = 1\n")
    assert words(built) == {"01_permits": "stale: analysis.methods.rates changed", "02_nothing": "fresh"}
    edited("\n\n" + source)
    assert words(built)["01_permits"] == "stale: the description or place of a method changed (needs printing only)"


def test_a_new_template_is_printed_without_a_run(built: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    style = fingerprint.PACKAGE / "report" / "templates" / "style.css"
    really = fingerprint.Now.content
    monkeypatch.setattr(fingerprint.Now, "content", lambda now, path: b"body{}" if path == style else really(now, path))
    assert {v.run for v in status(built, "sample").values()} == {()}
    assert all("template" in text for text in words(built).values())


def test_damage_to_what_lies_there_is_noticed(built: Project) -> None:
    place = places(built, "sample", "01_permits")
    page = place.page.read_bytes()
    place.page.write_bytes(page[:-100])
    assert words(built)["01_permits"].startswith("stale: the page is not the one that was printed")
    place.page.unlink()
    assert words(built)["01_permits"].startswith("stale: the page is not there")
    build(built, "sample", planned(built, "sample"), jobs=1)
    assert place.page.read_bytes() == page
    next((built.reports("sample") / "downloads").iterdir()).write_text("x", encoding="utf-8")
    assert "download" in words(built)["01_permits"]


def test_code_edited_during_a_run_leaves_the_report_stale(built: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    from analysis.report import build as building

    around = building.surroundings
    outdated = lambda project, now: replace(  # noqa: E731
        around(project, now), modules=around(project, now).modules | {"analysis.publish": "0"}
    )
    monkeypatch.setattr(building, "surroundings", outdated)
    shutil.rmtree(built.reports("sample"))
    build(built, "sample", [e for e in planned(built, "sample") if e.name == "02_nothing"], jobs=1)
    assert words(built)["02_nothing"] == "stale: code was edited while it ran"


def test_meaning_of_python() -> None:
    assert python_meaning('"""Doc."""\nx = 1') == python_meaning("x = (1)  # one")
    assert python_meaning("class A:\n    'Doc.'") == python_meaning("class A:\n    pass")
    assert python_meaning("x = 'Doc.'") != python_meaning("x = 'Doc'")
    assert python_meaning("def f():\n    return 'a'") != python_meaning("def f():\n    return 'b'")


def test_meaning_of_yaml() -> None:
    assert yaml_meaning("a: 1\nb: [x]") == yaml_meaning("# remark\nb:\n  - 'x'\na: 1")
    assert yaml_meaning("a: 1") != yaml_meaning("a: '1'")


def test_verdicts_name_a_module_that_is_gone(built: Project) -> None:
    judge = staleness.Judge(built, "sample")
    gone = "analysis.methods.gone"
    assert judge._changed([gone], fingerprint.module_file, {gone: Mark("a", "b")}) == [gone]


def test_a_notebook_that_asks_about_the_data_follows_everything_that_is_held(city: Project) -> None:
    """Raw editions nobody loads, entries of the catalogue, and which other notebook reads which table."""
    cells = whitepaper.small_cells()
    at = next(number for number, cell in enumerate(cells) if cell[0] == "code")
    cells[at:at] = [("code", "from analysis import refine", ())]
    write_notebook(city, "03_holdings", cells)
    wanted = [edition for edition in planned(city, "sample") if edition.name == "03_holdings"]
    assert [o.action for o in build(city, "sample", wanted, jobs=1)] == ["built"]
    assert words(city)["03_holdings"] == "fresh"

    other = write_notebook(city, "04_prices", [("code", 'load("prices")', ())])
    assert words(city)["03_holdings"] == "stale: the holdings changed (notebooks/04_prices)"
    other.unlink()
    manifest = city.raw("sample", "parks") / "manifest.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_text("{}", encoding="utf-8")
    assert words(city)["03_holdings"] == "stale: the holdings changed (data/raw/sample/parks/manifest.json)"
    manifest.unlink()
    entries = city.catalog / "building.yml"
    text = entries.read_text(encoding="utf-8")
    entry = text[text.index("  - id: ") :]
    name = entry.split("id: ")[1].split("\n")[0].strip()
    entries.write_text(text.rstrip("\n") + "\n" + entry.replace(name, "parks"), encoding="utf-8")
    assert words(city)["03_holdings"] == "stale: the catalogue has new entries (parks)"
