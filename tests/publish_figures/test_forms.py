"""What every drawing owes a page, whatever its form."""

from __future__ import annotations

import re

import gallery
import pytest
from geometry import Label, Written, elements, overlapping, written

from analysis.project import AnalysisError
from analysis.publish import svg, theme
from analysis.publish.figures import Drawing

LAYOUTS = [f"{name} {layout}" for name in gallery.FORMS for layout in ("wide", "narrow")]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_texts_do_not_lie_on_each_other(layouts: dict[str, Written], layout: str) -> None:
    assert overlapping(layouts[layout].labels) == []


def test_the_overlap_test_can_fail() -> None:
    shifted = (Label("a", 13, (0, 0, 20, 10)), Label("b", 13, (15, 5, 30, 15)))
    assert overlapping(shifted) == [("a", "b")]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_texts_stay_on_the_sheet_and_readable(layouts: dict[str, Written], layout: str) -> None:
    sheet = layouts[layout]
    assert sheet.labels
    for label in sheet.labels:
        assert label.size >= 11, label
        assert label.box[0] >= -1, label
        assert label.box[2] <= sheet.width + 1, label
        assert label.box[1] >= -2, label
        assert label.box[3] <= sheet.height + 2, label


@pytest.mark.parametrize("layout", LAYOUTS)
def test_nothing_but_plain_drawing(layouts: dict[str, Written], layout: str) -> None:
    sheet = layouts[layout]
    svg.parsed(sheet.text)  # raises on anything outside the list
    for forbidden in ("style=", "<style", "<script", "href", "javascript:", " on", "<image", "metadata", "<!DOCTYPE"):
        assert forbidden not in re.sub(r">[^<]*<", "><", sheet.text), forbidden
    assert "width" not in sheet.root.attrib
    assert sheet.root.get("role") == "img"
    assert sheet.root.get("aria-labelledby") == sheet.root.find("desc").get("id")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_colour_has_a_class_for_dark_pages(layouts: dict[str, Written], layout: str) -> None:
    for node, own in elements(layouts[layout].root):
        if node.tag not in {"path", "circle", "text", "rect"}:
            continue
        classes = own.get("class", "").split()
        for kind in ("fill", "stroke"):
            value = own.get(kind, "none")
            if value == "none" or value.startswith("url("):
                continue
            named = [c[2:] for c in classes if c.startswith(kind[0] + "-")]
            assert len(named) == 1, (kind, own)
            assert theme.style().tokens[named[0]][0] == value


@pytest.mark.parametrize("layout", LAYOUTS)
def test_numbers_have_at_most_two_decimals(layouts: dict[str, Written], layout: str) -> None:
    for node, _ in elements(layouts[layout].root):
        for key in ("d", "x", "y", "cx", "cy", "r", "transform", "stroke-width"):
            assert not re.search(r"\.\d{3}", node.get(key, "")), (key, node.get(key, "")[:80])


@pytest.mark.parametrize("name", gallery.FORMS)
def test_a_drawing_is_small_and_has_words_and_data(drawings: dict[str, Drawing], name: str) -> None:
    drawing = drawings[name]
    assert len(drawing.svg.encode()) < 45_000
    assert len(drawing.svg_narrow.encode()) < 45_000
    assert drawing.alt.endswith(".")
    assert 4 <= len(drawing.alt.split()) <= 120
    assert not drawing.data.empty
    assert list(drawing.data.index) == list(range(len(drawing.data)))
    assert not [c for c in drawing.data.columns if str(c).startswith("_")]


def test_wide_and_narrow_never_share_an_identifier(drawings: dict[str, Drawing]) -> None:
    for drawing in drawings.values():
        named = drawing.named("rent")
        first, second = (set(re.findall(r' id="([^"]+)"', text)) for text in (named.svg, named.svg_narrow))
        assert not first & second
        assert all(name.startswith(("rent-w-", "rent-n-")) for name in first | second)
        assert '"ID-' not in named.svg


def test_another_description_replaces_the_computed_one(drawings: dict[str, Drawing]) -> None:
    other = drawings["bars"].with_alt("Three & two < four.")
    assert written(other.svg).root.findtext("desc") == "Three & two < four."
    assert written(other.svg_narrow).root.findtext("desc") == "Three & two < four."
    assert other.alt == "Three & two < four."


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "]]></style><svg onload=alert(1)>",
    "$\\frac{1}{2}$ & $x^2$",
    "null\x00byte\x0b and \u202eturned\u202c text",
    "&amp;lt;b&gt;",
    "{{ 7 * 7 }} {% raw %}",
    "two\nlines\tand a tab",
]


@pytest.mark.parametrize("label", HOSTILE)
def test_hostile_names_stay_text(label: str) -> None:
    frame = gallery.rates().assign(district=lambda f: [label, *f["district"][1:]])
    from analysis.publish import figures

    drawing = figures.dotrange(frame, "district", "value", unit="percent", highlight=[label])
    for text in (drawing.svg, drawing.svg_narrow):
        svg.parsed(text)
        shown = " ".join(label.words for label in written(text).labels)
        wanted = svg.printable(label).split()
        assert all(word in shown for word in wanted)
    assert svg.printable(label).split()[0] in written(drawing.svg).root.findtext("desc")


def test_dollar_signs_are_money_not_formulas() -> None:
    from analysis.publish import figures

    drawing = figures.bars(gallery.rates().head(3), "district", "value", unit="dollars", axis="Between $5 and $9")
    assert "Between $5 and $9" in [label.words for label in written(drawing.svg).labels]


def test_a_colour_of_ones_own_is_refused() -> None:
    from analysis.publish import figures

    frame = gallery.cases()[["average"]]
    with pytest.raises(AnalysisError, match=r"#ff7f0e.*house style"):
        figures.drawn(lambda axes, layout: axes.plot([1, 2], [3, 4], color="#ff7f0e"), frame, "An orange line rises.")


def test_a_picture_is_refused() -> None:
    from analysis.publish import figures

    with pytest.raises(AnalysisError, match="image"):
        figures.drawn(lambda axes, layout: axes.imshow([[1, 2], [3, 4]]), gallery.cases(), "A picture of numbers.")


@pytest.mark.parametrize(
    "text",
    [
        '<svg xmlns="http://www.w3.org/2000/svg"><style>a{}</style></svg>',
        '<svg xmlns="http://www.w3.org/2000/svg" onload="x()"/>',
        '<svg xmlns="http://www.w3.org/2000/svg"><path style="fill:red"/></svg>',
        '<svg xmlns="http://www.w3.org/2000/svg"><path fill="url(https://x.invalid/a.svg#b)"/></svg>',
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:x="http://www.w3.org/1999/xlink"><g x:href="#a"/></svg>',
        '<svg xmlns="http://www.w3.org/2000/svg"><foreignObject/></svg>',
    ],
)
def test_what_a_drawing_may_not_hold(text: str) -> None:
    with pytest.raises(AnalysisError, match="a drawing may not"):
        svg.parsed(text)
