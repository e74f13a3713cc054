"""Which pages there are: asked for in a file, resolved against the areas a source has, each under a name of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.project import AnalysisError, Project
from analysis.report.areas import known_areas
from analysis.report.editions import _made, edition, issued, planned, withdrawn
from analysis.report.notebook import read_notebook
from analysis.report.parameters import Parameter
from analysis.report.storage import digest

CELLS = [
    ("code", 'area = "city"  # where\nshare = 0.2  # part\nweights = "equal"  # how', ("parameters",)),
    ("code", "print(area, share, weights)", ()),
]
DISTRICTS = {"cd-1": "District 1", "cd-01": "District 01", "cd-11": "District 11", "cd-12": "District 12"}
COUNCILS = {"nc-downtown": "Downtown", "nc-downtown-los-angeles": "Downtown Los Angeles", "nc-district-1": "District 1"}


def write_areas(project: Project, districts: dict[str, str], councils: dict[str, str], source: str = "sample") -> None:
    """The two tables of areas, as far as planning reads them."""
    folder = project.processed(source)
    folder.mkdir(parents=True, exist_ok=True)
    for table, names in {"council_districts": districts, "neighborhood_councils": councils}.items():
        pd.DataFrame({"area_id": list(names), "name": list(names.values())}).to_parquet(folder / f"{table}.parquet")
        sha256 = digest((folder / f"{table}.parquet").read_bytes())
        (folder / f"{table}.meta.json").write_text(json.dumps({"table": table, "sha256": sha256}))


@pytest.fixture
def asked(bare: Project, add: Callable[..., Path]) -> Callable[..., list[str]]:
    """Names of what is planned when ``editions.yml`` says this."""
    add("01_permits", CELLS)
    add("02_other", [("code", "3", ())])

    def plan(text: str, source: str = "sample", cut: str | None = None) -> list[str]:
        (bare.catalog / "editions.yml").write_text(text, encoding="utf-8")
        return [one.name for one in planned(bare, source, cut)]

    return plan


def test_kinds_mean_the_areas_of_the_source(bare: Project, asked: Callable[..., list[str]]) -> None:
    write_areas(bare, DISTRICTS, COUNCILS)
    write_areas(bare, {"cd-01": "District 1"}, {}, "live")
    text = "01_permits:\n  - areas: [city]\n  - areas: [council_districts, nc-downtown]\n    cut: brief\n"
    briefs = [f"01_permits--{key}--brief" for key in sorted([*DISTRICTS, "nc-downtown"])]
    assert asked(text) == ["01_permits", *briefs, "02_other"]
    assert asked(text, cut="brief") == briefs
    with pytest.raises(AnalysisError, match=r"editions.yml:3: 01_permits: there is no area 'nc-downtown'"):
        asked(text, "live")


def test_a_source_without_tables_of_areas_has_no_kinds_yet(asked: Callable[..., list[str]]) -> None:
    assert asked("01_permits: [{areas: [city, council_districts]}]") == ["01_permits", "02_other"]


def test_the_list_of_areas_follows_the_tables(bare: Project, asked: Callable[..., list[str]]) -> None:
    text = "01_permits: [{areas: [council_districts]}]"
    write_areas(bare, {"cd-01": "One"}, {})
    assert asked(text) == ["01_permits--cd-01", "02_other"]
    write_areas(bare, {"cd-01": "First", "cd-02": "Two"}, {})
    assert asked(text) == ["01_permits--cd-01", "01_permits--cd-02", "02_other"]
    assert known_areas(bare, "sample")["cd-01"].name == "First"


def test_every_combination_is_a_page(asked: Callable[..., list[str]]) -> None:
    text = "01_permits: [{areas: [city, cd-01], scenarios: {a: {weights: by-people}}, sweep: {share: [0.1, 0.2]}}]"
    assert asked(text) == [
        "01_permits--cd-01--share-0p1--weights-by-people",
        "01_permits--cd-01--weights-by-people",
        "01_permits--share-0p1--weights-by-people",
        "01_permits--weights-by-people",
        "02_other",
    ]


def test_a_sweep_may_pass_over_the_defaults(asked: Callable[..., list[str]]) -> None:
    text = "01_permits: [{areas: [city]}, {sweep: {share: [0.1, 0.2]}}]"
    assert asked(text) == ["01_permits", "01_permits--share-0p1", "02_other"]


def test_issues_of_another_source_are_left_out_but_checked(bare: Project, asked: Callable[..., list[str]]) -> None:
    assert asked("01_permits: [{sweep: {share: [0.1]}, sources: [live]}]") == ["02_other"]
    assert asked("01_permits: [{areas: [nowhere], sources: [live]}]") == ["02_other"]
    with pytest.raises(AnalysisError, match="did you mean 'share'"):
        asked("01_permits: [{sweep: {shaer: [0.1]}, sources: [live]}]")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("01_permit:\n  - areas: [city]", "editions.yml:2: there is no .*'01_permit' .* did you mean 01_permits"),
        ("zzz:\n  - areas: [city]", r"there are 01_permits, 02_other"),
        ("02_other:\n  - areas: [city]", r"editions.yml:2: 02_other has no parameter 'area'"),
        ("01_permits:\n  - sweep:\n      shares: [1]", "editions.yml:2: .* has no .* 'shares': did you mean 'share'"),
        ("01_permits:\n  - scenarios:\n      a: {share: lots}", r"editions.yml:3: 01_permits: .* must be a number"),
        ("01_permits:\n  - cut: brief\n    sweep: {share: [0.1, true]}", r"editions.yml:3: .*share must be a number"),
        (
            "01_permits:\n  - areas: [cd-01]\n  - areas: [cd-01]",
            r"editions.yml:3: .*cd-01 again \(first at editions.yml:2\)",
        ),
        ("01_permits:\n  - sweep: {share: [0.1, 0.10]}", r"asks for 01_permits--share-0p1 again"),
        ("01_permits:\n  - areas: [cd-1]\n  - areas: [cd-l]", "editions.yml:3: .* area 'cd-l' .* mean 'cd-1'"),
        ("01_permits:\n  - areas: [CD-001]", "there is no area 'CD-001' in this source: did you mean 'cd-01'"),
        ("01_permits:\n  - areas: [districts]", r"did you mean 'council_districts'"),
    ],
)
def test_what_is_wrong_is_named(bare: Project, asked: Callable[..., list[str]], text: str, message: str) -> None:
    write_areas(bare, {"cd-01": "One", "cd-1": "Another"}, {})
    with pytest.raises(AnalysisError, match=message):
        asked(text)


def test_editions_of_the_file_are_withdrawn_with_it_and_those_by_hand_are_kept(
    bare: Project, asked: Callable[..., list[str]]
) -> None:
    write_areas(bare, DISTRICTS, COUNCILS)
    executed = bare.reports("sample") / "executed"
    executed.mkdir(parents=True)
    for name, record in {
        "01_permits--cd-11": {"given": {"area": "cd-11"}, "listed": True},
        "01_permits--cd-12": {"given": {"area": "cd-12"}},
        "01_permits--cd-12--brief": {"given": {"area": "cd-12"}, "cut": "brief"},
        "01_permits--cd-13": {"given": {"area": "cd-13"}},
    }.items():
        (executed / f"{name}.json").write_text(json.dumps({"notebook": "01_permits", **record}))
        (executed / f"{name}.page.json").write_text("{}")
    by_hand = ["01_permits", "01_permits--cd-12", "01_permits--cd-12--brief"]
    assert asked("01_permits: [{areas: [city]}]") == [*by_hand, "02_other"]
    assert withdrawn(bare, "sample") == ("01_permits--cd-11", "01_permits--cd-13")
    assert sorted(issued(bare, "sample")) == ["01_permits--cd-11", *by_hand[1:], "01_permits--cd-13"]
    assert "01_permits--cd-11" in asked("01_permits: [{areas: [cd-11]}]")


CONFUSABLE = [
    "cd-1", "cd-01", "cd-11", "cd-12", "cd-2", "CD-1", "Cd-1", "cd-1 ", "cd--1", "cd-1-", "cd_1", "cd\u20111",
    "\u0441d-1", "cd-\uff11", "cd-1\u200b", "downtown", "Downtown", "DOWNTOWN", "downtown los angeles", "",
    "downtown-los-angeles", "brief", "whole", "city-brief", "area", "area-cd-1", "share-0p1", "weights-equal",
    "weights-equal--brief", "../cd-1", "nc-\u0130",
]  # fmt: skip


def test_confusable_areas_never_share_a_name(add: Callable[..., Path]) -> None:
    nb = read_notebook(add("01_permits", CELLS))
    made = [edition(nb, {"area": area}, cut) for area in CONFUSABLE for cut in ("whole", "brief")]
    made += [edition(nb, {"share": 0.1}), edition(nb, {"weights": "brief"}), edition(nb, {"weights": "equal-brief"})]
    assert len({one.name.casefold() for one in made}) == len(made)
    assert all(set(one.name) <= set("abcdefghijklmnopqrstuvwxyz0123456789_-") for one in made)


FORM = (
    Parameter("area", "city", "where"),
    Parameter("a", "x", "one"),
    Parameter("a_b", 1, "two"),
    Parameter("b", 0.5, "three"),
    Parameter("brief", True, "four"),
)
TEXT = st.one_of(
    st.text("ab1-_ ", max_size=8), st.sampled_from(CONFUSABLE), st.text(max_size=5),
    st.text("ab-", min_size=58, max_size=63),
)  # fmt: skip
VALUES = st.fixed_dictionaries(
    {},
    optional={
        "area": TEXT, "a": TEXT, "a_b": st.integers(), "b": st.floats(allow_nan=False, allow_infinity=False),
        "brief": st.booleans(),
    },
)  # fmt: skip


@given(VALUES, VALUES, st.sampled_from(["whole", "brief"]), st.sampled_from(["whole", "brief"]))
@settings(max_examples=400, deadline=None)
def test_other_values_have_another_name(one: dict, other: dict, cut: str, other_cut: str) -> None:
    first, second = _made("01_n", FORM, one, cut), _made("01_n", FORM, other, other_cut)
    same = (first.values, first.cut) == (second.values, second.cut)
    assert (first.name.casefold() == second.name.casefold()) == same
