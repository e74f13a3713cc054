"""Where the links of a page lead."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from lxml import html as lxml_html

_LANDS = """place => new Promise(done => {
  history.replaceState(null, "", "#");
  location.hash = place;
  requestAnimationFrame(() => requestAnimationFrame(() => {
    const target = document.getElementById(decodeURIComponent(place));
    if (!target) return done(false);
    const at = target.getBoundingClientRect(), shown = target.checkVisibility() && at.width > 0;
    done(shown && at.top < innerHeight && at.bottom > 0);
  }));
})"""


@cache
def _ids(file: Path) -> frozenset[str]:
    return frozenset(lxml_html.parse(str(file)).xpath("//@id"))


def _is_there(file: Path, place: str) -> bool:
    """Whether a page has a place; the map of all measures is opened at a measure, ``m=01.rent.rent``."""
    if place.startswith("m="):
        measure = place.partition("m=")[2].partition("&")[0]
        return f'"{measure}"' in file.read_text(encoding="utf-8")
    return not place or place in _ids(file)


def links_of(file: Path) -> tuple[list[str], dict[str, bool]]:
    """Places within the page that its links lead to, and links to other files with whether they lead anywhere."""
    links = [str(link) for link in lxml_html.parse(str(file)).xpath("//a/@href")]
    within = sorted({link[1:] for link in links if link.startswith("#") and len(link) > 1})
    beside = {}
    for link in links:
        path, _, place = link.partition("#")
        if path and not path.startswith(("http:", "https:", "mailto:")):
            other = file.parent / path
            beside[link] = other.is_file() and _is_there(other, place)
    return within, beside


def lands(page: Any, place: str) -> bool:
    """Whether a reader who follows ``#place`` then sees it."""
    return bool(page.evaluate(_LANDS, place))
