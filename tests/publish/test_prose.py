"""Prose says what findings say, or does not get built."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from analysis.project import AnalysisError
from analysis.publish.findings import Finding
from analysis.publish.policy import Policy
from analysis.publish.prose import (
    Cell,
    Context,
    ProseError,
    check,
    editorial,
    markdown_cells,
    render,
    render_text,
    words,
)
from analysis.publish.references import Reference

POLICY = Policy(
    literal_names=("COVID-19", "B.1.1.7", "P. 95"), causal_verbs=("caused", "led to", "because of", "reduced", "drove")
)


@pytest.fixture
def context(made: Callable[..., Finding]) -> Context:
    found = [
        made("rent_change", 39.2, interval=(35.1, 43.3)),
        made("income_change", 1.0, interval=(-2.0, 4.0)),
        made("transfer", 3.0, interval=(1.0, 5.0), design="difference in differences; parallel trends"),
        made("poor", 24.6, interval=(22.0, 27.0), change=False),
        made("tracts", 1204, unit="count", noun="census tract", no_interval="complete count", change=False),
        made("fastest", "Aldea", unit="text", group=("Aldea", "Bahía")),
        made("alone", "Cerro", unit="text", group=("Cerro",)),
        made("somewhere", "Aldea", unit="text"),
        made("deaths", None, unit="people", status="suppressed", change=False),
        made("rent", 1387, unit="dollars", interval=(1346, 1428), year=2018, real=True, change=False),
    ]
    return Context(
        notebook="01_rents",
        findings={f.name: f for f in found},
        figures={"rent_map": 2},
        tables={"districts": 1},
        references={
            "acs": Reference("acs", ("U.S. Census Bureau",), "2020", "ACS", "Census Bureau 2020", url="https://x.org")
        },
        areas={"cd-01": "Council District 1"},
        glossary={"rent burden": "Rent over income."},
        places=frozenset({"Aldea", "Bahía", "Cerro"}),
        policy=POLICY,
    )


def problems(context: Context, source: str, tags: tuple[str, ...] = ()) -> list[str]:
    return [problem.text for problem in check([Cell(4, source, tags)], context)]


def test_findings_become_controls_and_words(context: Context) -> None:
    source = "# Rents {{ rent_change | moved }}\n\n{{ rent_change | moved(span=True) }}; see {{ fig('rent_map') }}."
    (cell,) = render([Cell(1, source)], context).cells
    assert '<h1 id="rents">Rents <button type="button" class="finding" data-finding="rent_change"' in cell.html
    assert "rose 39\u00a0percent (35 to 43\u00a0percent)</button>" in cell.html
    assert '<a class="exhibit" href="#figure-rent_map">Figure\u00a02</a>' in cell.html
    assert cell.findings == ("rent_change",)
    (text,) = render([Cell(1, source)], context, mode="text").cells
    assert text.html.startswith("Rents rose 39\u00a0percent\n\nrose 39\u00a0percent (35 to 43")
    assert "<" not in text.html


@pytest.mark.parametrize(
    "source",
    [
        "Rents {{ rent_change | moved }} from 2000 to 2018.",
        "In 2000–2018, in 2014–18, on March 4, 2020, on 2020-03-04, in the 1990s, from March 4 to 6, 2020.",
        "COVID-19 and the B.1.1.7 variant.",
        "In Q3 2020, in fiscal year 2018/19, half a year later, over twelve months.",
        "## 2. How rents moved",
        "### 2.1 Where",
        "Run `make report NB=01` and\n\n```\nx = 39\n```",
        "A [link](https://x.org/2346/39) and {{ cite('acs', 'P. 95') }}.",
        "With $x = 1.645$ and\n\n$$\\frac{1}{2}$$",
        "We use three measures in two steps, and the first of them is rent.",
        "Above {{ lit('30 percent', 'set by federal law') }} of income.",
        "There are {{ tracts }} in {{ area('cd-01') }}, {{ poor | share }}.",
        "1. First\n2. Second",
        "The income {{ income_change | moved }}.",
        "Rents are {{ poor | compared(poor) }} the city's.",
        "A note.[^a]\n\n[^a]: Of {{ rent_change }}.",
        "A {{ term('rent burden') }} of {{ poor }}.",
        "{% if deaths.ok %}Some {{ deaths }}.{% else %}None shown: {{ deaths }}.{% endif %}",
        "The highest rise was in {{ fastest | rank_group }}; the steepest in {{ alone }}.",
        "The transfer reduced poverty: it {{ transfer | moved }}.",
        "Areas of a few km² each.",
        "Compare the place's {{ rent_change | range }} {{ rent | brief }}.",
    ],
)
def test_what_may_be_written(context: Context, source: str) -> None:
    assert check([Cell(4, source)], context) == []
    assert render([Cell(4, source)], context).cells


@pytest.mark.parametrize(
    ("source", "offending"),
    [
        ("Rents rose 39 percent.", ["39"]),
        ("Rents rose 39% in 2,346 tracts.", ["39%", "2,346"]),
        ("A rent of $1,390.", ["$1,390"]),
        ("It was −5 or +3.2 or .5 points.", ["−5", "+3.2", ".5"]),
        ("Of 2018 tracts and 2000 people.", ["2018", "2000"]),
        ("About ½ of them, in ٣ places, at x².", ["½", "٣", "x²"]),
        ("Figure 2 shows it.", ["2"]),
        ("{% if rent_change.rose %}Up{% else %}Down 12 percent{% endif %}", ["12"]),
        ("# Rents rose 39 percent", ["39"]),
        ("| a | b |\n|---|---|\n| 39 | {{ poor }} |", ["39"]),
        ("- item\n- 12 items", ["12"]),
        ("> quoted 99", ["99"]),
        ("[39 percent](https://x.org)", ["39"]),
        ("**3**9", ["39"]),
        ("Text[^a]\n\n[^a]: With 12 things.", ["12"]),
        ("Hundreds of tracts and a dozen places.", ["Hundreds", "dozen"]),
        ("It doubled, twice.", ["doubled", "twice"]),
        ("Four thousand residents, twelve tracts.", ["thousand", "twelve tracts"]),
        ("A third of renters, half of all, one in four.", ["A third", "half of", "one in four"]),
        ("Three percent in two tracts.", ["Three percent", "two tracts"]),
        ("The majority moved.", ["majority"]),
        ("{{ '39' }} or so", ["39"]),
        ("{{ poor | share }} or {{ '1,204 tracts' }}", ["1,204 tracts"]),
        ("{{ poor }} percent", ["\ufffc percent"]),
        ("${{ rent }}", ["$\ufffc"]),
        ("Rents rose {{ rent_change }}.", ["rose"]),
        ("Rents fell by {{ rent_change | range }}.", ["fell"]),
        ("The rule caused {{ rent_change }}.", ["caused"]),
        ("Rents {{ rent_change | moved }} because of the rule. It was {{ transfer }}.", ["because of"]),
        ("The highest rise was in {{ fastest }}.", ["highest"]),
        ("The highest rise was in {{ somewhere }}.", ["highest"]),
        ("The highest rise was in Bahía.", ["highest"]),
        ("{{ rent_chnge }}", ["rent_chnge"]),
        ("{{ rent_change | mooved }}", ["mooved"]),
        ("{{ rent_change.value }}", ["rent_change.value"]),
        ("[x](javascript:alert)", ["javascript:alert"]),
        ("![x](https://x.org/a.png)", ["!["]),
    ],
)
def test_what_may_not_be_written(context: Context, source: str, offending: list[str]) -> None:
    assert problems(context, source) == offending


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("{{ poor | moved }}", "change=True"),
        ("{{ rent_change | moved('up 39') }}", "literal number"),
        ("{{ rent_change * 2 }}", "does not compute"),
        ("{{ 6 * 7 }}", "does not compute"),
        ("{{ lit(39) }}", "reason"),
        ("{% if rent_change %}Up{% endif %}", "does not compare"),
        ("{% if rent_change > poor %}Up{% endif %}", "does not compare"),
        ("{% if rent_change == 3 %}Up{% endif %}", "does not compare"),
        ("{{ fig('rent_mp') }}", "did you mean rent_map"),
        ("{{ table('x') }}", "no table named"),
        ("{{ cite('asc') }}", "did you mean acs"),
        ("{{ term('burden') }}", "glossary"),
        ("{{ rent_change", "template error"),
        ("{% include 'x' %}", "template error"),
        ("{{ rent_change.__class__ }}", "prose may ask"),
        ("{{ ''.__class__.__mro__ }}", "unsafe"),
        ("{{ range(9) }}", "no finding named 'range'"),
        ("{{ tracts | moved }}", "change=True"),
        ("{{ 'x' | value }}", "is for findings"),
        ("Text \ue000 here", "private-use"),
        ("```\nunclosed", "not closed"),
        ("$\\begin{aligned}a&b\\end{aligned}$", "cannot be set"),
    ],
)
def test_faults_say_what_to_do(context: Context, source: str, told: str) -> None:
    found = check([Cell(4, source), Cell(5, "End.")], context)
    assert found
    assert told in found[0].message
    assert (found[0].notebook, found[0].cell, found[0].line) == ("01_rents", 4, 1)


def test_places_are_exact_in_a_long_notebook(context: Context) -> None:
    branch = "{% if rent_change.rose %}\nfirst\n{% endif %}\n\nlast 40"
    cells = [
        Cell(1, "# Rents {{ rent_change | moved }}\n\nFor all.\n"),
        Cell(3, f"## Part\n\nText one\ntext two\ntext with 39 in it\n\n{branch}"),
        Cell(9, "- a\n- b\n  and {{ nobody }}\n"),
        Cell(11, "- a\n- b rose {{ rent_change }}\n- c\n\nEnd 7"),
    ]
    places = [(p.cell, p.line, p.text) for p in check(cells, context)]
    assert places == [(3, 5, "39"), (3, 11, "40"), (9, 3, "nobody"), (11, 2, "rose"), (11, 5, "7")]


def test_rendering_stops_with_all_problems(context: Context) -> None:
    with pytest.raises(ProseError) as stopped:
        render([Cell(4, "39 and {{ nobody }}"), Cell(6, "40")], context)
    assert [problem.text for problem in stopped.value.problems] == ["nobody", "39", "40"]
    assert str(stopped.value).splitlines()[0].startswith("01_rents, cell 4, line 1: no finding named 'nobody'")


def test_every_missing_finding_is_said_in_words(context: Context) -> None:
    html = render([Cell(1, "There were {{ deaths }}.")], context).cells[0].html
    assert 'data-status="suppressed"' in html
    assert "suppressed to protect people" in html
    assert not re.search(r"\d", html)


def test_causes_may_be_denied(context: Context) -> None:
    source = "Nothing here says what caused it."
    assert problems(context, source) == ["caused"]
    assert problems(context, source, ("not-shown",)) == []


def test_sentences_end_where_readers_end_them(context: Context) -> None:
    # The design in the second sentence must not excuse the first; an abbreviation must not split one.
    assert problems(context, "The rule drove it. Poverty {{ transfer | moved }}.") == ["drove"]
    assert problems(context, "In the U.S. the rule drove it, and poverty {{ transfer | moved }}.") == []


def test_headings_keep_their_anchor_when_the_data_move(context: Context, made: Callable[..., Finding]) -> None:
    cell = [Cell(1, "## Rents {{ rent_change | moved }} in the city\n\n## Again\n\n## Again\n\n## Años {{ poor }}")]
    before = [h.anchor for h in render(cell, context).cells[0].headings]
    fall = made("rent_change", -9.0, interval=(-12.0, -6.0))
    moved = Context("x", {**context.findings, "rent_change": fall}, policy=POLICY)
    assert before == [h.anchor for h in render(cell, moved).cells[0].headings]
    assert before == ["rents-in-the-city", "again", "again-2", "anos"]


def test_footnotes_cross_cells_and_are_numbered_through(context: Context) -> None:
    cells = [Cell(1, "One.[^b] Two.[^a]"), Cell(2, "[^a]: Note a {{ poor }}.\n\n[^b]: Note b.")]
    prose = render(cells, context)
    assert prose.cells[0].html.index("#fn1") < prose.cells[0].html.index("#fn2")
    assert prose.footnotes.index("Note b") < prose.footnotes.index("Note a")
    assert 'id="fn1"' in prose.footnotes
    assert 'href="#fnref1"' in prose.footnotes
    assert prose.cells[1].html.strip() == ""
    assert "poor" in prose.used


def test_findings_in_links_are_plain_text(context: Context) -> None:
    html = render([Cell(1, "[Rents {{ rent_change | moved }}](#more) and *{{ poor }}*")], context).cells[0].html
    assert '<a href="#more">Rents rose 39\u00a0percent</a>' in html
    assert html.count("<button") == 1


def test_titles_and_captions_go_through_the_same_check(context: Context) -> None:
    assert render_text("Rents {{ rent_change | moved }}", context) == "Rents rose 39\u00a0percent"
    assert render_text("In {{ poor | share }}", context, mode="html").startswith("In <button")
    with pytest.raises(AnalysisError, match="39"):
        render_text("Rents rose 39 percent", context, cell=7)


def test_capitalize_begins_a_sentence(context: Context) -> None:
    assert render_text("{{ poor | share | capitalize }} are poor.", context) == "About one in four are poor."


def test_length_and_grade_count_prose_alone(context: Context) -> None:
    body = "The rent {{ poor | share }} went up. " * 3
    uncounted = "```\ncode words\n```\n\n| a | b |\n|---|---|\n| c | d |"
    cells = [
        Cell(1, f"# Title words here\n\n{body}\n\n{uncounted}\n\nNote.[^a]\n\n[^a]: Not counted."),
        Cell(2, "Notes are not counted.", ("notes",)),
    ]
    length = words(cells, context)
    assert length.words == 3 * 8 + 1
    assert any("at least 800" in remark for remark in length.remarks)
    hard = "Institutional accountability necessitates comprehensive methodological transparency. " * 200
    remarks = words([Cell(1, hard)], context).remarks
    assert any("grade" in remark for remark in remarks)


def test_title_and_summary_state_findings(context: Context) -> None:
    cells = [
        Cell(1, "# About rents\n\nFor the council.", ("title",)),
        Cell(2, "Rents {{ rent_change | moved }}. That matters.", ("in-short",)),
        Cell(3, "Nothing here."),
    ]
    assert [(p.cell, p.text) for p in editorial(cells, context)] == [(1, "About rents"), (2, "That matters.")]
    assert editorial([Cell(1, "# Rents {{ rent_change | moved }}", ("title",))], context) == []


def test_declared_literals_can_be_listed(context: Context) -> None:
    source = "Above {{ lit('30 percent', 'set by federal law') }} and {{ lit('30 percent', 'set by federal law') }}."
    assert render([Cell(1, source)], context).declared == (("30 percent", "set by federal law"),)


def test_members_of_a_rank_group_are_places(context: Context) -> None:
    bare = replace(context, places=frozenset())
    assert problems(bare, "The highest rise was in Bahía.") == ["highest"]


def test_quotation_marks_are_typographic(context: Context) -> None:
    assert "“{{".replace("{{", "") in render([Cell(1, '"{{ poor }}" isn\'t it')], context).cells[0].html
    assert "isn’t" in render([Cell(1, "It isn't")], context).cells[0].html


def test_markdown_cells_keep_their_number_and_tags() -> None:
    notebook: dict[str, Any] = {
        "cells": [
            {"cell_type": "markdown", "source": ["# A\n", "b"], "metadata": {"tags": ["title"]}},
            {"cell_type": "code", "source": "x"},
            {"cell_type": "markdown", "source": "c"},
        ]
    }
    assert markdown_cells(notebook) == [Cell(1, "# A\nb", ("title",)), Cell(3, "c")]


def test_two_renderings_are_the_same_bytes(context: Context) -> None:
    cells = [Cell(1, "# {{ rent_change | moved | capitalize }}\n\n$x^2$ {{ fastest | rank_group }} {{ cite('acs') }}")]
    assert render(cells, context) == render(cells, context)
    assert render(cells, context).cited == ("acs",)


def test_what_is_typed_is_judged_by_the_policy_in_force(context: Context) -> None:
    cells = [Cell(4, "The survey of B.1.1.7 counts everyone.", ())]
    assert check(cells, context) == []
    stricter = replace(context, policy=replace(POLICY, literal_names=()))
    assert [problem.text for problem in check(cells, stricter)] == ["B.1.1.7"]
    assert check(cells, context) == []
