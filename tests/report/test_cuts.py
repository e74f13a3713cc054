"""Briefs: a cut of the same notebook that runs less, says the same, and cannot rest on what it leaves out."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.project import AnalysisError, Project
from analysis.report.build import build
from analysis.report.cuts import check_code, check_words, cut_of
from analysis.report.editions import edition, planned
from analysis.report.execution import places, read_record
from analysis.report.notebook import Cell, Notebook, read_notebook
from analysis.report.staleness import Judge
from analysis.report.variables import uses

from . import whitepaper
from .conftest import write_notebook

SURE = """## How sure are we

The method was run on made-up applications. {{ no_fees }} is what is known of fees."""


def brief_cells() -> list[tuple[str, str, tuple[str, ...]]]:
    """The miniature whitepaper with a brief: findings, In short, the figure of waits and a paragraph of its own."""
    cells = whitepaper.cells()
    made = []
    for kind, source, tags in cells:
        if source in {whitepaper.LOAD, whitepaper.FINDINGS, whitepaper.LINE}:
            tags = (*tags, "brief")
        made.append((kind, source, tags))
    own = "## In short\n\nThe wait {{ wait_change | moved }}; it is {{ wait_now }} now ({{ fig('wait') }})."
    made.insert(5, ("markdown", own, ("in-short", "brief-only")))
    made.append(("markdown", SURE, ("sure", "brief-only")))
    return made


@pytest.fixture
def briefed(city: Project) -> Project:
    """The miniature checkout, its whitepaper issued whole and as briefs of three districts."""
    write_notebook(city, "01_permits", brief_cells())
    (city.catalog / "editions.yml").write_text(
        "01_permits:\n  - areas: [city]\n  - areas: [cd-01, cd-02, cd-12]\n    cut: brief\n", encoding="utf-8"
    )
    return city


def test_a_brief_runs_a_strict_subset_and_says_whose_it_is(briefed: Project) -> None:
    (brief,) = [one for one in planned(briefed, "sample") if one.name == "01_permits--cd-12--brief"]
    (done,) = build(briefed, "sample", [brief], jobs=1)
    assert done.action == "built", done.failure
    place = places(briefed, "sample", brief.name)
    cells = json.loads(place.executed.read_bytes())["cells"]
    ran = [cell["source"] for cell in cells if cell["cell_type"] == "code" and "injected" not in str(cell["metadata"])]
    assert ran == [whitepaper.PARAMETERS, whitepaper.LOAD, whitepaper.FINDINGS, whitepaper.LINE]
    page = place.page.read_text(encoding="utf-8")
    assert "This page is a brief" in page
    assert "Council District 12" in page
    assert "Read the whole paper" not in page, "there is none yet"
    assert "CUT=brief" in page
    assert "districts_table" not in page
    record = read_record(place)
    assert record is not None
    assert (record.cut, record.listed) == ("brief", True)


def test_cells_keep_the_numbers_the_author_gave_them(briefed: Project) -> None:
    (brief,) = [one for one in planned(briefed, "sample") if one.name == "01_permits--cd-12--brief"]
    build(briefed, "sample", [brief], jobs=1)
    page = places(briefed, "sample", brief.name).page.read_text(encoding="utf-8")
    number = next(
        c.number for c in read_notebook(briefed.notebooks / "01_permits.ipynb").cells if c.source == whitepaper.LINE
    )
    assert f'id="cell-{number}"' in page


def test_a_brief_leads_to_the_whole_paper_as_soon_as_there_is_one(briefed: Project) -> None:
    everything = {one.name: one for one in planned(briefed, "sample")}
    brief = everything["01_permits--cd-02--brief"]
    build(briefed, "sample", [brief], jobs=1)
    build(briefed, "sample", [everything["01_permits"]], jobs=1)
    verdict = Judge(briefed, "sample").verdict(brief)
    assert verdict.words == "stale: the whole paper it leads to came or went (needs printing only)"
    (again,) = build(briefed, "sample", [brief], jobs=1)
    assert again.action == "printed"
    place = places(briefed, "sample", brief.name)
    assert '<a href="01_permits.html">Read the whole paper</a>' in place.page.read_text(encoding="utf-8")
    own = edition(read_notebook(briefed.notebooks / "01_permits.ipynb"), {"area": "cd-02"})
    build(briefed, "sample", [own, brief], jobs=1)
    build(briefed, "sample", [brief], jobs=1)
    assert '<a href="01_permits--cd-02.html">Read the whole' in place.page.read_text(encoding="utf-8")


def test_a_change_concerns_the_cuts_that_hold_the_cell(briefed: Project) -> None:
    whole, brief = [one for one in planned(briefed, "sample") if one.name in {"01_permits", "01_permits--cd-01--brief"}]
    build(briefed, "sample", [whole, brief], jobs=1)
    build(briefed, "sample", [brief], jobs=1)  # now that the whole paper is there to be led to

    def words(old: str, new: str) -> list[str]:
        path = briefed.notebooks / "01_permits.ipynb"
        before = path.read_text(encoding="utf-8")
        assert json.dumps(old)[1:-1] in before
        path.write_text(before.replace(json.dumps(old)[1:-1], json.dumps(new)[1:-1], 1), encoding="utf-8")
        judge = Judge(briefed, "sample")
        found = [judge.verdict(one).words for one in (whole, brief)]
        path.write_text(before, encoding="utf-8")
        return found

    assert words("How long applicants wait", "How long people wait") == ["stale: the code cells changed", "fresh"]
    assert words("Median wait", "Middle wait") == ["stale: the code cells changed"] * 2
    printing = "stale: the prose changed (needs printing only)"
    assert words("leave the office as it is", "leave it") == [printing, "fresh"]
    assert words("is what is known of fees", "is known") == ["fresh", printing]


def test_tags_that_only_say_what_is_kept_make_no_other_cut_stale(briefed: Project) -> None:
    notebook = read_notebook(briefed.notebooks / "01_permits.ipynb")
    untagged = Notebook(
        notebook.path, notebook.stem,
        tuple(Cell(c.kind, c.source, tuple(t for t in c.tags if t != "brief"), c.number) for c in notebook.cells),
    )  # fmt: skip
    assert cut_of(notebook, "whole").code_hash() == cut_of(untagged, "whole").code_hash()
    assert cut_of(notebook, "whole").prose_hash() == cut_of(untagged, "whole").prose_hash()


def test_prose_that_needs_a_cell_left_out_names_both(briefed: Project) -> None:
    cells = brief_cells()
    cells[5] = ("markdown", "## In short\n\nSee {{ table('districts_table') }}.", ("in-short", "brief-only"))
    write_notebook(briefed, "01_permits", cells)
    (brief,) = [one for one in planned(briefed, "sample") if one.name == "01_permits--cd-01--brief"]
    (done,) = build(briefed, "sample", [brief], jobs=1)
    assert done.failure is not None
    assert (
        "cell 6 uses 'districts_table', which cell 11 publishes, but the brief leaves cell 11 out: tag cell 11 'brief'"
        in done.failure.error
    )


def test_code_that_needs_a_cell_left_out_stops_before_it_runs(briefed: Project) -> None:
    cells = [
        (k, s, tuple(t for t in g if t != "brief") if s == whitepaper.FINDINGS else g) for k, s, g in brief_cells()
    ]
    write_notebook(briefed, "01_permits", cells)
    (brief,) = [one for one in planned(briefed, "sample") if one.name == "01_permits--cd-01--brief"]
    (done,) = build(briefed, "sample", [brief], jobs=1)
    assert done.failure is not None
    assert "cell 9 reads `totals`, which cell 4 makes or changes, but the brief leaves cell 4 out" in done.failure.error


def test_length_is_judged_as_that_of_a_brief(briefed: Project) -> None:
    (brief,) = [one for one in planned(briefed, "sample") if one.name == "01_permits--cd-01--brief"]
    (done,) = build(briefed, "sample", [brief], jobs=1)
    assert any("at least 250" in remark for remark in done.remarks)
    assert not any("The decision" in remark for remark in done.remarks)


def parts(*cells: tuple[str, str, tuple[str, ...]]) -> Notebook:
    made = tuple(Cell(kind, source, tags, n) for n, (kind, source, tags) in enumerate(cells, start=1))
    return Notebook(Path("01_a.ipynb"), "01_a", made)


@pytest.mark.parametrize(
    "dropped",
    ["x = 2", "x += 1", "x['a'] = 1", "x.a = 1", "x.append(1)", "for x in y: pass", "import x", "def x(): pass",
     "with y as x: pass", "if y:\n    x = 1", "(x := 3)", "a, (x, b) = y", "x[0][1] *= 2"],
)  # fmt: skip
def test_a_variable_that_a_dropped_cell_changes_last_stops_the_brief(dropped: str) -> None:
    notebook = parts(("code", "x = y = 1", ("brief",)), ("code", dropped, ()), ("code", "print(x)", ("brief",)))
    with pytest.raises(AnalysisError, match="cell 3 reads `x`, which cell 2 makes or changes"):
        check_code(notebook, "brief")
    check_code(notebook, "whole")


@pytest.mark.parametrize(
    "kept",
    ["for x in z: print(x)", "x = 5\nprint(x)", "[x for x in z]", "(lambda x: x)(1)", "def f(x): return x\nf(1)",
     "import x\nx.y", "with z as x: x", "z.x", "f(x=1)", "def f():\n    x = 1\n    return x"],
)  # fmt: skip
def test_a_variable_of_its_own_does_not_stop_it(kept: str) -> None:
    notebook = parts(("code", "z = f = 1", ("brief",)), ("code", "x = 2", ()), ("code", kept, ("brief",)))
    check_code(notebook, "brief")


def test_reads_before_writes_are_seen() -> None:
    found = uses(ast.parse("a = a + 1\nb += c\nif d:\n    e = e\ntry:\n    f\nexcept g as h:\n    i\n"))
    assert {"a", "b", "c", "d", "e", "f", "i"} <= found.reads


@pytest.mark.parametrize(
    ("code", "spoken", "found"),
    [
        ("publish.finding('rent', 1)", "{{ rent }}", True),
        ("publish.finding(f'{n}_rent', 1)", "{{ old_rent | moved }}", True),
        ("for n in ['rent']: publish.finding(n, 1)", "{% if rent.ok %}x{% endif %}", True),
        ("publish.figure('rents', f())", "{{ fig('rents') }}", True),
        ("c = 'moved'", "{{ rent | moved }}", False),
        ("c = 'area'", "{{ area('cd-01') }}", False),
        ("publish.finding(f'{a}{b}', 1)", "{{ rent }}", False),
    ],
)  # fmt: skip
def test_who_publishes_what_is_left_out(code: str, spoken: str, found: bool) -> None:
    notebook = parts(("markdown", spoken, ("brief",)), ("code", code, ()))
    if found:
        with pytest.raises(AnalysisError, match=r"cell 1 uses .*, which cell 2 publishes"):
            check_words(notebook, "brief", set())
    else:
        check_words(notebook, "brief", set())
    check_words(notebook, "whole", set())


def test_words_of_a_kept_title_of_a_figure_count(add: Callable[..., Path]) -> None:
    notebook = parts(
        ("code", "publish.figure('a', f(), title='{{ b }}')", ("brief",)), ("code", "publish.finding('b', 1)", ())
    )
    with pytest.raises(AnalysisError, match="cell 1 uses 'b', which cell 2 publishes"):
        check_words(notebook, "brief", {"a"})


def test_a_notebook_without_cells_for_it_has_no_brief() -> None:
    with pytest.raises(AnalysisError, match="has no brief: tag the cells"):
        cut_of(parts(("code", "x = 1", ())), "brief")


def test_code_for_the_brief_alone_is_refused() -> None:
    with pytest.raises(AnalysisError, match="cell 1: code that only the brief runs"):
        cut_of(parts(("code", "x = 1", ("brief-only",))), "whole")
