"""What a notebook publishes travels in its outputs, through a real kernel."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from analysis import publish
from analysis.project import AnalysisError
from analysis.publish import payload, session
from analysis.publish.exhibits import figure
from analysis.publish.findings import Finding, finding
from analysis.publish.previews import preview, previewed
from analysis.publish.references import load_references

SETUP = "from analysis import publish\nimport pandas as pd"
FINDING = "publish.finding('tracts', 1204, unit='count', no_interval='complete count', noun='census tract')"
TABLE = (
    "publish.table('t', pd.DataFrame({'n': [3]}), title='T', columns={'n': publish.Column(label='N', unit='count')})"
)
DOWNLOAD = "publish.download('d', pd.DataFrame({'n': [3]}), title='D', description='x')"


def executed(root: Path, *cells: str) -> Any:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    client = NotebookClient(notebook, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(root)}})
    return client.execute()


def test_an_executed_notebook_carries_everything(root: Path) -> None:
    notebook = executed(
        root, SETUP, FINDING, TABLE, DOWNLOAD, "f = publish.finding('again', 2, unit='days', no_interval='x')\nf"
    )
    written = json.loads(nbformat.writes(notebook))
    found = payload.published(written)
    assert found.findings["tracts"] == Finding.from_json(found.findings["tracts"].to_json())
    assert found.findings["tracts"].value == 1204
    assert list(found.exhibits) == ["t"]
    assert found.table_numbers == {"t": 1}
    assert found.downloads["d"].rows == 1
    assert found.cells == {"tracts": 2, "t": 3, "d": 4, "again": 5}
    # One output each: the value of the cell is not shown a second time.
    assert [len(cell.outputs) for cell in notebook.cells] == [0, 1, 1, 1, 1]
    assert set(notebook.cells[1].outputs[0].data) == {payload.FINDING, "text/html", "text/plain"}


def test_a_name_used_in_two_cells_stops_the_run(root: Path) -> None:
    with pytest.raises(CellExecutionError, match="published twice"):
        executed(root, SETUP, FINDING + "\n" + FINDING)


def test_two_outputs_of_one_name_are_refused_when_read(made: Callable[..., Finding]) -> None:
    output = {"data": {payload.FINDING: made().to_json()}}
    notebook = {"cells": [{"outputs": [output]}, {"outputs": [output]}]}
    with pytest.raises(AnalysisError, match="cells 1 and 2"):
        payload.published(notebook)


def test_running_a_cell_again_replaces_its_finding(
    made: Callable[..., Finding], monkeypatch: pytest.MonkeyPatch
) -> None:
    for run in (1, 2):
        monkeypatch.setattr(session, "_where", lambda run=run: ("cell-a", run))
        session.record(made(value=float(run)), card="", text="")
    assert session.recorded("finding")["rent_change"].value == 2.0
    monkeypatch.setattr(session, "_where", lambda: ("cell-b", 3))
    with pytest.raises(AnalysisError, match="published twice"):
        session.record(made(), card="", text="")


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = ("pandas", "numpy", "jinja2", "matplotlib")
    code = f"import sys, analysis.publish; print([m for m in {heavy} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"


@dataclass(frozen=True)
class Sketch:
    """A drawing as the figures make them."""

    data: pd.DataFrame
    alt: str = "Rents rose in most places."
    svg: str = "<svg></svg>"
    svg_narrow: str = ""

    def named(self, name: str) -> Sketch:
        return replace(self, svg=f"<svg id='{name}'></svg>")

    def with_alt(self, alt: str) -> Sketch:
        return replace(self, alt=alt)


FRAME = pd.DataFrame({"place": ["Aldea"], "deaths": [20], "rate": [float("nan")]})


def test_figures_are_recorded_with_words_data_and_source(loaded: Callable[..., Any]) -> None:
    loaded("tract_periods")
    finding("rent_change", 39.2, unit="percent", interval=(35.1, 43.3), change=True)
    made = figure(
        "rents",
        Sketch(FRAME),
        title="Rents {{ rent_change | moved }}",
        subtitle="Median",
        alt="They {{ rent_change | moved }}.",
    )
    assert made.alt == "They rose 39 percent."
    assert made.source == "Source: Census Bureau (ACS 2014–18)."
    assert made.data == {"columns": ["place", "deaths", "rate"], "rows": [["Aldea", 20, None]]}
    assert "id='rents'" in made.svg
    assert payload.Figure.from_json(json.loads(payload.dumps(made))) == made


def test_maps_are_drawn_and_recorded() -> None:
    geopandas, shapely = pytest.importorskip("geopandas"), pytest.importorskip("shapely")
    squares = [shapely.box(x, 0, x + 1000, 1000) for x in range(0, 4000, 1000)]
    columns = {"geoid": list("abcd"), "called": ["Aldea", "Bahía", "<b>", "Duna"], "v": [10.0, 20.0, 30.0, None]}
    shapes = geopandas.GeoDataFrame(columns, geometry=squares, crs="EPSG:2229")
    made = publish.map(
        "rent_map", shapes, "v", title="Rents", subtitle="Median", unit="percent", classes=2, label="Share",
        name_column="called", crs="EPSG:2229",
    )  # fmt: skip
    assert payload.Map.from_json(json.loads(payload.dumps(made))) == made
    assert made.data["columns"][:2] == ["geoid", "name"]
    assert made.data["rows"][3][2] is None
    assert made.interaction["near"][0] == [1]
    assert "<b>" not in made.svg
    assert session.recorded("figure") == {"rent_map": made}


def squares_with_two_measures() -> Any:
    """Twelve squares with two measures; one of the second is withheld, though its number is there."""
    geopandas, shapely = pytest.importorskip("geopandas"), pytest.importorskip("shapely")
    frame = geopandas.GeoDataFrame(
        {"geoid": list("abcdefghijkl"), "risk": range(12), "need": [(7 * i) % 12 + 20 for i in range(12)]},
        geometry=[shapely.box(x, 0, x + 1000, 1000) for x in range(0, 12000, 1000)], crs="EPSG:2229",
    )  # fmt: skip
    return frame.assign(why=["suppressed", *["ok"] * 11])


OF_TWO = {"title": "Risk and need", "subtitle": "By square", "unit": "percent", "label": "Risk", "crs": "EPSG:2229"}
NEED = publish.Measure(label="Renters", unit="people", period="2018", status="why", no_interval="counted")


def test_a_map_of_two_measures_records_both() -> None:
    made = publish.map("both", squares_with_two_measures(), "risk", against="need", against_measure=NEED, **OF_TWO)
    assert payload.Map.from_json(json.loads(payload.dumps(made))) == made
    assert made.data["columns"] == ["geoid", "risk", "status", "need", "need_status"]
    assert made.data["rows"][0] == ["a", 0, "ok", None, "suppressed"]
    assert [measure["label"] for measure in made.measures] == ["Risk", "Renters"]
    assert made.measures[1]["values"][:2] == [None, 27]
    assert sum(place >= 0 for place in made.interaction["place"]) == 11


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"against_measure": None}, "give both `against`"),
        ({"against_measure": publish.Measure(label="Renters", unit="people", period="2018")}, "`low` and `high`"),
        (
            {"people_columns": ["need"], "shapes": lambda f: f.assign(need=f["need"] - 15)},
            "'need' shows .* from 1 to 10",
        ),
    ],
)
def test_what_a_map_of_two_measures_needs(fields: dict[str, Any], told: str) -> None:
    shapes = fields.pop("shapes", lambda f: f)(squares_with_two_measures())
    with pytest.raises(AnalysisError, match=told):
        publish.map("both", shapes, "risk", **{"against": "need", "against_measure": NEED, **OF_TWO, **fields})


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"title": " "}, "no title"),
        ({"subtitle": ""}, "no subtitle"),
        ({"alt": "up"}, "no alternative text"),
        ({"alt": "It rose by 39 percent then."}, "39"),
        ({"people_columns": ["deaths"], "frame": FRAME.assign(deaths=3)}, "from 1 to 10"),
        ({"name": "rent map"}, "plain identifier"),
    ],
)
def test_what_a_figure_needs(fields: dict[str, Any], told: str) -> None:
    fields = {"name": "rents", "title": "Rents", "subtitle": "Median", **fields}
    sketch = Sketch(fields.pop("frame", FRAME))
    with pytest.raises(AnalysisError, match=told):
        figure(fields.pop("name"), sketch, **fields)


def test_a_preview_shows_prose_problems_and_what_is_still_to_come(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    finding("rent_change", 39.2, unit="percent", interval=(35.1, 43.3), change=True)
    sources = ["# Rents {{ rent_change | moved }}", "Later {{ income_change | moved }} and 12 more."]
    notebook = {"cells": [{"cell_type": "markdown", "source": source} for source in sources]}
    html, text = previewed(notebook, "01.ipynb")
    assert "rose 39\u00a0percent" in html
    assert "income_change: not run yet" in html
    assert "&#x27;12&#x27; is typed" in html
    assert "reading grade" in text
    file = tmp_path / "01.ipynb"
    file.write_text(json.dumps(notebook), encoding="utf-8")
    preview(file)
    assert "cell 2, line 1" in capsys.readouterr().out


def test_the_notebook_is_found_or_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    with pytest.raises(AnalysisError, match=r"preview\('path"):
        preview()
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "gone.ipynb"))
    with pytest.raises(AnalysisError, match="save it first"):
        preview()


REFERENCES = """\
zou_donner:
  authors: [\"Zou, G.\", \"Donner, A.\"]
  year: 2008
  title: Construction of confidence limits
  container: Statistics in Medicine 27
  url: https://doi.org/10.1002/sim.3095
acs:
  authors: U.S. <Census> Bureau
  year: 2020
  title: Handbook
  short: Census Bureau 2020
"""


def test_references_are_read_and_escaped(tmp_path: Path) -> None:
    file = tmp_path / "references.yml"
    file.write_text(REFERENCES, encoding="utf-8")
    found = load_references(file)
    assert found["zou_donner"].short == "Zou and Donner 2008"
    assert found["acs"].short == "Census Bureau 2020"
    assert "<Census>" not in found["acs"].html
    assert load_references(tmp_path / "none.yml") == {}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a:\n  year: 2\n  title: x\n", "references.yml:1: a: authors is missing"),
        (REFERENCES + "acs:\n  authors: x\n  year: 1\n  title: y\n", "references.yml:12: reference 'acs' stands twice"),
        ("a:\n  authors: x\n  year: 2\n  titel: x\n", "did you mean title"),
        ("a:\n  authors: x\n  year: 2\n  title: x\n  url: javascript:x\n", "https"),
        ("- a\n", "mapping"),
        ("a: [", "not readable"),
    ],
)
def test_a_broken_reference_is_named_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "references.yml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(AnalysisError, match=told):
        load_references(file)


def test_the_references_of_this_checkout_are_sound() -> None:
    assert isinstance(load_references(), dict)
