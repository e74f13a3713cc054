"""What every finished page must hold: nothing runs, nothing is fetched, every reference leads somewhere."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

from analysis.project import AnalysisError

_FORBIDDEN = frozenset(
    {"link", "iframe", "object", "embed", "form", "base", "foreignObject", "foreignobject", "applet", "frame"}
)
_REFERENCES = ("aria-labelledby", "aria-describedby", "aria-controls", "popovertarget", "for")
_STEP = r"(?!\.\.?(?:/|\Z))[A-Za-z0-9_.-]+"
_ADDRESS = re.compile(rf"(#[^\s]*|https?://\S+|mailto:\S+|{_STEP}(/{_STEP})*\.(html|csv|json|xml)(#\S*)?)\Z")
_ABOVE = "../"


def audit(html: str, what: str, *, within: bool = False) -> None:
    """Raise AnalysisError naming every rule the page ``what`` breaks; silence means it breaks none.

    A page ``within`` a folder of its own may lead out of it, to the pages beside that folder.
    """
    problems = list(dict.fromkeys(find_problems(html, within=within)))
    if problems:
        listed = "\n  ".join(problems[:20])
        raise AnalysisError(f"{what}: the page would break its own rules:\n  {listed}")


def find_problems(html: str, *, within: bool = False) -> Iterator[str]:
    """Every rule that is broken, in the order of the page."""
    from lxml.html import document_fromstring

    tree = document_fromstring(html, ensure_head_body=True)
    elements = [element for element in tree.iter() if isinstance(element.tag, str)]
    ids = Counter(element.get("id") for element in elements if element.get("id"))
    yield from (f"the id {name!r} stands {count} times" for name, count in ids.items() if count > 1)
    for element in elements:
        yield from _running(element)
        yield from _leading(element, ids, within)
        yield from _describing(element)
    yield from _outline(elements)
    if not tree.get("lang"):
        yield "the page does not say its language"


def _running(element: Any) -> Iterator[str]:
    """Code, styles and outside things."""
    if element.tag in _FORBIDDEN and not _alternate(element):
        yield f"<{element.tag}> is not allowed"
    if element.tag == "meta" and (element.get("http-equiv") or "").lower() == "refresh":
        yield "a page may not send its reader elsewhere"
    for name in element.attrib:
        if name == "style" or name.lower().startswith("on"):
            yield f"<{element.tag} {name}=…>: the content policy refuses it"
        elif name in {"src", "srcset", "data", "action", "formaction", "poster", "background"} and not (
            element.get(name) or ""
        ).startswith("data:"):
            yield f"<{element.tag} {name}={element.get(name)!r}> would be fetched"


def _alternate(element: Any) -> bool:
    """A link that only says where the page is in another language, or its feed; nothing is fetched for it."""
    if element.tag != "link" or element.get("rel") != "alternate":
        return False
    feed = sorted(element.attrib) == ["href", "rel", "title", "type"] and element.get("type") == "application/atom+xml"
    return feed or sorted(element.attrib) == ["href", "hreflang", "rel"]


def _leading(element: Any, ids: Counter[str], within: bool) -> Iterator[str]:
    """Addresses and references within the page."""
    for name in ("href", "xlink:href"):
        address = element.get(name)
        if address is None:
            continue
        if not _ADDRESS.match(address.removeprefix(_ABOVE) if within else address):
            yield f"the address {address!r} is not one a page may lead to"
        elif address.startswith("#") and len(address) > 1 and address[1:] not in ids:
            yield f"the link {address!r} leads nowhere"
    for name in _REFERENCES:
        for target in (element.get(name) or "").split():
            if target not in ids:
                yield f"{name}={target!r} on <{element.tag}> names nothing"


def _describing(element: Any) -> Iterator[str]:
    """Words for who cannot see."""
    if element.tag == "img" and not element.get("alt"):
        yield "a picture has no description"
    if element.tag == "svg" and element.get("role") == "img":
        described = element.get("aria-label") or (element.findtext("desc") or "").strip()
        if not described:
            yield "a drawing has no description"
    if element.tag == "table" and next(element.iter("th"), None) is None:
        yield "a table has no headings"
    if element.tag == "button" and not (element.text_content().strip() or element.get("aria-label")):
        yield "a button has no name"


def _outline(elements: Iterable[Any]) -> Iterator[str]:
    """One first-level heading, no level left out."""
    levels = [(int(e.tag[1]), e.text_content().strip()) for e in elements if re.fullmatch(r"h[1-6]", e.tag)]
    firsts = sum(1 for level, _ in levels if level == 1)
    if firsts != 1:
        yield f"the page has {firsts} first-level headings, not one"
    for (before, _), (level, text) in pairwise(levels):
        if level > before + 1:
            yield f"the heading “{text}” is of level {level} below level {before}"
