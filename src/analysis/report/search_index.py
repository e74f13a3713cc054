"""What the search of the index holds: every title, and what the papers about the whole city say of their findings.

A paper issued again for each district says the same sentences with other numbers; its title leads to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from analysis.publish.wording import ENGLISH

if TYPE_CHECKING:
    from analysis.report.portfolio import Listed


def search_index(listed: Sequence[Listed], language: str) -> dict[str, Any]:
    """Pages, and passages as page (its place in the list), finding, text and, where the text lacks it, value.

    A passage leads to the place of its finding on the page. What is not told in the language is held in English.
    """
    pages: list[dict[str, str]] = []
    passages: list[list[Any]] = []
    for one in listed:
        told = one.told(language)
        if told is None or one.summary is None:
            continue
        own = language == ENGLISH or told is not one.summary
        page = {"href": one.file(language), "number": one.number, "topic": one.topic, "title": told.title}
        page |= {"place": ", ".join(filter(None, (told.place if one.summary.varied else "", one.choice)))}
        page |= {"asks": one.asks, **({} if own else {"lang": ENGLISH})}
        passages += [
            [len(pages), passage.finding, passage.text, *([passage.value] if passage.value else [])]
            for passage in (told.passages if one.is_main else ())
        ]
        pages.append(page)
    return {"pages": pages, "passages": passages}
