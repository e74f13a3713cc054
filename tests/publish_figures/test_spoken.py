"""Figures in Spanish: every form is laid out again around Spanish words, and says nothing in English."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import gallery
import geopandas
import pandas as pd
import pytest
import shapely

from analysis.publish import figures, maps, wording
from analysis.publish.wording import Terms, words_for_kernel

SOURCE = Path(wording.__file__).parents[1]
# Words that no Spanish description holds; names in the gallery are invented, its labels have no terms here.
ENGLISH = re.compile(r"\b(the|with|above|below|cannot|measurably|highest|lowest|chart|plot|rose|fell)\b", re.IGNORECASE)


@pytest.fixture
def in_spanish(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let figures be drawn in Spanish as well, with these terms."""

    def set_words(known: dict[str, str], typed: tuple[str, ...] = ()) -> None:
        words = {"es": Terms(known, frozenset(typed))}
        monkeypatch.setenv(wording.KERNEL_WORDS, words_for_kernel(words))

    return set_words


def told_sentences() -> list[str]:
    """Every sentence of the code that drawings look up, as a pattern where its words vary."""
    found = []
    for path in sorted([*SOURCE.glob("figures/*.py"), *SOURCE.glob("maps/*.py")]):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "told" and node.args:
                given = node.args[0]
                if isinstance(given, ast.Constant):
                    found.append(re.escape(str(given.value)))
                elif isinstance(given, ast.JoinedStr):
                    parts = [
                        re.escape(str(p.value)) if isinstance(p, ast.Constant) else "[a-z ]*" for p in given.values
                    ]
                    found.append("".join(parts))
    return found


@pytest.mark.parametrize("pattern", told_sentences())
def test_every_sentence_of_a_drawing_has_its_spanish(pattern: str) -> None:
    sentences = wording.wording("es")["sentences"]
    matching = [sentence for sentence in sentences if re.fullmatch(pattern, sentence)]
    assert matching
    for sentence in matching:
        forms = sentences[sentence] if isinstance(sentences[sentence], list) else [sentences[sentence]]
        for form in forms:
            assert set(re.findall(r"\{(\w+)\}", form)) <= set(re.findall(r"\{(\w+)\}", sentence))


def test_no_spanish_is_left_over() -> None:
    patterns = told_sentences()
    unused = [s for s in wording.wording("es")["sentences"] if not any(re.fullmatch(p, s) for p in patterns)]
    assert [s for s in unused if s not in {"on {when}", "in {when}", "at {when}"}] == []


@pytest.mark.parametrize("name", sorted(set(gallery.FORMS) - {"drawn"}))
def test_every_form_is_drawn_again(name: str, in_spanish: Any) -> None:
    in_spanish({})
    drawing = gallery.FORMS[name]()
    spanish, words = drawing.others["es"]
    given = {word for asked in words.asked for word in asked.split()}  # what has no term here stays as it was given
    for text in (spanish.alt, *(re.findall(r"<text[^>]*>([^<]*)</text>", spanish.svg + spanish.svg_narrow))):
        assert not [word for word in ENGLISH.findall(text) if word not in given], text
    assert spanish.data.shape == drawing.data.shape


def test_without_another_language_nothing_is_drawn_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(wording.KERNEL_WORDS, raising=False)
    assert gallery.FORMS["dotrange"]().others == {}


RATES = pd.DataFrame({"who": ["Least crowded", "Venice"], "rate": [2.0, 3.0], "low": [1.5, 2.5], "high": [2.5, 3.5]})


def dots() -> figures.Drawing:
    return figures.dotrange(
        RATES, "who", "rate", unit="ratio", low="low", high="high", reference=(1.0, "No difference"),
        axis="Times the rate", noun="rate",
    )  # fmt: skip


KNOWN = {
    "Least crowded": "Menos hacinado",
    "Times the rate": "Veces la tasa",
    "No difference": "Sin diferencia",
    "rate": "tasa / tasas",
}


def test_labels_and_nouns_are_the_notebook_s(in_spanish: Any) -> None:
    in_spanish(KNOWN, ("Least crowded",))
    spanish, words = dots().others["es"]
    assert "Menos hacinado" in spanish.svg
    assert "Venice" in spanish.svg
    assert "Veces la tasa" in spanish.svg
    assert spanish.alt == (
        "Gráfica de puntos de dos tasas con intervalos del 95 por ciento, de 2 a 3. Por encima de forma medible de "
        "Sin diferencia (1): Venice, Menos hacinado. Por debajo de forma medible: 0."
    )
    assert ">2 a 3<" in spanish.svg
    assert not words.missing


def test_what_the_code_types_and_no_term_says_is_missing(in_spanish: Any) -> None:
    in_spanish({}, ("Least crowded", "No difference"))
    _, words = dots().others["es"]
    assert set(words.missing) == set(KNOWN)
    assert words.asked["Venice"] is None


def test_a_column_called_like_a_noun_is_still_found(in_spanish: Any) -> None:
    in_spanish({"rate": "tasa / tasas", "who": "quién"})
    assert dots().others["es"][0].data.columns.tolist() == ["who", "rate", "low", "high"]


def test_dates_and_months_are_spanish(in_spanish: Any) -> None:
    in_spanish({"Cases": "Casos", "Order": "Orden"})
    frame = pd.DataFrame({"day": pd.date_range("2020-03-01", "2020-08-01", freq="W"), "n": range(22)})
    drawing = figures.timeline(frame, "day", "n", unit="count", label="Cases", events=[("2020-05-04", "Order")])
    spanish = drawing.others["es"][0]
    assert "Casos: 0 el 1 de marzo de 2020, el más bajo; 21 el 26 de julio de 2020, el más alto." in spanish.alt
    assert "Orden (4 de mayo de 2020)" in spanish.alt
    assert ">abr<" in spanish.svg


def test_a_map_has_a_spanish_legend_and_script(in_spanish: Any) -> None:
    in_spanish({"Share": "Porcentaje", "tract": "tramo / tramos", "council district": "distrito / distritos"})
    squares = [shapely.box(9e4 * x, 0, 9e4 * (x + 1), 9e4) for x in range(4)]
    frame = geopandas.GeoDataFrame({"geoid": list("abcd"), "v": [1, 2, 3, None]}, geometry=squares, crs="EPSG:2229")
    drawing = maps.choropleth(frame, "v", unit="percent", crs="EPSG:2229", classes=2, label="Share")
    spanish = drawing.others["es"][0]
    assert spanish.alt.startswith(
        "Mapa de 4 tramos, sombreado según porcentaje, de 1 a 3 por ciento. Tramos por clase: "
    )
    assert [entry.label for entry in spanish.legend] == ["2% o más", "menos de 2%", "sin datos"]
    assert spanish.interaction["words"]["hint"] == "Señale un área (tramo), tóquela o recorra el mapa con las flechas."
