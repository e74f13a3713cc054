"""Where a page says its findings: a place for each that a link can lead to, and what the index says of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from markupsafe import Markup

from analysis.publish import phrases
from analysis.publish.findings import Finding
from analysis.publish.prose import Quote
from analysis.publish.units import unit_named
from analysis.publish.wording import said
from analysis.report.cards import Card, uncertainty_words
from analysis.report.sections import Head, Section
from analysis.report.summary import Lead, Passage

_NUMBER = re.compile(r'(<button type="button" class="finding" data-finding="([\w-]+)")')


@dataclass(frozen=True)
class Placed:
    """A page whose numbers have places, and the names of the findings that have one in its text."""

    head: Head
    sections: tuple[Section, ...]
    footnotes: Markup
    names: frozenset[str]


def anchor(finding: str) -> str:
    """The id of the place where a finding is said. No heading has one like it: those are in hyphens.

    >>> anchor("rent_growth")
    'said_rent_growth'
    """
    return f"said_{finding}"


def place(head: Head, sections: Sequence[Section], footnotes: Markup) -> Placed:
    """Give each finding an anchor where the text first says it; in the title only if nothing else does."""
    names: set[str] = set()

    def first(number: re.Match[str]) -> str:
        if number[2] in names:
            return number[0]
        names.add(number[2])
        return f'{number[1]} id="{anchor(number[2])}"'

    def placed(html: Markup) -> Markup:
        return Markup(_NUMBER.sub(first, html))

    parts = []
    for part in sections:
        heading = placed(part.heading)
        blocks = [replace(b, prose=placed(b.prose)) if b.prose is not None else b for b in part.blocks]
        parts.append(replace(part, heading=heading, blocks=blocks))
    notes, standfirst = placed(footnotes), placed(head.standfirst)
    return Placed(replace(head, title=placed(head.title), standfirst=standfirst), tuple(parts), notes, frozenset(names))


def lead(quotes: Sequence[Quote], tags: Mapping[int, set[str]], findings: Mapping[str, Finding]) -> Lead | None:
    """The finding a page leads with: a number that it says in short.

    Of those the first that its title states, too; else the first with an interval; else the first. None where nothing
    in short is a number. ``tags`` are those of the cells.
    """
    short: dict[str, Quote] = {}
    for quote in quotes:
        if "in-short" in tags[quote.cell]:
            short |= {name: quote for name in quote.findings if name not in short and _is_number(findings[name])}
    titled = chain.from_iterable(q.findings for q in quotes if _is_title(q, tags))
    chosen = next((name for name in titled if name in short), None)
    chosen = chosen or next((name for name in short if findings[name].interval), None) or next(iter(short), None)
    if chosen is None:
        return None
    found = findings[chosen]
    value = phrases.signed(found) if found.change else phrases.value(found)
    return Lead(chosen, value, uncertainty_words(found), short[chosen].text)


def _is_number(found: Finding) -> bool:
    return found.status == "ok" and unit_named(found.unit).kind == "number"


def _is_title(quote: Quote, tags: Mapping[int, set[str]]) -> bool:
    return quote.kind == "heading" and "title" in tags[quote.cell]


def passages(quotes: Sequence[Quote], tags: Mapping[int, set[str]], cards: Sequence[Card]) -> tuple[Passage, ...]:
    """Every finding once: in the first sentence of the text that says it, else by what it is of.

    The place of a sentence is that of its first number with an interval, else of its first finding.
    """
    return tuple(_passages(quotes, tags, {card.name: card for card in cards}))


def _passages(quotes: Sequence[Quote], tags: Mapping[int, set[str]], cards: Mapping[str, Card]) -> Iterator[Passage]:
    told: set[str] = set()
    of_title = [quote for quote in quotes if "title" in tags[quote.cell]]
    for quote in [*(quote for quote in quotes if quote not in of_title), *of_title]:
        new = [name for name in quote.findings if name not in told]
        if new and quote.kind == "paragraph":
            told.update(new)
            measured = (name for name in new if cards[name].export["interval"])
            yield Passage(next(measured, new[0]), quote.text)
    for name, card in cards.items():
        if name not in told:
            yield Passage(name, _label(card), _value(card))


def _label(card: Card) -> str:
    """What a finding is of, in the words of its card; its name where the card says none."""
    facts, words = dict(card.facts), said("facts")
    known = (facts.get(words[name], "") for name in ("denominator", "area", "period"))
    return "; ".join(text for text in known if text) or facts.get(words["note"], "") or card.name.replace("_", " ")


def _value(card: Card) -> str:
    return f"{card.value} ({card.uncertainty})" if card.export["interval"] else card.value
