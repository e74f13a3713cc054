"""To whom a dataset is credited, for the real city and for the invented one.

The catalogue speaks of the real publishers. Sample rows have the form of theirs and
nothing else, so no real publisher, place, period or flaw is named as their own.
"""

from __future__ import annotations

from dataclasses import dataclass

from analysis.catalog import City, city
from analysis.provenance import INVENTED_BY
from analysis.refine.workbench import Shelf


@dataclass(frozen=True)
class Attribution:
    """How a dataset is named in a report; ``known_dirt`` in sentences."""

    title: str
    publisher: str
    licence: str
    landing_page: str
    period: str
    known_dirt: tuple[str, ...]


def attribution(shelf: Shelf, dataset: str, covers: str | None = None) -> Attribution:
    """Title, publisher, licence, page, period and known dirt of a dataset of this source.

    ``covers`` are the first and last day found in it, where it has days; the period of
    an invented dataset is that, since the catalogue promises for the real one.
    """
    entry = shelf.catalog[dataset]
    if not shelf.city.synthetic:
        return Attribution(
            entry.title, entry.publisher, entry.licence, entry.landing_page, str(entry.period), entry.known_dirt
        )
    real = city(shelf.project, "live")
    return Attribution(
        title=f"{renamed(entry.title, real, shelf.city)} (invented)",
        publisher=f"{INVENTED_BY} {entry.publisher}",
        licence="Apache-2.0, as this project",
        landing_page=entry.landing_page,
        period=covers or str(entry.period),
        known_dirt=("The kinds of dirt of the real dataset, planted; what was found is counted here.",),
    )


def renamed(text: str, real: City, invented: City) -> str:
    """The text with the names of the real places replaced by those of the invented ones.

    >>> from dataclasses import replace
    >>> one = City("Los Angeles", "Los Angeles County", "California", "06", "06037", "", "", "", False, "")
    >>> renamed("Tracts of Los Angeles County", one, replace(one, city="Meridia", county="Meridia County"))
    'Tracts of Meridia County'
    """
    for name in ("county", "city", "state"):
        text = text.replace(getattr(real, name), getattr(invented, name))
    return text
