"""The indexes, of all papers and by place, and their machine-readable sides: feed, catalogue of tables, site map.

An index says of each page what it asks, what it found, through which date, how good its data are and what changed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from analysis.catalog import City, city
from analysis.catalog.editions import AREA, KINDS
from analysis.catalog.site import Site
from analysis.project import Project
from analysis.publish.units import plural
from analysis.publish.wording import ENGLISH, Terms, as_label, language, said, speaking, term
from analysis.report.archive import FOLDER
from analysis.report.areas import WHOLE_CITY, Area, known_areas
from analysis.report.atlas import PAGE
from analysis.report.dcat import Shelf, catalogue
from analysis.report.editions import WHOLE, Edition
from analysis.report.execution import places
from analysis.report.feed import atom, feed_file
from analysis.report.languages import shared_terms
from analysis.report.ledger import KnownEdition, offered_since
from analysis.report.printing import page_file, print_archive, print_places, print_portfolio
from analysis.report.search_index import search_index
from analysis.report.sitemap import sitemap
from analysis.report.staleness import Verdict
from analysis.report.storage import digest, put
from analysis.report.summary import Summary, Told, read_summary
from analysis.report.whatchanged import headline


@dataclass(frozen=True)
class Listed:
    """One page in an index. ``state`` is fresh, stale, failed or missing; ``why`` says more where there is more.

    ``place`` is the key of the area it is about, ``choice`` what else sets it apart from the notebook's defaults.
    ``editions`` are all the ledger knows of it, in order; ``questions`` what its notebook asks, by language.
    """

    name: str
    number: str
    subject: str
    cut: str
    place: str
    choice: str
    state: str
    why: str
    summary: Summary | None
    last_good: str
    editions: tuple[KnownEdition, ...] = ()
    questions: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_main(self) -> bool:
        """Whether it is the notebook's own paper: whole, about the whole city, with nothing else chosen."""
        return self.cut == WHOLE and self.place == WHOLE_CITY and not self.choice

    @property
    def asks(self) -> str:
        """What it asks, in the language being spoken or else in English; empty where nobody wrote it down."""
        return self.questions.get(language(), self.questions.get(ENGLISH, ""))

    @property
    def asks_in(self) -> str:
        """The language of :attr:`asks`."""
        return language() if language() in self.questions else ENGLISH

    @property
    def changed(self) -> str:
        """One line on what changed since the edition before; empty where nothing is recorded of it."""
        known = self.editions[-1].changes if self.editions else None
        return headline(known) if known is not None else ""

    @property
    def topic(self) -> str:
        """The subject in the language being spoken."""
        return term(self.subject, needed=False)

    def told(self, language: str) -> Summary | Told | None:
        """What the page says in a language; in English where it is not told in it."""
        return None if self.summary is None else self.summary.others.get(language, self.summary)

    def file(self, language: str) -> str:
        """The file of the page in a language; in English where it is not told in it."""
        spoken = language if self.summary is not None and language in self.summary.others else ENGLISH
        return page_file(self.name, spoken)


@dataclass(frozen=True)
class PlaceListed:
    """A place in the index by place, with its pages."""

    key: str
    name: str
    pages: tuple[Listed, ...]

    @property
    def anchor(self) -> str:
        """The id of its entry, which no other place shares.

        >>> PlaceListed("cd-01", "District 1", ()).anchor
        'place-cd-01'
        """
        return f"place-{self.key if re.fullmatch('[a-z0-9-]+', self.key) else digest(self.key)[:16]}"


def write_portfolio(
    project: Project,
    source: str,
    editions: Sequence[Edition],
    verdicts: Mapping[str, Verdict],
    told: Sequence[KnownEdition],
    site: Site,
) -> None:
    """Write ``index.html``, the list of all editions and, where a place or a brief has a page, ``places.html``.

    Each is there in every language of a page, and so is the feed of editions. Beside them lie ``data.json`` and, where
    the address of the ``site`` is known, ``sitemap.xml``.

    With the same reports in place, and the same editions ``told`` by the ledger, they have the same bytes.
    """
    folder = project.reports(source)
    by_report: dict[str, list[KnownEdition]] = {}
    for one in told:
        by_report.setdefault(one.report, []).append(one)
    listed = [
        replace(
            _listed(project, source, wanted, verdicts[wanted.name], tuple(by_report.get(wanted.name, ()))),
            questions=site.questions.get(wanted.notebook, {}),
        )
        for wanted in editions
    ]
    where = city(project, source)
    languages = [ENGLISH, *sorted({name for one in listed if one.summary for name in one.summary.others})]
    whole = [edition for one in listed if one.cut == WHOLE for edition in one.editions]
    for spoken in languages:
        terms = Terms(shared_terms(project.catalog / f"terms.{spoken}.yml"))
        with speaking(spoken, terms):
            named = replace(where, city=term(where.city, needed=False))
            _write_in(spoken, languages, folder, listed, known_areas(project, source), named)
            feed = atom(whole, source=source, city=where.city, where=named, address=site.address) if whole else ""
            _put_or_drop(folder / feed_file(spoken), feed)
    for path in (*folder.iterdir(), *(folder / FOLDER).iterdir()):
        if (found := _INDEX_IN.fullmatch(path.name)) and found[1] not in languages:
            path.unlink()
    changed = offered_since(folder / "ledger.db")
    shelves = [Shelf(one.summary, one.subject, changed) for one in listed if one.summary is not None]
    offered = catalogue(shelves, source=source, where=where, site=site)
    put(folder / "data.json", json.dumps(offered, ensure_ascii=False, indent=1) + "\n")
    pages = _pages(folder, languages, listed) if site.address else {}
    _put_or_drop(folder / "sitemap.xml", sitemap(site.address, pages) if pages else "")


