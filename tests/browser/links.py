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


def links_of(file: Path) -> tuple[list[str], dict[str, bool]]:
    """Places within the page that its links lead to, and links to other files with whether they lead anywhere."""
    links = [str(link) for link in lxml_html.parse(str(file)).xpath("//a/@href")]
    within = sorted({link[1:] for link in links if link.startswith("#") and len(link) > 1})
    beside = {}
    for link in links:
        path, _, place = link.partition("#")
        if path and not path.startswith(("http:", "https:", "mailto:")):
            other = file.parent / path
            beside[link] = other.is_file() and (not place or place in _ids(other))
    return within, beside


def lands(page: Any, place: str) -> bool:
    """Whether a reader who follows ``#place`` then sees it."""
    return bool(page.evaluate(_LANDS, place))
