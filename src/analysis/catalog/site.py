"""Reading ``data/catalog/site.yml``: how the pages are published as a site.

Everything in it is optional::

    archive: {whole: 12, brief: 2}       # earlier editions of a page that are kept as pages
    questions:                           # what each notebook asks, by language
      01_neighborhood_change: {en: Which neighborhoods changed most?, es: ¿Qué vecindarios cambiaron más?}
    licenses:                            # where a license of the data catalog can be read
      CC0 1.0: https://creativecommons.org/publicdomain/zero/1.0/
    live:
      address: https://data.example.gov/whitepapers/    # where the pages are served from
      contact: {name: Open data team, email: data@example.gov}
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from analysis.catalog.entries import Entry, read_entry
from analysis.project import SOURCES, AnalysisError, Project, checked_source

FILE = "site.yml"
VARIABLE = "ANALYSIS_SITE_URL"
"""The environment variable that names the address of the site; it comes before the file."""

_EMAIL = r"[^@\s]+@[^@\s]+\.[^@\s]+"
_LANGUAGE = re.compile(r"[a-z]{2}")


@dataclass(frozen=True)
class Archive:
    """How many earlier editions of a page are kept as pages, by cut. What older ones found stays in the ledger."""

    whole: int = 12
    brief: int = 2

    def of(self, cut: str) -> int:
        """The number for one cut."""
        return self.brief if cut == "brief" else self.whole


@dataclass(frozen=True)
class Contact:
    """Who answers questions about the published data."""

    name: str
    email: str


@dataclass(frozen=True)
class Site:
    """How the pages of one source are published.

    ``address`` ends with a slash and is empty where nobody has said where the pages are served from; ``questions`` are
    by notebook and language, ``licenses`` are addresses of licenses by their names in the data catalog.
    """

    address: str = ""
    contact: Contact | None = None
    archive: Archive = Archive()
    questions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    licenses: Mapping[str, str] = field(default_factory=dict)


def load_site(project: Project, source: str) -> Site:
    """The site of a source, as the environment and the file say.

    Raises AnalysisError ``file:line: …`` for unknown keys and values of the wrong form, and for an address in
    ANALYSIS_SITE_URL that is none.
    """
    path, named = project.catalog / FILE, os.environ.get(VARIABLE, "").strip()
    top = read_entry(path) if path.is_file() else None
    if top is not None:
        top.only(("archive", "questions", "licenses", *SOURCES))
    own = top.entry(checked_source(source)) if top is not None and top.has(source) else None
    if own is not None:
        own.only(("address", "contact"))
    return Site(
        address=checked_address(named, VARIABLE) if named else _address(own),
        contact=_contact(own.entry("contact")) if own is not None and own.has("contact") else None,
        archive=_archive(top.entry("archive")) if top is not None and top.has("archive") else Archive(),
        questions=_questions(top.entry("questions")) if top is not None and top.has("questions") else {},
        licenses=_licenses(top.entry("licenses")) if top is not None and top.has("licenses") else {},
    )


def checked_address(text: str, where: str) -> str:
    """An address of a folder on the web, ending with a slash.

    >>> checked_address("https://data.example.gov/papers", "here")
    'https://data.example.gov/papers/'

    Raises AnalysisError for anything that is no such address.
    """
    parts = urlsplit(text)
    whole = (
        parts.scheme in {"http", "https"} and parts.hostname and not (parts.query or parts.fragment or parts.username)
    )
    if not whole or re.search(r"[\s<>\"]", text):
        raise AnalysisError(f"{where}: {text!r} is no address of a site: expected https://host/path/")
    return text.rstrip("/") + "/"


def _address(own: Entry | None) -> str:
    text = own.optional_text("address") if own is not None else None
    if own is None or text is None:
        return ""
    node = own.at("address")
    line = node.start_mark.line + 1 if node is not None else 1
    return checked_address(text, f"{own.file}:{line}")


def _contact(entry: Entry) -> Contact:
    entry.only(("name", "email"))
    return Contact(entry.text("name"), entry.matching("email", _EMAIL, "an address such as data@example.gov"))


def _questions(entry: Entry) -> dict[str, dict[str, str]]:
    asked = {notebook: entry.words(notebook) for notebook in entry.keys}
    for notebook, words in asked.items():
        for language in words:
            if not _LANGUAGE.fullmatch(language):
                told = f"{notebook}: {language!r} is no language: write en, es or another code of two letters"
                raise entry.error(told, entry.at(notebook))
    return asked


def _licenses(entry: Entry) -> dict[str, str]:
    return {name: entry.matching(name, r"https?://\S+", "an address") for name in entry.keys}


def _archive(entry: Entry) -> Archive:
    entry.only(("whole", "brief"))
    default = Archive()
    return Archive(entry.number("whole", default.whole), entry.number("brief", default.brief))
