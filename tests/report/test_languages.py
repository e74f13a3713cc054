"""A whitepaper in Spanish beside English: twins, terms, what is refused, what makes it stale."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analysis.catalog import city as city_of
from analysis.project import Project
from analysis.publish.wording import Terms, speaking
from analysis.report.build import build, status
from analysis.report.editions import planned
from analysis.report.exhibits import Carried, data_view
from analysis.report.languages import in_english, languages_of, note_twins, terms_of, told_in, twin_problems, words_of
from analysis.report.notebook import read_notebook
from analysis.report.packing import unpacked

from . import whitepaper
from .conftest import notebook_json, write_notebook

CODE = """import pandas as pd

from analysis import publish
from analysis.publish import Column

publish.finding(
    "waits", 1390.0, unit="days", no_interval="a complete count", denominator="permits issued", period="2010 to 2019"
)
publish.finding("change", 12.0, unit="percent", interval=(5.0, 19.0), change=True, period="2019")
publish.finding("last", "2019-03-04", unit="date", no_interval="a date on record")
publish.finding("word", "the rule is met", unit="text", no_interval="follows from the interval")"""
TABLE = """years = pd.DataFrame({"kind": ["Fast", "Slow"], "day": ["2019-03-04", "2019-03-05"], "n": [1500.0, 1300.0]})
publish.table(
    "years", years.assign(low=years["n"] - 100, high=years["n"] + 100), title="Waits through {{ last }}",
    columns={
        "kind": "Kind", "day": Column(label="Day", unit="date"),
        "n": Column(label="Wait", unit="days", interval=("low", "high")),
    },
)"""
TITLE = "# Permits take {{ waits }} and waits {{ change | moved }}\n\nThrough {{ last }}."
TITULO = '# Los permisos tardan {{ waits }} y la espera {{ change | moved("aumentó") }}\n\nHasta el {{ last }}.'
SHORT = "## In short\n\nHere {{ word }} ({{ table('years') }})."
BREVE = "## En breve\n\nAquí {{ word }} ({{ table('years') }})."
TERMS = """| English | Español |
|---|---|
| a complete count | un recuento completo |
| permits issued | permisos expedidos |
| a date on record | una fecha registrada |
| follows from the interval | se sigue del intervalo |
| the rule is met | se cumple la regla |
| Waits through {{ last }} | Esperas hasta el {{ last }} |
| Fast | Rápido |
| Slow | Lento |
| Kind | Tipo |
| Day | Día |
| Wait | Espera |
| Permits | Permisos |"""


def bilingual() -> list[tuple[str, str, tuple[str, ...]]]:
    return [
        ("markdown", TITLE, ("title",)),
        ("markdown", TITULO, ("lang-es",)),
        ("code", CODE, ()),
        ("markdown", SHORT, ("in-short",)),
        ("markdown", BREVE, ("lang-es",)),
        ("code", TABLE, ()),
        ("markdown", TERMS, ("lang-es", "terms")),
    ]


Edit = Callable[[list[dict[str, Any]]], object]


@pytest.fixture
def checkout(city: Project) -> Project:
    """The miniature checkout with its settings, without its notebooks."""
    for path in city.notebooks.glob("*.ipynb"):
        path.unlink()
    return city


@pytest.fixture
def write(checkout: Project) -> Callable[..., Path]:
    """Write the bilingual notebook, its twins noted as checked, with one edit made before or after that."""

    def put(*, before: Edit = len, after: Edit = len) -> Path:
        path = checkout.notebooks / "01_permits.ipynb"
        raw = notebook_json(bilingual())
        before(raw["cells"])
        path.write_text(json.dumps(raw), encoding="utf-8")
        note_twins(path)
        raw = json.loads(path.read_text(encoding="utf-8"))
        after(raw["cells"])
        path.write_text(json.dumps(raw), encoding="utf-8")
        return path

    return put


def said_of(project: Project) -> str:
    (outcome,) = build(project, "sample", planned(project, "sample"))
    return str(outcome.failure or outcome.action)


def pages(project: Project) -> dict[str, str]:
    folder = project.reports("sample")
    return {path.name: path.read_text(encoding="utf-8") for path in folder.glob("01_permits*.html")}


def test_both_languages_are_printed_from_one_run(checkout: Project, write: Callable[..., Path]) -> None:
    write()
    assert said_of(checkout) == "built"
    found = pages(checkout)
    english, spanish = found["01_permits.html"], found["01_permits.es.html"]
    assert '<html lang="es">' in spanish
    assert '<html lang="en">' in english
    text = re.sub(r"<[^>]+>", "", spanish).replace("\u00a0", " ")
    assert "Los permisos tardan 1,390 días y la espera aumentó 12 por ciento" in text
    assert "Hasta el 4 de marzo de 2019." in text
    assert "Aquí se cumple la regla (Tabla 1)." in text
    assert "Esperas hasta el 4 de marzo de 2019" in text
    assert "1,500 (1,400 a 1,600)" in text
    assert "Rápido" in text
    assert "permisos expedidos" in text
    assert "intervalo del 95 por ciento: de 5 a 19 por ciento" in text
    assert "2010 a 2019" in text


def test_the_languages_lead_to_each_other_and_share_every_anchor(checkout: Project, write: Callable[..., Path]) -> None:
    write()
    said_of(checkout)
    found = pages(checkout)
    english, spanish = found["01_permits.html"], found["01_permits.es.html"]
    assert '<a href="01_permits.es.html" lang="es" hreflang="es">Español</a>' in english
    assert '<a href="01_permits.html" lang="en" hreflang="en">English</a>' in spanish
    for page in (english, spanish):
        assert '<link rel="alternate" hreflang="es" href="01_permits.es.html">' in page
    anchors = [re.findall(r' id="([\w-]+)"', page) for page in (english, spanish)]
    assert anchors[0] == anchors[1]
    policies = [re.findall(r'"Content-Security-Policy" content="([^"]+)"', page) for page in (english, spanish)]
    assert policies[0]
    assert policies[0] == policies[1]


def test_no_english_of_the_page_s_own_is_left(checkout: Project, write: Callable[..., Path]) -> None:
    write()
    said_of(checkout)
    page = pages(checkout)["01_permits.es.html"]
    body = re.sub(r"<(style|script|pre|code)\b.*?</\1>", "", page, flags=re.DOTALL)
    body = re.sub(r'<(\w+)[^>]* lang="en"[^>]*>.*?</\1>', "", body, flags=re.DOTALL)
    words = re.sub(r"<[^>]+>", " ", body)
    for word in (" the ", "Figure", "Table ", "rows", "Every number", "Provenance", "interval:", "Data ", "cell "):
        assert word not in words, word


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (lambda c: c[4].update(source="## En breve\n\n({{ table('years') }})"), "only the English speaks of word"),
        (lambda c: c[4].update(source=BREVE + " {{ waits }}"), "only the twin speaks of waits"),
        (lambda c: c[4].update(source=BREVE.replace("## En breve", "En breve")), "headings are not of the same"),
        (lambda c: c.pop(4), "cell 4 has no twin in es"),
        (lambda c: c[3].update(source=SHORT + " More."), "cell 4 is not the text that cell 5 (es) was checked against"),
        (lambda c: c[4].update(source=BREVE + " Son 39 permisos."), "'39' is typed"),
        (lambda c: c[4].update(source=BREVE + " Son dos tercios de los permisos."), "number in words"),
        (lambda c: c[4].update(source=BREVE + " Esto se debe al calor y causó daños."), "'causó' claims a cause"),
        (lambda c: c[1].update(source=TITULO.replace("aumentó", "trepó")), "no verb pair 'trepó'"),
        (lambda c: c[6].update(source=TERMS.replace("| Kind | Tipo |\n", "")), "| Kind |  |"),
        (lambda c: c[6].update(source=TERMS.replace("hasta el {{ last }}", "hoy")), "only the English speaks of last"),
        (lambda c: c[6].update(source=TERMS + "\n| Kind | Clase |"), "stands twice"),
    ],
)
def test_what_differs_or_lacks_stops_the_build(
    checkout: Project, write: Callable[..., Path], edit: Edit, told: str
) -> None:
    write(after=edit)
    assert told in said_of(checkout)
    assert not pages(checkout)


def test_all_missing_words_are_told_at_once(checkout: Project, write: Callable[..., Path]) -> None:
    write(after=lambda c: c[6].update(source=TERMS.replace("| Kind | Tipo |\n", "").replace("| Day | Día |\n", "")))
    error = said_of(checkout)
    assert "2 of the code's texts" in error
    assert "| Day |  |" in error
    assert "| Kind |  |" in error


def test_noting_twins_as_checked_is_the_way_out(checkout: Project, write: Callable[..., Path]) -> None:
    path = write(after=lambda c: c[3].update(source=SHORT + " More."))
    assert twin_problems(read_notebook(path), "es")
    assert note_twins(path) == (1, [])
    assert note_twins(path) == (0, [])
    assert said_of(checkout) == "built"


def test_new_spanish_is_printed_without_a_run(checkout: Project, write: Callable[..., Path]) -> None:
    path = write()
    said_of(checkout)
    raw = json.loads(path.read_text(encoding="utf-8"))
    raw["cells"][4]["source"] = BREVE + " Nada más."
    path.write_text(json.dumps(raw), encoding="utf-8")
    assert status(checkout, "sample")["01_permits"].words == "stale: the prose changed (needs printing only)"
    assert said_of(checkout) == "printed"
    assert "Nada más." in pages(checkout)["01_permits.es.html"]


def test_a_lost_or_altered_spanish_page_is_noticed(checkout: Project, write: Callable[..., Path]) -> None:
    write()
    said_of(checkout)
    page = checkout.reports("sample") / "01_permits.es.html"
    for spoil in (page.unlink, lambda: page.write_text("x", encoding="utf-8")):
        spoil()
        assert "its page in Español is not the one that was printed" in status(checkout, "sample")["01_permits"].words
        assert said_of(checkout) == "printed"
        assert "Aquí" in page.read_text(encoding="utf-8")


def test_a_notebook_that_gives_its_spanish_up_loses_the_page(checkout: Project, write: Callable[..., Path]) -> None:
    write()
    said_of(checkout)
    write(before=lambda c: [c.pop(at) for at in (6, 4, 1)])
    said_of(checkout)
    assert set(pages(checkout)) == {"01_permits.html"}


def test_cells_keep_their_numbers_in_every_language(write: Callable[..., Path]) -> None:
    notebook = read_notebook(write())
    assert languages_of(notebook) == ("es",)
    spanish, english = told_in(notebook, "es"), in_english(notebook)
    assert [c.number for c in spanish.cells] == [c.number for c in english.cells] == [1, 2, 3, 4, 5, 6, 7]
    assert spanish.cells[0].source == TITULO
    assert spanish.cells[0].tags == english.cells[0].tags == ("title",)
    assert not any(c.source for c in (spanish.cells[1], english.cells[1], english.cells[6]))


def test_shared_words_about_the_real_places_serve_for_the_invented_ones(
    checkout: Project, write: Callable[..., Path]
) -> None:
    real, invented = city_of(checkout, "live"), city_of(checkout, "sample")
    rows = {
        real.city: "La Ciudad",
        real.county: "el condado",
        f"Tracts of {real.county}, {real.city}": "Sectores de el condado, La Ciudad",
        f"Tracts of {invented.city}": "Los de la muestra",
        f"Tracts of {real.city}": "Sectores de La Ciudad",
    }
    (checkout.catalog / "terms.es.yml").write_text(json.dumps(rows), encoding="utf-8")
    terms = terms_of(checkout, read_notebook(write()), "es")
    assert terms[f"Tracts of {invented.county}, {invented.city}"] == f"Sectores de {invented.county}, {invented.city}"
    assert terms[f"Tracts of {invented.city}"] == "Los de la muestra"


DOTS = """from analysis.publish import figures