_INDEX_IN = re.compile(r"(?:index|places|feed)\.([a-z]{2})\.(?:html|xml)")


def written_by_portfolio(folder: Path) -> set[Path]:
    """What :func:`write_portfolio` puts beside the pages."""
    names = {"data.json", "sitemap.xml", "feed.xml"}
    return {
        path
        for path in folder.iterdir()
        if path.name in names or path.name.startswith(("index.", "places.")) or _INDEX_IN.fullmatch(path.name)
    }


def _put_or_drop(path: Path, text: str) -> None:
    """Write a file; remove it where there is nothing to say."""
    if text:
        put(path, text)
    else:
        path.unlink(missing_ok=True)


def _pages(folder: Path, languages: Sequence[str], listed: Sequence[Listed]) -> dict[str, str]:
    """Every page of the site with the moment it last said something new: the indexes, then the reports."""
    newest = max((one.made_at for report in listed for one in report.editions), default="")
    indexes = [page_file(name, language) for name in ("index", "places", PAGE) for language in languages]
    found = {file: newest for file in indexes if (folder / file).is_file()}
    for one in listed:
        if one.summary is not None:
            made_at = one.editions[-1].made_at if one.editions else ""
            found |= dict.fromkeys((page_file(one.name, spoken) for spoken in (ENGLISH, *one.summary.others)), made_at)
    return found


def _write_in(
    language: str,
    languages: Sequence[str],
    folder: Path,
    listed: Sequence[Listed],
    areas: Mapping[str, Area],
    where: City,
) -> None:
    """The indexes in the language being spoken."""
    known = [one for one in listed if one.editions]
    history = print_archive(language, languages, city=where, reports=known)
    put(folder / FOLDER / page_file("index", language), history)
    by_place = _by_place(listed, areas, where)
    places_page = folder / page_file("places", language)
    if by_place:
        put(places_page, print_places(language, languages, city=where, kinds=by_place))
    else:
        places_page.unlink(missing_ok=True)
    papers = [one for one in listed if one.cut == WHOLE]
    main = [one for one in papers if one.is_main]
    groups = {
        said("index", "citywide"): main,
        said("index", "by_area"): [one for one in papers if one.place != WHOLE_CITY],
        said("index", "other_choices"): [one for one in papers if one.place == WHOLE_CITY and one.choice],
    }
    html = print_portfolio(
        language,
        languages,
        city=where,
        groups=[(title, members, members is main) for title, members in groups.items() if members],
        search=search_index(papers, language),
        papers=len(papers),
        findings=sum(len(one.summary.findings) for one in papers if one.summary),
        datasets=len({d["id"] for one in papers if one.summary for use in one.summary.loads for d in use["datasets"]}),
        places=sum(len(members) for _, members in by_place),
        mapped=(folder / page_file(PAGE, language)).is_file(),
    )
    put(folder / page_file("index", language), html)


def _listed(
    project: Project, source: str, wanted: Edition, verdict: Verdict, editions: tuple[KnownEdition, ...]
) -> Listed:
    place = places(project, source, wanted.name)
    summary = read_summary(place.summary) if place.page.is_file() else None
    state = "failed" if verdict.failure else "fresh" if verdict.fresh else "stale" if summary else "missing"
    values = wanted.parameters
    others = [f"{name.replace('_', ' ')} {values[name]}" for name in wanted.varied if name != AREA]
    return Listed(
        name=wanted.name,
        number=wanted.notebook.split("_")[0],
        subject=wanted.notebook.partition("_")[2].replace("_", " ").capitalize(),
        cut=wanted.cut,
        place=wanted.place or WHOLE_CITY,
        choice=(wanted.scenario or ", ".join(others)) if others else "",
        state=state,
        why="" if verdict.fresh else verdict.words,
        summary=summary,
        last_good=editions[-1].made_at[:10] if editions and state != "fresh" else "",
        editions=editions,
    )


def _by_place(
    listed: Sequence[Listed], areas: Mapping[str, Area], where: City
) -> list[tuple[str, tuple[PlaceListed, ...]]]:
    """Places that have a page, by kind of area, each under its exact key; nothing when only the city has whole papers.

    A page belongs to the place whose key is the value of its parameter, and to no other.
    """
    pages: dict[str, list[Listed]] = {}
    for one in listed:
        if one.summary is not None:
            pages.setdefault(one.place, []).append(one)
    if not any(one.cut != WHOLE or key != WHOLE_CITY for key, members in pages.items() for one in members):
        return []
    nouns = dict(zip(KINDS, (where.district_noun, "neighborhood council"), strict=True))
    kinds = {WHOLE_CITY: said("places", "city"), **{kind: _heading(noun) for kind, noun in nouns.items()}}
    kinds[""] = said("places", "others")
    found: dict[str, list[PlaceListed]] = {kind: [] for kind in kinds}
    for key in [WHOLE_CITY, *areas, *(key for key in pages if key != WHOLE_CITY and key not in areas)]:
        if key in pages:
            members = tuple(sorted(pages[key], key=lambda one: (one.number, one.choice, one.cut != WHOLE)))
            area = areas.get(key)
            kind = area.kind if area else "" if key != WHOLE_CITY else key
            name = as_label(term(area.name, needed=False)) if area else _name(key, where)
            found[kind].append(PlaceListed(key, name, members))
    return [(kinds[kind], tuple(members)) for kind, members in found.items() if members]


def _heading(noun: str) -> str:
    """The heading over all areas of a kind: a noun in the plural, its first letter large."""
    many = plural(noun)
    return many[:1].upper() + many[1:]


def _name(key: str, where: City) -> str:
    return where.city if key == WHOLE_CITY else key
