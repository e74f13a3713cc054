"""The feed of editions, Atom (RFC 4287): which papers say something new, and what changed in them.

Addresses are relative to the feed where nobody has said where the site is served from; identifiers need no address.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree

from analysis.catalog import City
from analysis.publish.wording import ENGLISH, language, said
from analysis.report.archive import FOLDER
from analysis.report.identity import urn
from analysis.report.ledger import KnownEdition
from analysis.report.printing import page_file
from analysis.report.whatchanged import headline

ATOM = "http://www.w3.org/2005/Atom"
MOST = 100
"""Editions in a feed; the list of all editions has those before."""
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_NO_XML = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")


def feed_file(spoken: str) -> str:
    """The file of the feed in a language.

    >>> feed_file("en"), feed_file("es")
    ('feed.xml', 'feed.es.xml')
    """
    return "feed.xml" if spoken == ENGLISH else f"feed.{spoken}.xml"


def atom(editions: Sequence[KnownEdition], *, source: str, city: str, where: City, address: str = "") -> str:
    """The newest editions as a feed in the language being spoken, newest first; the same bytes for the same ledger.

    ``city`` is the name that identifiers are made of, in every language the same; ``where`` has it as readers see it.
    At least one edition is needed, because a feed tells when it was last updated.
    """
    spoken = language()
    by_report = sorted(editions, key=lambda one: (one.report, -one.number))
    newest = sorted(by_report, key=lambda one: one.made_at, reverse=True)[:MOST]
    series = str(said("page", "series")).format(city=where.city)
    root = ElementTree.Element("feed", {"xmlns": ATOM, _LANG: spoken})
    _add(root, "id", urn(source, city, "feed", spoken))
    _add(root, "title", str(said("feed", "title")).format(series=series))
    _add(root, "subtitle", said("feed", "told"))
    _add(root, "updated", newest[0].made_at)
    _link(root, "self", address + feed_file(spoken), "application/atom+xml")
    _link(root, "alternate", address + page_file("index", spoken), "text/html")
    _add(_add(root, "author"), "name", series)
    _add(root, "generator", "Angeleno")
    for one in newest:
        _entry(root, one, urn(source, city, one.report, one.number, one.content, spoken), address)
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'


def _entry(root: ElementTree.Element, one: KnownEdition, name: str, address: str) -> None:
    spoken = language()
    told = one.others.get(spoken) if spoken != ENGLISH else None
    entry = _add(root, "entry")
    _add(entry, "id", name)
    title = _add(entry, "title", told["title"] if told else one.title)
    if told is None and spoken != ENGLISH:
        title.set(_LANG, ENGLISH)
    _add(entry, "updated", one.made_at)
    _link(entry, "alternate", address + _page(one, spoken if told else ENGLISH), "text/html")
    _add(entry, "category").set("term", _clean(one.report))
    _add(entry, "summary", f"{headline(one.changes)}." if one.changes is not None else said("changes", "nothing"))


def _page(one: KnownEdition, spoken: str) -> str:
    """Where an edition can be read: in place, in the archive, or no more, and then in the list of editions."""
    if one.current:
        return page_file(one.report, spoken)
    if one.archived is not None:
        return f"{FOLDER}/{one.archived.others.get(spoken, one.archived.page)}"
    return f"{FOLDER}/{page_file('index', language())}#of-{one.report}"


def _add(parent: ElementTree.Element, tag: str, text: object = None) -> ElementTree.Element:
    made = ElementTree.SubElement(parent, tag)
    made.text = None if text is None else _clean(str(text))
    return made


def _link(parent: ElementTree.Element, rel: str, href: str, kind: str) -> None:
    _add(parent, "link").attrib.update({"rel": rel, "type": kind, "href": _clean(href)})


def _clean(text: str) -> str:
    """Text without the characters that XML cannot hold."""
    return _NO_XML.sub("\ufffd", text)
