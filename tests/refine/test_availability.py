"""Data that cannot be had everywhere: asked for in words, named when missing, and nothing else fails for them."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from analysis.catalog import load_catalog
from analysis.project import AnalysisError, Project
from analysis.provenance import asked, reset
from analysis.refine import available, load, missing_datasets
from analysis.refine.building import refine_tables
from analysis.report.execution import asks_refine
from analysis.report.groundwork import build_tables, fetch_live, stale_tables
from analysis.report.notebook import read_notebook
from analysis.sources import FetchFailures
from analysis.sources.manifest import Edition, NewPart, land
from refine_desk import Desk

REGISTER = ["businesses_active", "businesses_all"]


def put(project: Project, dataset: str, kind: str, suffix: str, content: bytes) -> None:
    edition = Edition(dataset, "live", kind, f"https://sample.invalid/{dataset}", "2026-01-01T00:00:00Z")
    land(project.raw("live", dataset), edition, [NewPart(suffix, content, edition.address, 1)])


def test_only_the_register_is_optional_and_says_why(desk: Desk) -> None:
    catalog = load_catalog(desk.project)
    assert [name for name in catalog if catalog[name].optional] == sorted(REGISTER, reverse=True)
    assert "nothing but the business register rests on it" in str(catalog["businesses_all"].optional_reason)


def test_what_was_not_fetched_is_not_available_and_load_names_it_with_the_command(
    desk: Desk, at: Callable[[Project, str], None]
) -> None:
    at(desk.project, "live")
    assert not available("business_spells")
    assert not available("business_years")
    assert set(REGISTER) < set(missing_datasets("business_years"))
    for dataset in set(missing_datasets("business_spells")) - set(REGISTER):
        put(desk.project, dataset, "arcgis", "geojson", b"{}")
    assert missing_datasets("business_spells") == REGISTER
    with pytest.raises(AnalysisError) as failure:
        load("business_spells")
    for words in (*REGISTER, "analysis data --only businesses_active,businesses_all", "analysis.refine.available"):
        assert words in str(failure.value)


def test_an_unknown_table_is_an_error_not_an_absence(desk: Desk) -> None:
    with pytest.raises(AnalysisError, match="there is no table 'busines_spells'"):
        available("busines_spells", desk.project, "live")


def test_an_answer_of_yes_once_everything_lies_there(desk: Desk) -> None:
    for dataset in missing_datasets("business_spells", desk.project, "live"):
        put(desk.project, dataset, "socrata", "json", b"[]")
    assert available("business_spells", desk.project, "live")


def test_asking_makes_the_answer_part_of_the_report_and_nothing_else(desk: Desk) -> None:
    """A fetch of the datasets asked for makes the report stale; a fetch of any other does not."""
    source = "from analysis.refine import available\n\nregister = available('business_spells')"
    cells = [{"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": source}]
    path = desk.project.notebooks / "03_business.ipynb"
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    assert not asks_refine(read_notebook(path))
    reset()
    assert not available("business_spells", desk.project, "live")
    answers = asked()
    assert {"businesses_all", "businesses_active"} <= set(answers)
    assert not answers["businesses_all"]
    put(desk.project, "businesses_all", "socrata", "json", b"[]")
    available("business_spells", desk.project, "live")
    assert asked()["businesses_all"]
    assert asked()["businesses_active"] is False


def test_a_build_of_everything_leaves_out_what_rests_on_it_and_says_so(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    content = b"Activity Date,Name,Address,City,Description\n07/08/2021,A CAFE,1 WAY,TOWN,RESTAURANT\n"
    put(desk.project, "covid_citations", "file", "csv", content)
    errors = build_tables(desk.project, "live")
    shown = capsys.readouterr().out
    assert "business_spells  not built: " in shown
    assert "businesses_all" in shown
    assert "business_citations  refined" in shown
    assert not any("business_years" in error or "business_spells" in error for error in errors)
    assert "business_spells" not in stale_tables(desk.project, "live")


def test_a_build_by_name_of_what_cannot_be_built_is_an_error(desk: Desk) -> None:
    with pytest.raises(AnalysisError, match="no data under data/raw/live"):
        refine_tables(desk.project, "live", ["business_spells"])


@pytest.mark.portal
def test_a_fetch_of_everything_goes_on_without_it_and_one_by_name_does_not(
    desk: Desk, portal: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ANALYSIS_MIRROR", portal)
    kept = (desk.project.catalog / "economy.yml").read_text(encoding="utf-8")
    for path in desk.project.catalog.glob("*.yml"):
        if path.name not in {"economy.yml", "cities.yml"} and path.read_text(encoding="utf-8").startswith("subject:"):
            path.unlink()
    assert "businesses_all" in kept
    fetch_live(desk.project, None, jobs=4)
    shown = capsys.readouterr().out
    for dataset in REGISTER:
        assert f"{dataset}  not fetched: " in shown
    assert "small_business_city  5,777 rows" in shown
    with pytest.raises(FetchFailures, match="1 of 1 datasets could not be fetched:\nbusinesses_all"):
        fetch_live(desk.project, ["businesses_all"], jobs=1)
