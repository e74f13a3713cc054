"""The files of words: every language has the same keys, and Spanish agrees with Unicode's own data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from babel.dates import format_date, get_month_names
from babel.numbers import format_decimal

from analysis.publish.units import UNITS, written, written_date
from analysis.publish.wording import speaking, wording

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
