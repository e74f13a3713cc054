"""What a map shows, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.publish.figures.numbers import capitalized, counted, once
from analysis.publish.maps.input import Overlay, Places
from analysis.publish.maps.shading import Shading
from analysis.publish.units import plural
from analysis.publish.wording import said, told

# An area is named where this share of its places is in the class, and it holds enough of them.
MOSTLY = 0.5
MOST_NAMED = 5


def map_alt(
    places: Places,
    shading: Shading,
    over: Overlay | None,
    *,
    label: str,
    noun: str,
    overlay_noun: str,
    area: str | None,
) -> str:
    """How many places, between which numbers, how many in each class, where the highest are, what is missing."""
    where = told(" in and around {place}", place=over.names[over.place(area)]) if over and area else ""
    shapes = f"{len(places.keys):,} {plural(noun, len(places.keys))}{where}"
    shaded = told(", shaded by {label}", label=label[0].lower() + label[1:]) if label else ""
    sentences = [told("Map of {shapes}", shapes=shapes) + shaded + _range(places, shading, label) + "."]
    filled = [(c.label, n) for c, n in zip(shading.classes, shading.counts, strict=True)]
    ordered = filled if shading.scribe is None else filled[::-1]
    sentences.append(
        told("{places} by class: ", places=capitalized(plural(noun)))
        + "; ".join(f"{name}, {n:,}" for name, n in ordered)
        + "."
    )
    if over is not None and area is None:
        sentences += _where(places, shading, over, plural(noun), overlay_noun)
    for status, count in shading.empty.items():
        places_without = capitalized(counted(count, noun))
        sentences.append(told("{places}: {status}, hatched.", places=places_without, status=said("status", status)))
    return " ".join(sentences)


def _range(places: Places, shading: Shading, label: str) -> str:
    if shading.scribe is None:
        return ""
    low, high = float(np.nanmin(places.values)), float(np.nanmax(places.values))
    return told(", from {span}", span=once(shading.scribe.span(low, high), label))


def listed_areas(names: Sequence[str], noun: str) -> str:
    """A few areas by name, many by their number."""
    return ", ".join(names) if len(names) <= MOST_NAMED else counted(len(names), noun)


def _where(places: Places, shading: Shading, over: Overlay, places_noun: str, noun: str) -> list[str]:
    """Areas mostly in the highest and mostly in the lowest class."""
    if shading.scribe is None:
        return []
    found = []
    area = np.array(places.area)
    ends = [(len(shading.classes) - 1, "highest"), (0, "lowest")]
    for at, word in ends:
        names = []
        for i, name in enumerate(over.names):
            own = shading.place[(area == i) & (shading.place >= 0)]
            if own.size and float((own == at).mean()) >= MOSTLY:
                names.append(name)
        if names:
            found.append(
                told(
                    f"At least half of the {{places}} are in the {word} class in {{where}}.",
                    places=places_noun,
                    where=listed_areas(names, noun),
                )
            )
    return found
