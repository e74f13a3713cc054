"""The file of editions is read strictly: every complaint names the file, the line and the way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.catalog.editions import load_issues
from analysis.project import AnalysisError, Project


def read(folder: Path, text: str):  # type: ignore[no-untyped-def]
    project = Project(folder)
    project.catalog.mkdir(parents=True, exist_ok=True)
    (project.catalog / "editions.yml").write_text(text, encoding="utf-8")
    return load_issues(project)


def test_an_issue_says_what_it_asks_for_and_where_it_stands(tmp_path: Path) -> None:
    text = """\
01_permits:
  - areas: [city, council_districts]
    cut: brief
    sources: [live]
  - scenarios:
      strict: {share: 0.1, years: [2000, 2018]}
    sweep: {draws: [10, 20], weights: [equal, "no"]}
"""
    first, second = read(tmp_path, text)
    assert (first.notebook, first.areas, first.cut, first.sources) == (
        "01_permits", ("city", "council_districts"), "brief", ("live",),
    )  # fmt: skip
    assert (first.defined_at, first.at("areas")) == ("editions.yml:2", "editions.yml:2")
    assert second.scenarios == {"strict": {"share": 0.1, "years": [2000, 2018]}}
    assert second.sweep == {"draws": (10, 20), "weights": ("equal", "no")}
    assert (second.cut, second.sources, second.at("scenarios.strict")) == (
        "whole",
        ("sample", "live"),
        "editions.yml:6",
    )


def test_no_file_asks_for_nothing(tmp_path: Path) -> None:
    assert load_issues(Project(tmp_path)) == ()


@pytest.mark.parametrize(
    ("issue", "message"),
    [
        ("{area: [city]}", r"editions.yml:1: 01_a, issue 1: unknown key 'area'; allowed are areas, scenarios"),
        ("{areas: city}", r"editions.yml:1: .*areas must be a list"),
        ("{areas: []}", r"areas is empty: name at least one, or leave the key out"),
        ("{areas: [cd-01, cd-01]}", r"names 'cd-01' twice"),
        ("{areas: [1]}", r"put it in quotes"),
        ("{cut: short}", r"cut 'short' is not one of whole, brief"),
        ("{sources: [real]}", r"sources 'real' is not one of sample, live"),
        ("{sweep: {share: 0.1}}", r"share must be a list of the values"),
        ("{sweep: {share: []}}", r"share must be a list of the values"),
        ("{sweep: {day: [2020-01-01]}}", r"put a date or a blank in quotes"),
        ("{scenarios: {a: {day: }}}", r"put a date or a blank in quotes"),
        ("{scenarios: {a: 3}}", r"a must be a mapping"),
        ("{scenarios: {a: {x: 1}, a: {x: 2}}}", r"'a' stands twice"),
        ("{scenarios: {a: {x: 1}}, sweep: {x: [1, 2]}}", r"scenario a and sweep both set x: keep one"),
        ("{areas: [city], sweep: {area: [cd-01]}}", r"areas and sweep both set area"),
        ("3", r"must be a mapping"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(tmp_path: Path, issue: str, message: str) -> None:
    with pytest.raises(AnalysisError, match=message):
        read(tmp_path, f"01_a: [{issue}]")


def test_a_notebook_that_stands_twice_is_named(tmp_path: Path) -> None:
    with pytest.raises(AnalysisError, match=r"editions.yml:2: editions: '01_a' stands twice \(first on line 1\)"):
        read(tmp_path, "01_a: [{cut: brief}]\n01_a: [{cut: whole}]\n")


def test_the_own_file_is_readable(root: Path) -> None:
    assert load_issues(Project(root))
