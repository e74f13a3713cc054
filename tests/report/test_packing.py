"""Data and outlines as a page carries them: nothing lost, nothing twice."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.project import AnalysisError
from analysis.report.packing import Shelf, packed, unpacked, written
from analysis.report.shared_shapes import Outlines

cells = st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.floats(-1e6, 1e6), st.text(max_size=6))


@given(st.lists(cells, max_size=60))
def test_a_column_comes_back_as_it_was(values: list[object]) -> None:
    back = unpacked(json.loads(written(packed(values))))
    assert written(back) == written(values)


@given(st.lists(st.text("ab", max_size=4), max_size=40))
def test_no_form_is_longer_than_the_plain_one(values: list[str]) -> None:
    assert len(written(packed(values))) <= len(written(values))


def test_true_is_not_one_and_none_is_not_empty() -> None:
    values = [1, True, None, "", 1, True, None, "", 1, True] * 4
    assert written(unpacked(packed(values))) == written(values)


def test_many_different_values_are_listed_by_number() -> None:
    values = [f"{i % 40} is the number of a place with many words, as it ought to be: {i % 40}" for i in range(200)]
    form = packed(values)
    assert isinstance(form["at"], list), "forty do not fit one sign of base 36"
    assert unpacked(form) == values


def test_an_equal_column_is_carried_once() -> None:
    shelf, names = Shelf(), packed([f"Tract {i * i}" for i in range(100)])
    first = shelf.put("rent", [names, [1, 2]])
    second = shelf.put("income", [[1, 2], names])
    assert first == [names, [1, 2]]
    assert second == [[1, 2], {"same": "rent", "column": 0}], "short ones stay where they are"
    assert unpacked(second[1], {"rent": first})[3] == "Tract 9"


SVG = '<svg><g fill="#fff"><path d="{0}" data-key="a&amp;b" /><path d="{1}" data-key="c" /></g>{2}</svg>'
LINE = "M0 0" + "h1v1" * 60
BORDER = f'<path d="{LINE}" fill="none" class="map-casing" /><path d="{LINE}" fill="none" class="map-line" />'
TOLD = {"near": [[1], []], "place": [0, -1], "words": {}}


def test_outlines_are_drawn_once_and_referred_to() -> None:
    page = Outlines()
    first = page.drawn("rent", SVG.format("M0 0h1v1z", "M1 0h1v1z", BORDER), ["a&b", "c"], TOLD)
    second = page.drawn("income", SVG.format("M0 0h1v1z", "M1 0h1v1z", BORDER), ["a&b", "c"], TOLD)
    assert '<path id="a.0" d="M0 0h1v1z"/><path id="a.1" d="M1 0h1v1z"/>' in first.drawing
    assert '<use href="#a.0"/><use href="#a.1"/>' in second.drawing
    assert (first.drawing + second.drawing).count(LINE) == 1
    assert first.interaction["near"] == [[1], []], "steps from a place to its later neighbours"
    assert second.interaction["near"] == "rent"
    targets = set(re.findall(r'href="#([^"]+)"', first.drawing + second.drawing))
    assert targets <= set(re.findall(r' id="([^"]+)"', first.drawing))


def test_other_shapes_are_not_taken_for_the_same() -> None:
    page = Outlines()
    page.drawn("rent", SVG.format("M0 0h1v1z", "M1 0h1v1z", ""), ["a&b", "c"], TOLD)
    moved = page.drawn("income", SVG.format("M0 0h2v1z", "M1 0h1v1z", ""), ["a&b", "c"], TOLD)
    assert '<path id="b.0" d="M0 0h2v1z"/>' in moved.drawing
    swapped = page.drawn("age", SVG.format("M0 0h1v1z", "M1 0h1v1z", ""), ["c", "a&b"], TOLD)
    assert 'id="c.1" d="M0 0h1v1z"' in swapped.drawing, "a shape has the number of its row"


def test_shapes_without_rows_are_refused() -> None:
    with pytest.raises(AnalysisError, match="its shapes are not those of its data"):
        Outlines().drawn("rent", SVG.format("M0 0z", "M1 0z", ""), ["a&b", "d"], TOLD)


@pytest.mark.skipif(not shutil.which("node"), reason="no Node on this machine: the browser tests read packed data too")
def test_the_script_reads_what_is_packed() -> None:
    columns = [["a", "b", "a"], ["x1", "x2", "x3"], [1.5, None, True], ["long"] * 3]
    held = {"data-one": {"columns": list("pqrs"), "packed": [packed(column) for column in columns]},
            "data-two": {"columns": ["p"], "packed": [{"same": "one", "column": 1}]}}  # fmt: skip
    document = f"const held = {json.dumps(held)}; const document = {{ getElementById: id => held[id] ? " \
               "{ textContent: JSON.stringify(held[id]) } : null };"  # fmt: skip
    script = files("analysis.report").joinpath("templates", "data.js").read_text(encoding="utf-8")
    ask = "console.log(JSON.stringify([Data.read('one').rows, Data.read('two').rows, Data.read('none')]))"
    ran = subprocess.run(["node", "-e", document + script + ask], capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout) == [[list(row) for row in zip(*columns, strict=True)], [["x1"], ["x2"], ["x3"]], None]
