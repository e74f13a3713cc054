"""What a map shows, in sentences."""

from __future__ import annotations

import numpy as np

from analysis.publish.figures.numbers import capitalized, counted, once
from analysis.publish.maps.input import Overlay, Places
from analysis.publish.maps.shading import Shading
from analysis.publish.units import plural
from analysis.publish.wording import said

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
    where = f" in and around {over.names[over.place(area)]}" if over and area else ""
    opening = f"Map of {len(places.keys):,} {plural(noun, len(places.keys))}{where}"
    opening += f", shaded by {label[0].lower() + label[1:]}" if label else ""
    sentences = [opening + _range(places, shading, label) + "."]
    filled = [(c.label, n) for c, n in zip(shading.classes, shading.counts, strict=True)]
    ordered = filled if shading.scribe is None else filled[::-1]
    sentences.append(
        f"{capitalized(plural(noun))} by class: " + "; ".join(f"{name}, {n:,}" for name, n in ordered) + "."
    )
    if over is not None and area is None:
        sentences += _where(places, shading, over, plural(noun), overlay_noun)
    for status, count in shading.empty.items():
        sentences.append(f"{capitalized(counted(count, noun))}: {said('status', status)}, hatched.")
    return " ".join(sentences)


def _range(places: Places, shading: Shading, label: str) -> str:
    if shading.scribe is None:
        return ""
    low, high = float(np.nanmin(places.values)), float(np.nanmax(places.values))
    return ", from " + once(shading.scribe.span(low, high), label)


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
        if names and len(names) <= MOST_NAMED:
            found.append(f"At least half of the {places_noun} are in the {word} class in {', '.join(names)}.")
        elif names:
            found.append(f"At least half of the {places_noun} are in the {word} class in {counted(len(names), noun)}.")
    return found
