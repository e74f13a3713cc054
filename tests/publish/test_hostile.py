"""Whatever a value, a name or a cell of data contains, it comes out as text."""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.publish import findings
from analysis.publish.downloads import csv_text, guarded_cell
from analysis.publish.findings import Finding
from analysis.publish.markdown import mathml
from analysis.publish.policy import Policy
from analysis.publish.prose import Cell, Context, check, render
from analysis.publish.tables import Column, table
from hostile_words import CORPUS

ALLOWED = {
    "p",
    "button",
    "strong",
    "em",
    "h1",
    "a",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "code",
    "ul",
    "li",
    "pre",
    "ol",
    "sup",
    "span",
    "math",
    "mrow",
    "mi",
    "mo",
    "mn",
    "mtext",
    "br",
    "s",
    "blockquote",
    "hr",
    "div",
    "h2",
}
ATTRIBUTES = {
    "type",
    "class",
    "data-finding",
    "data-status",
    "aria-haspopup",
    "aria-describedby",
    "href",
    "id",
    "scope",
    "role",
    "aria-label",
    "xmlns",
    "display",
    "start",
}

SOURCE = """# Title {{ name }}

Text {{ name }} and **{{ name }}** and `{{ name }}` and [{{ name }}](#x) and {{ name | rank_group }}.

| {{ name }} | b |
|---|--:|
| {{ names | listed }} | {{ name }} |

- {{ name }}

[link](https://x.org "{{ name }}") [^n]

[^n]: {{ name }}
"""


class _Tags(HTMLParser):
    """Everything in a page that is not text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_comment(self, data: str) -> None:
        self.tags.append("comment")

    def handle_data(self, data: str) -> None:
        self.text += data


def parsed(html: str) -> _Tags:
    tags = _Tags()
    tags.feed(html)
    tags.close()
    return tags


def assert_inert(html: str) -> None:
    page = parsed(html)
    assert set(page.tags) <= ALLOWED
    assert {name for name, _ in page.attributes} <= ATTRIBUTES | {"title"}
    links = [value or "" for name, value in page.attributes if name == "href"]
    assert all(link.startswith(("#", "https://x.org")) for link in links)


def rendered(made: Callable[..., Finding], hostile: str) -> str:
    found = {
        "name": made("name", hostile, unit="text", group=(hostile, "B"), change=False),
        "names": made("names", (hostile, "B"), unit="list", change=False),
    }
    context = Context("x", found, policy=Policy())
    prose = render([Cell(1, SOURCE)], context)
    return prose.cells[0].html + prose.footnotes


@pytest.mark.parametrize("hostile", CORPUS)
def test_hostile_values_in_prose_are_text(made: Callable[..., Finding], hostile: str) -> None:
    html = rendered(made, hostile)
    assert_inert(html)
    # And the structure is the same as with a tame name: nothing was added, nothing swallowed.
    assert parsed(html).tags == parsed(rendered(made, "Aldea")).tags


@given(st.text(max_size=40))
def test_any_value_in_prose_is_text(text: str) -> None:
    def make(name: str, value: object, **fields: object) -> Finding:
        return Finding(name=name, value=value, **fields)  # type: ignore[arg-type]

    assert_inert(rendered(make, text))


@pytest.mark.parametrize("typed", CORPUS)
def test_hostile_markdown_is_refused_or_inert(typed: str) -> None:
    context = Context("x", {}, policy=Policy())
    cell = [Cell(1, typed.replace("\n", " ")), Cell(2, "End.")]
    if not check(cell, context):
        html = render(cell, context).cells[0].html
        page = parsed(html)
        assert not {"script", "img", "svg", "style", "comment", "iframe"} & set(page.tags)
        assert not any(name.startswith("on") or name == "style" for name, _ in page.attributes)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\tscript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "//evil.example",
        "/abs.html",
        "../up.html",
        "\\\\host\\x.html",
        "https:evil",
        "x.html?y=javascript:1",
        "x.pdf",
    ],
)
def test_addresses_that_run_or_lead_elsewhere_are_refused(url: str) -> None:
    context = Context("x", {}, policy=Policy())
    assert check([Cell(1, f"[x](<{url}>)")], context)


@pytest.mark.parametrize(
    "url", ["https://x.org/a?b=1#c", "http://x.org", "mailto:a@x.org", "#here", "02_other.html", "a/b.html#c"]
)
def test_addresses_that_are_admitted(url: str) -> None:
    assert check([Cell(1, f"[x]({url})")], Context("x", {}, policy=Policy())) == []


@pytest.mark.parametrize(
    "latex", ["\\text{<script>alert(1)</script>}", "\\href{javascript:alert(1)}{x}", "\\color{red}x", "x<y"]
)
def test_formulas_are_inert(latex: str) -> None:
    page = parsed(mathml(latex, display=False))
    assert "script" not in page.tags
    assert not {"href", "style", "mathcolor"} & {name for name, _ in page.attributes}


@pytest.mark.parametrize("hostile", CORPUS)
def test_hostile_cells_of_tables_and_cards_are_text(made: Callable[..., Finding], hostile: str) -> None:
    frame = pd.DataFrame({"place": [hostile], "n": [3]})
    recorded = table("hostile", frame, title="Places", columns={"place": hostile, "n": Column(label="N", unit="count")})
    assert recorded.rows[0]["cells"][0]["text"] == hostile
    card = findings.finding_card(made("x", hostile, unit="text", denominator=hostile, note=hostile))
    assert set(parsed(card).tags) <= {"div", "p", "strong", "table", "tr", "th", "td"}


FORMULAS = [
    "=1+1",
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "＝1+1",
    "\u00a0=1",
    '=HYPERLINK("x")',
]


@pytest.mark.parametrize("formula", FORMULAS)
def test_spreadsheets_run_nothing(formula: str) -> None:
    assert guarded_cell(formula) == "'" + formula
    assert guarded_cell(f"Place {formula}") == f"Place {formula}"
    text = csv_text(pd.DataFrame({formula: [formula]}))
    assert text.count("'") >= 2


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**9), 10**9))
def test_numbers_stay_numbers(number: float) -> None:
    assert float(guarded_cell(number)) == number
    assert guarded_cell(repr(number)) == repr(number)
