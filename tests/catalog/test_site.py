"""``site.yml``: what each notebook asks, and where the pages are served from; every mistake names file and line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from analysis.catalog.site import VARIABLE, Contact, load_site
from analysis.project import AnalysisError, Project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.delenv(VARIABLE, raising=False)
    made = Project(tmp_path)
    made.catalog.mkdir(parents=True)
    return made


def test_every_whitepaper_asks_its_question_in_each_of_its_languages(root: Path) -> None:
    asked = load_site(Project(root), "live").questions
    for path in sorted((root / "notebooks").glob("*.ipynb")):
        tags = {tag for cell in json.loads(path.read_text())["cells"] for tag in cell["metadata"].get("tags", ())}
        languages = {"en", *({"es"} if "lang-es" in tags else ())}
        assert set(asked.get(path.stem, ())) == languages, f"data/catalog/site.yml, questions: {path.stem}"
        assert all(question.endswith("?") for question in asked[path.stem].values())


def test_settings_are_read(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_site(project, "live").address == ""
    text = """questions: {05_waits: {en: How long?, es: ¿Cuánto?}}
licenses: {CC0: https://example.org/cc0}
live: {address: 'https://data.example.gov/papers', contact: {name: Office, email: data@example.gov}}
"""
    (project.catalog / "site.yml").write_text(text, encoding="utf-8")
    site = load_site(project, "live")
    assert site.address == "https://data.example.gov/papers/"
    assert site.contact == Contact("Office", "data@example.gov")
    assert site.questions == {"05_waits": {"en": "How long?", "es": "¿Cuánto?"}}
    assert site.licenses == {"CC0": "https://example.org/cc0"}
    assert load_site(project, "sample").address == ""
    monkeypatch.setenv(VARIABLE, "https://preview.example.gov")
    assert load_site(project, "live").address == "https://preview.example.gov/"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("adress: x", r"site.yml:1: .*unknown key 'adress'"),
        ("questions:\n  05_waits: {english: Who?}", r"site.yml:2: .*05_waits: 'english' is no language"),
        ("questions:\n  05_waits: Who?", r"site.yml:2: .*must be a mapping"),
        ("licenses:\n  MIT: javascript:alert(1)", r"site.yml:2: .*bad MIT"),
        ("live:\n  address: javascript:alert(1)", r"site.yml:2: .*is no address of a site"),
        ("live:\n  contact: {name: Office, email: nobody}", r"site.yml:2: .*bad email"),
    ],
)
def test_a_mistake_names_its_line(project: Project, text: str, message: str) -> None:
    (project.catalog / "site.yml").write_text(text, encoding="utf-8")
    with pytest.raises(AnalysisError, match=message):
        load_site(project, "live")
