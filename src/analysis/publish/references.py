"""Works that prose may cite, ``data/catalog/references.yml``.

One entry a key::

    acs_handbook:
      authors: U.S. Census Bureau        # or a list, "Family, Given"
      year: 2020
      title: Understanding and Using American Community Survey Data
      container: chapter 7               # journal, series, page of a site; optional
      url: https://www.census.gov/…      # optional
      short: Census Bureau 2020          # optional; made from authors and year otherwise
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import yaml

from analysis.plain_yaml import SafeLoader
from analysis.project import AnalysisError, current_project
from analysis.publish.evidence import near

_FIELDS = ("authors", "year", "title", "container", "url", "short")


@dataclass(frozen=True)
class Reference:
    """One work. ``short`` stands in the text ("Zou and Donner 2008"), the rest in the notes."""

    key: str
    authors: tuple[str, ...]
    year: str
    title: str
    short: str
    container: str | None = None
    url: str | None = None

    @property
    def text(self) -> str:
        """The full reference as plain text.

        >>> Reference("k", ("Zou, G.", "Donner, A."), "2008", "Intervals", "Zou and Donner 2008").text
        'Zou, G.; Donner, A. (2008). Intervals.'
        """
        place = f" {self.container}." if self.container else ""
        return f"{'; '.join(self.authors)} ({self.year}). {self.title}.{place}"

    @property
    def html(self) -> str:
        """The full reference as HTML, escaped, its title a link where there is an address."""
        title = escape(self.title)
        if self.url:
            title = f'<a href="{escape(self.url)}">{title}</a>'
        place = f" {escape(self.container)}." if self.container else ""
        return f"{escape('; '.join(self.authors))} ({escape(self.year)}). <cite>{title}</cite>.{place}"


def load_references(file: Path | None = None) -> dict[str, Reference]:
    """All references by key; raises :class:`AnalysisError` with file and line for an entry that is not sound."""
    place = file or current_project().catalog / "references.yml"
    if not place.is_file():
        return {}
    return dict(_read(place, place.stat().st_mtime_ns))


@cache
def _read(place: Path, _changed: int) -> dict[str, Reference]:
    try:
        tree = yaml.compose(place.read_text(encoding="utf-8"), Loader=SafeLoader)
    except yaml.YAMLError as error:
        raise AnalysisError(f"{place.name}: not readable as YAML: {error}") from error
    if tree is None:
        return {}
    if not isinstance(tree, yaml.MappingNode):
        raise AnalysisError(f"{place.name}:1: must be a mapping of key to reference")
    found: dict[str, Reference] = {}
    for key_node, entry_node in tree.value:
        where = f"{place.name}:{key_node.start_mark.line + 1}"
        key = str(key_node.value)
        if key in found:
            raise AnalysisError(f"{where}: reference {key!r} stands twice")
        found[key] = _reference(key, yaml.SafeLoader.construct_document(_loader(), entry_node), where)
    return found


def _loader() -> yaml.SafeLoader:
    return yaml.SafeLoader("")


def _reference(key: str, entry: Any, where: str) -> Reference:
    if not key.replace("-", "_").isidentifier():
        raise AnalysisError(f"{where}: {key!r} is no key: use letters, digits, _ and -")
    if not isinstance(entry, dict):
        raise AnalysisError(f"{where}: {key} must have {', '.join(_FIELDS)}")
    for name in entry:
        if name not in _FIELDS:
            raise AnalysisError(f"{where}: {key}: unknown field {name!r}{near(str(name), _FIELDS)}")
    for name in ("authors", "year", "title"):
        if not entry.get(name):
            raise AnalysisError(f"{where}: {key}: {name} is missing")
    authors = entry["authors"] if isinstance(entry["authors"], list) else [entry["authors"]]
    names = tuple(str(author) for author in authors)
    url = entry.get("url")
    if url is not None and not str(url).startswith(("https://", "http://")):
        raise AnalysisError(f"{where}: {key}: url must begin with https://")
    return Reference(
        key=key,
        authors=names,
        year=str(entry["year"]),
        title=str(entry["title"]).rstrip("."),
        short=str(entry.get("short") or _short(names, str(entry["year"]))),
        container=str(entry["container"]).rstrip(".") if entry.get("container") else None,
        url=str(url) if url else None,
    )


def _short(names: tuple[str, ...], year: str) -> str:
    families = [name.split(",")[0] for name in names]
    who = families[0] if len(families) == 1 else f"{families[0]} and {families[1]}"
    return f"{families[0]} et al. {year}" if len(families) > 2 else f"{who} {year}"