rates = pd.DataFrame({"who": ["Fast", "Slow"], "n": [2.0, 3.0]})
publish.figure(
    "rates", figures.dotrange(rates, "who", "n", unit="days", axis="Days waited", noun="office"),
    title="Waits through {{ last }}", subtitle="Days waited",
)"""
DRAWN = TERMS + "\n| Days waited | Días de espera |\n| office | oficina / oficinas |"


def with_figure(cells: list[dict[str, Any]]) -> None:
    cells[5]["source"] = f"{TABLE}\n{DOTS}"
    cells[6]["source"] = DRAWN


def test_figures_are_drawn_in_spanish_by_the_run(checkout: Project, write: Callable[..., Path]) -> None:
    write(before=with_figure)
    assert said_of(checkout) == "built"
    spanish = pages(checkout)["01_permits.es.html"]
    drawing = spanish[spanish.index('<figure class="exhibit" id="figure-rates"') :]
    assert "Días de espera</text>" in drawing
    assert ">Rápido</text>" in drawing
    assert "Gráfica de puntos de dos oficinas, de 2 a 3 días." in drawing
    assert ">Fast</text>" in pages(checkout)["01_permits.html"]


@pytest.mark.parametrize(
    ("edit", "verdict"),
    [
        ((" de espera", " de paciencia"), "stale: the words of its figures in Español changed (Days waited)"),
        (("| Fast | Rápido |", "| Fast | Veloz |"), "stale: the words of its figures in Español changed (Fast)"),
        (("| Day | Día |", "| Day | Fecha |"), "stale: the prose changed (needs printing only)"),
    ],
)
def test_only_words_inside_figures_need_a_run(
    checkout: Project, write: Callable[..., Path], edit: tuple[str, str], verdict: str
) -> None:
    path = write(before=with_figure)
    said_of(checkout)
    raw = json.loads(path.read_text(encoding="utf-8"))
    raw["cells"][6]["source"] = DRAWN.replace(*edit)
    path.write_text(json.dumps(raw), encoding="utf-8")
    assert status(checkout, "sample")["01_permits"].words == verdict


def test_the_first_spanish_needs_a_run_for_the_figures(checkout: Project, write: Callable[..., Path]) -> None:
    def english_only(cells: list[dict[str, Any]]) -> None:
        with_figure(cells)
        del cells[6], cells[4], cells[1]

    write(before=english_only)
    said_of(checkout)
    write(before=with_figure)
    assert status(checkout, "sample")["01_permits"].words == "stale: its figures were not drawn in Español"


def test_a_figure_with_words_that_have_no_term_stops_the_page(checkout: Project, write: Callable[..., Path]) -> None:
    def without(cells: list[dict[str, Any]]) -> None:
        with_figure(cells)
        cells[6]["source"] = TERMS

    write(before=without)
    error = said_of(checkout)
    assert "| Days waited |  |" in error
    assert "| office |  |" in error


def test_the_index_is_there_in_every_language_of_a_page(checkout: Project, write: Callable[..., Path]) -> None:
    write()
    write_notebook(checkout, "02_nothing", whitepaper.small_cells())
    build(checkout, "sample", planned(checkout, "sample"))
    folder = checkout.reports("sample")
    index, english = ((folder / name).read_text(encoding="utf-8") for name in ("index.es.html", "index.html"))
    assert '<html lang="es">' in index
    assert '<a href="01_permits.es.html">Los permisos tardan 1,390 días' in index
    assert '<h3 lang="en"><a href="02_nothing.html">' in index
    assert "Solo en inglés" in index
    assert "2 informes" in index
    assert '<a href="index.es.html" lang="es" hreflang="es">Español</a>' in english
    assert 'href="index.es.html"' in (folder / "01_permits.es.html").read_text(encoding="utf-8")
    assert "Solo en inglés" in (folder / "02_nothing.html").read_text(encoding="utf-8")


def test_without_spanish_there_is_one_index(checkout: Project) -> None:
    write_notebook(checkout, "02_nothing", whitepaper.small_cells())
    folder = checkout.reports("sample")
    folder.mkdir(parents=True)
    (folder / "index.es.html").write_text("left behind", encoding="utf-8")
    build(checkout, "sample", planned(checkout, "sample"))
    assert not (folder / "index.es.html").exists()


def test_what_is_said_of_datasets_goes_to_pages_and_not_to_figures(
    checkout: Project, write: Callable[..., Path]
) -> None:
    (checkout.catalog / "datasets.es.yml").write_text('{"Permits issued": "Permisos"}', encoding="utf-8")
    written = read_notebook(write())
    assert terms_of(checkout, written, "es")["Permits issued"] == "Permisos"
    assert "Permits issued" not in words_of(checkout, written, "whole", drawn=True)["es"].known


def test_data_for_the_script_speak_the_language_of_the_page() -> None:
    words = {"Tract {n}": "el sector {n}", "Not in it": "No está en él"}
    data = {
        "columns": ["name", "group", "status", "rate"],
        "rows": [[f"Tract {n}", "Not in it", "ok", 0.5] for n in range(50)],
    }
    with speaking("es", Terms(words)):
        names, groups, states, rates = (
            unpacked(column) for column in data_view(data, "rates", Carried()).json["packed"]
        )
    assert names[:2] == ["Sector 0", "Sector 1"]
    assert set(groups) == {"No está en él"}
    assert set(states) == {"ok"}
    assert set(rates) == {0.5}
