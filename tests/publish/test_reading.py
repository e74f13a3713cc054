"""Words, sentences and syllables of texts whose counts are known."""

from __future__ import annotations

import pytest

from analysis.publish.reading import measured, syllables


def test_a_text_with_published_counts() -> None:
    # Wikipedia, "Flesch–Kincaid readability tests": 13 words and 24 syllables; reading ease 37.5 follows from them.
    measure = measured(["The Australian platypus is seemingly a hybrid of a mammal and reptilian creature."])
    assert (measure.words, measure.sentences, measure.syllables) == (13, 1, 24)
    ease = 206.835 - 1.015 * 13 - 84.6 * 24 / 13
    assert ease == pytest.approx(37.5, abs=0.05)
    assert measure.grade == pytest.approx(0.39 * 13 + 11.8 * 24 / 13 - 15.59)


def test_the_simplest_text() -> None:
    # The same page: "The cat sat on the mat." scores 116 for ease, 6 words of one syllable.
    measure = measured(["The cat sat on the mat."])
    assert (measure.words, measure.syllables) == (6, 6)
    ease = 206.835 - 1.015 * 6 - 84.6
    assert ease == pytest.approx(116, abs=0.2)
    assert measure.grade == pytest.approx(-1.45)


# Syllables as in Merriam-Webster's dictionary.
WORDS = {
    "rents": 1,
    "rose": 1,
    "houses": 2,
    "wages": 2,
    "places": 2,
    "changed": 1,
    "counted": 2,
    "needed": 2,
    "table": 2,
    "tables": 2,
    "percent": 2,
    "district": 2,
    "household": 2,
    "income": 2,
    "measure": 2,
    "measures": 2,
    "people": 2,
    "residents": 3,
    "median": 3,
    "city": 2,
    "uncertainty": 5,
    "inequality": 5,
    "neighborhood": 3,
    "apartment": 3,
    "the": 1,
    "every": 3,
    "estimate": 3,
}


def test_the_rule_is_right_for_most_words_and_never_far_off() -> None:
    off = {word: syllables(word) - count for word, count in WORDS.items() if syllables(word) != count}
    assert all(abs(gap) == 1 for gap in off.values()), off
    assert len(off) <= 3, off


def test_an_empty_text_has_no_grade() -> None:
    assert measured([]).grade == 0
    assert measured(["—"]).sentences == 0
