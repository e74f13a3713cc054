"""No Spanish sentence says more than value and interval carry, and verbs, numbers and genders agree."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.publish import phrases, spanish
from analysis.publish.findings import STATUSES, Finding
from analysis.publish.literals import literals
from analysis.publish.policy import Policy
from analysis.publish.templates import Speaker, Vocabulary
from analysis.publish.wording import Terms, said, speaking

from .test_phrases import changes, numbers_in, shares, side

VERBS: dict[str, str] = said("moved", "verbs", language="es")
PLURALS = sorted(verb for verb in VERBS if verb.endswith("ron"))


def counted_by(text: str) -> list[float]:
    english = text.replace("mil\u00a0millones", "billion").replace("mil millones", "billion")
    english = english.replace("millones", "million").replace("millón", "million")
    return numbers_in(re.sub(r"(?:en )?dólares(?: corrientes)? de 2018|cada 100,000", "", english))


@given(changes(), st.sampled_from(sorted(VERBS)), st.booleans())
def test_no_direction_without_an_interval_that_supports_it(x: Finding, verb: str, span: bool) -> None:
    low, high = x.interval or (x.number, x.number)
    with speaking("es"):
        text = phrases.moved(x, verb, span=span)
    expected = verb if low > 0 else VERBS[verb] if high < 0 else "no cambiaron" if verb in PLURALS else "no cambió"
    assert text.startswith(expected)


@given(changes(), st.sampled_from(["mejoró", "mejoraron"]))
def test_what_is_judged_improves_only_on_its_better_side(x: Finding, verb: str) -> None:
    low, high = x.interval or (x.number, x.number)
    with speaking("es"):
        text = phrases.direction(x, verb, judged=True)
    ending = "aron" if verb == "mejoraron" else "ó"
    better = (low > 0) == (x.higher_is == "better")
    unchanged = "no cambiaron" if verb == "mejoraron" else "no cambió"
    expected = unchanged if low <= 0 <= high else f"{'mejor' if better else 'empeor'}{ending}"
    assert text.startswith(expected)


@given(changes())
def test_sign_and_verb_agree(x: Finding) -> None:
    with speaking("es"):
        text = phrases.moved(x)
    if text.startswith("no cambió"):
        assert not counted_by(text)
    else:
        assert "−" not in text
        assert counted_by(text)[0] > 0


@given(changes())
def test_rounding_never_crosses_a_stated_threshold(x: Finding) -> None:
    with speaking("es"):
        printed = counted_by(phrases.value(x))[0]
    for limit in (0.0, *x.threshold):
        assert side(printed, limit) == side(x.number, limit)


@given(changes())
def test_the_numbers_are_those_of_the_english_sentence(x: Finding) -> None:
    def sentences() -> list[str]:
        return [phrases.value(x), phrases.moved(x, span=True), phrases.interval_range(x), phrases.signed(x)]

    english = sentences()
    with speaking("es"):
        told = sentences()
    assert [counted_by(text) for text in told] == [numbers_in(text) for text in english]


@given(shares(), st.sampled_from(["uno", "una"]))
def test_a_share_in_words_is_the_fraction_said_in_english(x: Finding, form: str) -> None:
    english = phrases.share(x)
    with speaking("es"):
        told = phrases.share(x, form=form)
    assert told.startswith("aproximadamente") == english.startswith("about")
    assert not re.search(r"\bun[oa]\b", told) or form in told
    assert counted_by(told) == numbers_in(english)


@pytest.mark.parametrize("status", [status for status in STATUSES if status != "ok"])
@pytest.mark.parametrize("filtered", ["", "| range", "| moved", '| moved("aumentaron")', "| signed", "| brief"])
def test_what_is_missing_or_suppressed_never_prints_a_digit(status: str, filtered: str) -> None:
    x = Finding(name="x", value=None, unit="people", status=status, change=True, no_interval="a reason 3")
    with speaking("es"):
        speaker = Speaker({"x": x}, Vocabulary({}, {}, {}, {}, {}))
        said_of_it = speaker.pieces.spoken(speaker.render(f"{{{{ x {filtered} }}}}"))
    assert said_of_it
    assert not re.search(r"\d", said_of_it)


def level(value: float, low: float, high: float) -> Finding:
    return Finding(name="x", value=value, unit="percent", interval=(low, high), level=0.95)


@pytest.mark.parametrize(
    ("form", "told"),
    [
        (None, ["mayor que", "menor que", "indistinguible de"]),
        ("alta", ["más alta que", "más baja que", "indistinguible de"]),
        ("altos", ["más altos que", "más bajos que", "indistinguibles de"]),
    ],
)
def test_comparisons_agree_in_gender_and_number(form: str | None, told: list[str]) -> None:
    high, low, wide = level(40, 39, 41), level(20, 19, 21), level(30, 10, 50)
    with speaking("es"):
        assert [phrases.compared(*pair, form=form) for pair in ((high, low), (low, high), (high, wide))] == told


@pytest.mark.parametrize(
    ("noun", "number", "told"),
    [
        ("lugar", 3, "lugares"), ("vez", 2, "veces"), ("hogar", 1, "hogar"), ("razón", 2, "razones"),
        ("sector / sectores", 1, "sector"), ("sector censal / sectores censales", 4, "sectores censales"),
        ("lunes", 2, "lunes"), ("mes", 2, "meses"), ("interés", 2, "intereses"),
    ],
)  # fmt: skip
def test_nouns_agree_with_their_number(noun: str, number: int, told: str) -> None:
    assert spanish.plural(noun, number) == told


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["Aldea", "Inglewood"], "Aldea e Inglewood"), (["Aldea", "Historic Core"], "Aldea y Historic Core"),
        (["Aldea", "hijos"], "Aldea e hijos"), (["Aldea", "Yarrow"], "Aldea y Yarrow"),
        (["Aldea", "Bahía", "Cerro"], "Aldea, Bahía y Cerro"),
    ],
)  # fmt: skip
def test_lists_end_as_they_are_spoken(names: list[str], told: str) -> None:
    with speaking("es"):
        assert phrases.enumeration(names) == told


@pytest.mark.parametrize(
    "text",
    ["Son 39.", "en dos tercios de los casos", "uno de cada cuatro", "la mitad de los hogares", "tres por ciento",
     "el doble", "la mayoría", "treinta personas", "mil hogares", "dos sectores"],
)  # fmt: skip
def test_numbers_typed_by_hand_are_found(text: str) -> None:
    with speaking("es"):
        assert literals(text, Policy())


@pytest.mark.parametrize(
    "text",
    ["El 4 de marzo de 2020 abrió.", "del 4 al 10 de marzo de 2020", "en marzo de 2020", "desde 2018", "de 2014–18",
     "hay dos opciones", "un cuarto para aislarse", "media página", "la mitad del año"],
)  # fmt: skip
def test_dates_and_words_of_the_text_itself_are_no_numbers(text: str) -> None:
    with speaking("es"):
        assert not literals(text, Policy())


def test_money_says_its_year() -> None:
    rent = Finding(
        name="x", value=1390.0, unit="dollars", no_interval="a", year=2018, real=True, noun="a month", decimals=0
    )
    with speaking("es", Terms({"a month": "al mes"})):
        assert phrases.value(rent).replace("\u00a0", " ") == "$1,390 al mes en dólares de 2018"
