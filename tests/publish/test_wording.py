"""The files of words: every language has the same keys, and Spanish agrees with Unicode's own data."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from babel.dates import format_date, get_month_names
from babel.numbers import format_decimal

from analysis.publish import theme
from analysis.publish.units import UNITS, written, written_date
from analysis.publish.wording import Terms, as_label, contracted, speaking, term, wording

# What a language has of its own: verbs and forms, not entries.
OWN = {"moved.verbs", "moved.judged", "moved.plural", "compared.forms"}
ENGLISH_ONLY = {"plurals", "people_nouns"}
SPANISH_ONLY = {"sentences"}


def entries(words: Any, path: str = "") -> Iterator[str]:
    if not isinstance(words, dict) or path in OWN:
        yield path
        return
    for key, entry in words.items():
        yield from entries(entry, f"{path}.{key}" if path else str(key))


def places(text: str) -> list[str]:
    return sorted(re.findall(r"\{(\w+)\}", text))


def flat(words: Any, path: str = "") -> dict[str, str]:
    if isinstance(words, dict):
        return {k: v for key, entry in words.items() for k, v in flat(entry, f"{path}.{key}").items()}
    return {path: words} if isinstance(words, str) else {}


def test_both_languages_have_the_same_entries() -> None:
    english = {key for key in entries(wording("en")) if key.split(".")[0] not in ENGLISH_ONLY}
    spanish = {key for key in entries(wording("es")) if key.split(".")[0] not in SPANISH_ONLY}
    assert english == spanish


def test_drawings_have_the_same_words_in_both_languages() -> None:
    words = theme.style().words
    assert set(entries(words["en"])) == set(entries(words["es"]))
    english, spanish = flat(words["en"]), flat(words["es"])
    assert {path: places(text) for path, text in english.items()} == {p: places(text) for p, text in spanish.items()}


def test_both_languages_fill_in_the_same_things() -> None:
    english, spanish = flat(wording("en")), flat(wording("es"))
    for path, text in english.items():
        if path in spanish and not path.startswith(".shares"):
            assert places(text) == places(spanish[path]), path


def test_dates_and_numbers_are_those_of_spanish_in_the_united_states() -> None:
    assert wording("es")["months"] == list(get_month_names("wide", locale="es_US").values())
    with speaking("es"):
        for day in (date(2020, 3, 4), date(2019, 12, 31)):
            assert written_date(day.isoformat()).replace("\u00a0", " ") == format_date(day, "long", locale="es_US")
        for number in (1390.5, 0.25, 1234567.0):
            assert written(number, UNITS["ratio"], 2) == format_decimal(number, "#,##0.00", locale="es_US")


KNOWN = {
    "{n}% of rows are revisions": "{n}% de las filas son revisiones",
    "{n} of {n} rows": "{n} de las {n} filas",
    "Council District {n}": "el Distrito {n} del Concejo",
    "Certificates": "Certificados",
    "A; B": "a y b",
    "{text} (invented)": "{text} (datos inventados)",
}


@pytest.mark.parametrize(
    ("english", "spanish"),
    [
        ("0.4% of rows are revisions", "0.4% de las filas son revisiones"),
        ("2,346 of 9,384 rows", "2,346 de las 9,384 filas"),
        ("Council District 9", "el Distrito 9 del Concejo"),
        ("Certificates; Council District 15", "Certificados; el Distrito 15 del Concejo"),
        ("A; B", "a y b"),
        ("Certificates (invented)", "Certificados (datos inventados)"),
        ("Council District 9 (invented); Certificates (invented)",
         "el Distrito 9 del Concejo (datos inventados); Certificados (datos inventados)"),
    ],
)  # fmt: skip
def test_what_is_put_together_from_known_texts_and_numbers_is_known(english: str, spanish: str) -> None:
    with speaking("es", Terms(KNOWN)) as terms:
        assert term(english) == spanish
    assert not terms.missing


@pytest.mark.parametrize("english", ["Certificates; Permits", "9 of rows", "Permits (invented)", "District", "7"])
def test_what_is_known_in_part_is_missing_as_a_whole(english: str) -> None:
    with speaking("es", Terms(KNOWN)) as terms:
        assert term(english) == english
    assert list(terms.missing) == [english]


def test_no_entry_is_hidden_by_a_method_of_its_mapping() -> None:
    def keys(words: Any) -> Iterator[str]:
        if isinstance(words, dict):
            for key, entry in words.items():
                yield str(key)
                yield from keys(entry)

    assert not [key for key in keys(wording("en")) if hasattr(dict, key)]


@pytest.mark.parametrize(
    ("english", "spanish"),
    [("Council District 9", "Distrito 9 del Concejo"), ("Los Angeles", "Los Ángeles"), ("Venice", "Venice")],
)
def test_a_name_in_a_heading_has_no_article(english: str, spanish: str) -> None:
    with speaking("es", Terms({**KNOWN, "Los Angeles": "Los Ángeles"})):
        assert as_label(term(english, needed=False)) == spanish
    assert as_label("the Distrito 9") == "the Distrito 9"


def test_two_words_that_are_one_are_written_so() -> None:
    with speaking("es"):
        assert contracted("de el ingreso de el sector, a el sur de El Sereno") == (
            "del ingreso del sector, al sur de El Sereno"
        )
    assert contracted("de el") == "de el"


def test_no_shared_term_stands_twice(root: Path) -> None:
    lines = (root / "data" / "catalog" / "terms.es.yml").read_text(encoding="utf-8").splitlines()
    rows = [key for line in lines if line.strip() and not line.startswith("#") for key in yaml.safe_load(line)]
    assert not [key for key, times in Counter(rows).items() if times > 1]
