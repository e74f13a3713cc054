"""What a sentence claims by itself: numbers, number words, directions, causes and superlatives nobody computed.

The rule, in short. In a text from which everything computed or declared has been taken out:

* every digit, of any script, is a literal, except in years and dates, in the numbering of a heading, and in names
  that the policy lists;
* a number word is a literal where it measures ("hundreds", "twice", "a third of", "one in four", "majority", "three
  percent", "two tracts"), not where it enumerates the text itself ("three ways", "two choices");
* a verb of direction beside a change that is printed bare, a causal verb without a finding that declares a design,
  and a superlative beside a place that shares its rank are claims that the findings do not carry.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from analysis.publish.policy import Policy
from analysis.publish.templates import PLACEHOLDER, TOKEN, Piece, Pieces
from analysis.publish.wording import language, said

_YEAR = r"(?:1[6-9]|20|21)\d\d"
_DASH = "[-\u2010-\u2015]"
_UNTIL = f"(?:{_DASH}|[ \u00a0]to[ \u00a0])"


@dataclass(frozen=True)
class Claim:
    """Offending text, where it begins, and what is wrong with it."""

    start: int
    text: str
    message: str


@dataclass(frozen=True)
class Sentence:
    """One sentence: ``text`` with a placeholder for each of its ``pieces``; ``raw`` with tokens, from ``start``."""

    text: str
    raw: str
    pieces: tuple[Piece, ...]
    start: int


def masked(text: str) -> str:
    """The text with each token replaced by one placeholder, padded so that positions stay."""
    return TOKEN.sub(lambda match: PLACEHOLDER + "\ufff9" * (len(match[0]) - 1), text)


def sentences(text: str, pieces: Pieces) -> list[Sentence]:
    """A passage cut into sentences; abbreviations and initials do not end one."""
    plain = masked(text)
    found, begin = [], 0
    for match in re.finditer(r"[.!?…][\"'”’)\]]*(?=\s|\Z)", plain):
        if match.end() < len(plain) and _abbreviated(plain[begin : match.end()]):
            continue
        found.append((begin, match.end()))
        begin = match.end()
    if plain[begin:].strip():
        found.append((begin, len(plain)))
    return [
        Sentence(plain[low:high].replace("\ufff9", ""), text[low:high], tuple(pieces.within(text[low:high])), low)
        for low, high in found
    ]


def _abbreviated(text: str) -> bool:
    last = text.split()[-1] if text.split() else ""
    return last.lstrip("(") in _abbreviations(language()) or bool(re.fullmatch(r"\(?[A-Z]\.", last))


@cache
def _abbreviations(spoken: str) -> frozenset[str]:
    return frozenset(said("claims", "abbreviations", language=spoken))


def literals(text: str, policy: Policy, *, heading: bool = False) -> list[Claim]:
    """Digits and number words typed into a text whose tokens are placeholders.

    >>> [claim.text for claim in literals("In 2018 rents rose 39 percent in 2,346 tracts", Policy())]
    ['39', '2,346']
    """
    allowed = _allowed(text, policy, heading)
    numbers = [
        Claim(low, text[low:high], f"{text[low:high]!r} is typed: publish it as a finding, or declare it with lit()")
        for low, high in _number_spans(text, allowed)
    ]
    return sorted([*numbers, *_number_words(text, allowed)], key=lambda claim: claim.start)


def _number_spans(text: str, allowed: Sequence[tuple[int, int]]) -> Iterable[tuple[int, int]]:
    """Runs of characters without blanks that hold a digit outside the allowed spans; surrounding marks are cut off."""
    for match in re.finditer(r"[^\s\u00a0\ufffc\ufff9\ufffb/–—]+", text):
        inside = [i for i in range(*match.span()) if _is_number(text[i]) and not _within(i, allowed)]
        if inside:
            low, high = match.span()
            while low < inside[0] and not text[low].isalnum() and text[low] not in "$€£−-+.":
                low += 1
            while high > inside[-1] + 1 and not text[high - 1].isalnum() and text[high - 1] != "%":
                high -= 1
            yield low, high


def _is_number(char: str) -> bool:
    return unicodedata.category(char) in {"Nd", "Nl", "No"}


def _within(index: int, spans: Sequence[tuple[int, int]]) -> bool:
    return any(low <= index < high for low, high in spans)


def _allowed(text: str, policy: Policy, heading: bool) -> list[tuple[int, int]]:
    """Spans where digits are names or dates."""
    spans = [match.span() for name in policy.literal_names for match in re.finditer(_whole(name), text)]
    for pattern in _dates(language()):
        spans += [match.span() for match in pattern.finditer(text) if not _counts_something(text[match.end() :])]
    spans += [match.span() for match in re.finditer(r"(?<=m)[²³](?!\w)", text)]
    if heading and (match := re.match(r"\s*(?:\d+\.)*\d+\.?(?=\s)", text)):
        spans.append(match.span())
    return spans


def _whole(name: str) -> str:
    return rf"(?<!\w){re.escape(name)}(?!\w)"


@cache
def _dates(spoken: str) -> tuple[re.Pattern[str], ...]:
    months = said("months", language=spoken)
    month = "(?:" + "|".join([*months, *(rf"{name[:3]}\.?" for name in months), r"Sept\.?"]) + ")"
    day, gap = r"(?:[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?", "[ \u00a0]"
    short = rf"{_YEAR}(?:{_UNTIL}{_YEAR}|(?:{_DASH}|/)\d\d)?"
    patterns = (
        r"\d{4}-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?",
        rf"{month}{gap}{day}(?:{_UNTIL}(?:{month}{gap})?{day})?(?:,{gap}{_YEAR})?",
        rf"{day}(?:{_UNTIL}{day})?{gap}{month}(?:,?{gap}{_YEAR})?",
        rf"{day}(?:(?:{_UNTIL}|{gap}al?{gap}){day})?{gap}de{gap}{month}(?:{gap}de{gap}{_YEAR})?",  # 4 de marzo de 2020
        rf"(?:Q[1-4]{gap})?{short}s?",
    )
    return tuple(re.compile(rf"(?<![\w.,$€£−+]){pattern}(?![\w%]|[.,]\d)") for pattern in patterns)


def _counts_something(rest: str) -> bool:
    """Whether the words after what looks like a year make it a count: "2018 tracts", "2000 people"."""
    match = re.match(r"[\s\u00a0-]+(\w+)", rest)
    return bool(match) and match is not None and match[1].lower() in _measured(language())


@cache
def _measured(spoken: str) -> frozenset[str]:
    claims = said("claims", language=spoken)
    return frozenset(claims["measured"]) - frozenset(claims["after_year"])


def _number_words(text: str, allowed: Sequence[tuple[int, int]]) -> list[Claim]:
    found: list[Claim] = []
    taken = list(allowed)
    for pattern in _word_patterns(language()):
        for match in pattern.finditer(text):
            if not any(low < match.end() and match.start() < high for low, high in taken):
                told = "is a number in words: say it through a finding (value, share, plural), or declare it with lit()"
                found.append(Claim(match.start(), match[0], f"{match[0]!r} {told}"))
                taken.append(match.span())
    return found


@cache
def _word_patterns(spoken: str) -> tuple[re.Pattern[str], ...]:
    claims = said("claims", language=spoken)
    numbers, small, measured = ("|".join(claims[key]) for key in ("numbers", "small", "measured"))
    return (
        *(re.compile(phrase, re.IGNORECASE) for phrase in claims["phrases"]),
        re.compile(rf"\b(?:{numbers})\b", re.IGNORECASE),
        re.compile(rf"\b(?:{small})[ \u00a0-](?:\w+ )?(?:{measured})\b", re.IGNORECASE),
    )


def repeated_units(text: str) -> list[Claim]:
    """A unit typed after a finding, which prints its own, or a currency sign before one."""
    after = "|".join(re.escape(word) if word == "%" else rf"{word}\b" for word in said("claims", "units_after"))
    pattern = re.compile(rf"[$€£]\s?{PLACEHOLDER}|{PLACEHOLDER}\ufff9*[\s\u00a0]*(?:{after})")
    return [
        Claim(match.start(), match[0], "a unit is typed beside a finding, which prints its own: remove it")
        for match in pattern.finditer(text)
    ]


def sentence_claims(sentence: Sentence, policy: Policy, places: frozenset[str], *, disclaims: bool) -> list[Claim]:
    """Causes, directions and superlatives of one sentence that its findings do not carry."""
    found = [] if disclaims else _causes(sentence, policy)
    return [*found, *_directions(sentence), *_superlatives(sentence, places)]


def _causes(sentence: Sentence, policy: Policy) -> list[Claim]:
    if any(piece.finding is not None and piece.finding.design for piece in sentence.pieces):
        return []
    return [
        Claim(match.start(), match[0], f"{match[0]!r} claims a cause, and no finding in the sentence declares a design")
        for match in _phrases(policy.causes_in(language())).finditer(sentence.text)
    ]


def _directions(sentence: Sentence) -> list[Claim]:
    bare = [
        piece
        for piece in sentence.pieces
        if piece.finding is not None and piece.finding.change and piece.filter not in {"moved", "direction"}
    ]
    if not bare:
        return []
    return [
        Claim(
            match.start(),
            match[0],
            f"{match[0]!r} is typed beside the change {bare[0].name!r}: let the interval choose the verb, "
            f"{{{{ {bare[0].name} | moved }}}}",
        )
        for match in _phrases(tuple(said("claims", "directions"))).finditer(sentence.text)
    ]


def _superlatives(sentence: Sentence, places: frozenset[str]) -> list[Claim]:
    match = _phrases(tuple(said("claims", "superlatives"))).search(sentence.text)
    if match is None:
        return []
    found = []
    for piece in sentence.pieces:
        finding = piece.finding
        if finding is None or finding.unit != "text" or finding.status != "ok" or piece.filter == "rank_group":
            continue
        if finding.group is not None and len(finding.group) > 1:
            told = f"{match[0]!r} singles out {piece.name!r}, which shares its rank: use {piece.name} | rank_group"
            found.append(Claim(match.start(), match[0], told))
        elif finding.group is None and str(finding.value) in places:
            told = f"{match[0]!r} ranks {piece.name!r}, whose rank group is not stated: give publish.finding group=[…]"
            found.append(Claim(match.start(), match[0], told))
    for place in sorted(places):
        if re.search(_whole(place), sentence.text):
            told = f"{match[0]!r} ranks {place!r}, typed by hand: name places in a ranking through a finding"
            found.append(Claim(match.start(), match[0], told))
    return found


@cache
def _phrases(words: tuple[str, ...]) -> re.Pattern[str]:
    if not words:
        return re.compile(r"(?!)")
    ordered = sorted(words, key=len, reverse=True)
    choices = "|".join(r"\s+".join(re.escape(part) for part in word.split()) for word in ordered)
    return re.compile(rf"(?<![\w-])(?:{choices})(?![\w-])", re.IGNORECASE)
