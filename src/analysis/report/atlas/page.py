"""The page of the map: composed, printed, and made again only when something it shows has changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from markupsafe import Markup

from analysis.catalog import City, city
from analysis.project import Project
from analysis.publish.units import plural
from analysis.publish.wording import ENGLISH, Terms, said, speaking, term
from analysis.report.atlas import PAGE, STAMP
from analysis.report.atlas.gathering import Gathered, Paper, gather, mapped_papers
from analysis.report.atlas.laying import NOT_COVERED, Columns, Laid, laid
from analysis.report.atlas.shapes import Ground, Shapes, ground_of
from analysis.report.atlas.standing import Standing
from analysis.report.atlas.telling import Told, told
from analysis.report.editions import Edition
from analysis.report.fingerprint import PACKAGE, Now, page_files
from analysis.report.languages import shared_terms, terms_of
from analysis.report.notebook import read_notebook
from analysis.report.packing import packed
from analysis.report.printing import page_file, print_atlas
from analysis.report.storage import canonical, digest, put, put_json, read_json


@dataclass(frozen=True)
class ProfileRow:
    """One measure of one district in its profile."""

    label: str
    period: str
    value: str
    span: str
    standing: str
    href: str


@dataclass(frozen=True)
class Profile:
    """What the published measures of districts say about one of them."""

    key: str
    name: str
    rows: tuple[ProfileRow, ...]


@dataclass(frozen=True)
class Layers:
    """What the map shows, before it is put into words: shapes, measures, and the columns the page carries."""

    ground: Ground
    measures: tuple[Laid, ...]
    columns: tuple[Any, ...]
    places: tuple[dict[str, int], ...]


@dataclass(frozen=True)
class Atlas:
    """Everything the template shows; ``data`` is what the script needs, ``rows`` the table of the first measure."""

    city: City
    measures: tuple[Told, ...]
    papers: int
    counts: tuple[tuple[int, str], ...]
    profiles: tuple[Profile, ...]
    rows: Markup
    data: dict[str, Any]


def write_atlas(project: Project, source: str, editions: Sequence[Edition]) -> None:
    """Write the map of all measures of a site in every language of a paper, unless it stands as it would be written.

    Without a published map there is none, and one that is left from before goes.
    """
    folder = project.reports(source)
    papers = mapped_papers(project, source, editions)
    languages = [ENGLISH, *sorted({name for paper in papers for name in paper.summary.others})]
    inputs, stamp = _inputs(project, papers, languages), read_json(folder / STAMP)
    if isinstance(stamp, dict) and stamp.get("inputs") == inputs and stamp.get("pages") == _standing_pages(folder):
        return
    layers = layered(gather(project, source, papers))
    wanted = {} if layers is None else {page_file(PAGE, language): language for language in languages}
    for file in _standing_pages(folder).keys() - wanted.keys():
        (folder / file).unlink()
    if layers is not None:
        for file, language in wanted.items():
            with speaking(language, Terms(_terms(project, papers, language))):
                where = city(project, source)
                made = compose(replace(where, city=term(where.city, needed=False)), layers)
                put(folder / file, print_atlas(made, language=language, languages=languages))
    put_json(folder / STAMP, {"inputs": inputs, "pages": _standing_pages(folder)})


def _standing_pages(folder: Path) -> dict[str, str]:
    """The maps in place, in all languages, with their hashes."""
    found = [folder / page_file(PAGE, ENGLISH), *folder.glob(f"{PAGE}.??.html")]
    return {page.name: digest(page.read_bytes()) for page in sorted(found) if page.is_file()}


def _inputs(project: Project, papers: Sequence[Paper], languages: Sequence[str]) -> str:
    """Hash of everything the map is made of: runs, what their pages say, printing code, templates, style and words."""
    now = Now()
    files = [*page_files().values(), *sorted((PACKAGE / "report" / "atlas").glob("*.py")), *_TEMPLATES]
    files += [project.catalog / name for name in ("style.yml", "cities.yml")]
    for language in languages[1:]:
        files.append(project.catalog / f"terms.{language}.yml")
        files += [project.notebooks / f"{paper.name}.ipynb" for paper in papers if language in paper.summary.others]
    said_of = [
        [paper.name, paper.summary.executed, paper.summary.title]
        + [[name, other.title] for name, other in sorted(paper.summary.others.items())]
        for paper in papers
    ]
    return digest(canonical([said_of, [now.raw(path) for path in files]]))


_TEMPLATES = tuple(
    PACKAGE / "report" / "templates" / name for name in ("atlas.css", "atlas.js", "ground.js", "map.html.j2")
)


def _terms(project: Project, papers: Sequence[Paper], language: str) -> dict[str, str]:
    """What the papers' code calls things in a language; none in English."""
    if language == ENGLISH:
        return {}
    found = dict(shared_terms(project.catalog / f"terms.{language}.yml"))
    for paper in papers:
        path = project.notebooks / f"{paper.name}.ipynb"
        if language in paper.summary.others and path.is_file():
            found |= terms_of(project, read_notebook(path), language)
    return found


def layered(gathered: Gathered) -> Layers | None:
    """What was gathered, laid on the published shapes; None where nothing published has shapes."""
    ground = ground_of(gathered.maps)
    if ground is None:
        return None
    measures = tuple(one for shown in gathered.measures if (one := laid(shown, ground)) is not None)
    columns = Columns()
    places = tuple(columns.of(one) for one in measures)
    return Layers(ground, measures, tuple(columns.held), places)


def compose(where: City, layers: Layers) -> Atlas:
    """The map in the language being spoken."""
    measures = tuple(told(one) for one in layers.measures)
    shapes = layers.ground.shapes
    return Atlas(
        city=where,
        measures=measures,
        papers=len({one.shown.paper.name for one in measures}),
        counts=tuple((len(held.keys), plural(kind, len(held.keys))) for kind, held in shapes.items()),
        profiles=tuple(_profiles(layers.ground, measures)),
        rows=_rows(measures[0]),
        data=_data(layers, measures),
    )


def _rows(first: Told) -> Markup:
    """The body of the first measure's table; a thousand rows are quicker joined than filled into a template."""
    cells = ((name, first.text(row), first.span(row)) for row, name in enumerate(first.laid.shapes.names))
    row = Markup('<tr><th scope="row">{}</th><td class="number">{}</td><td>{}</td></tr>')
    return Markup("\n").join(row.format(*cell) for cell in cells)


def _profiles(ground: Ground, measures: Sequence[Told]) -> Iterator[Profile]:
    """A profile of every district, from the measures that are of districts."""
    for shapes in (held for held in ground.shapes.values() if held.short):
        own = [one for one in measures if one.laid.shapes is shapes]
        standing = {one.shown.id: one.laid.standings for one in own}
        for row, (key, name) in enumerate(zip(shapes.keys, shapes.names, strict=True)):
            rows = (
                ProfileRow(
                    one.label,
                    one.period,
                    _value(one, row),
                    one.span(row),
                    _standing(standing[one.shown.id][row]),
                    one.shown.href,
                )
                for one in own
            )
            yield Profile(key, name, tuple(rows))


def _value(one: Told, row: int) -> str:
    text = one.text(row)
    return f"{text} {one.unit}" if one.laid.status[row] == "ok" and one.unit else text


def _standing(standing: Standing | None) -> str:
    words = said("atlas")
    if standing is None:
        return str(words["not_compared"])
    counts = {"above": standing.above, "below": standing.below, "apart": standing.apart}
    said_of = {name: count for name, count in counts.items() if count}
    if len(said_of) == 1:
        (name, count), *_ = said_of.items()
        return str(words["stands"][f"{name}_all"]).format(n=count)
    return ", ".join(str(words["stands"][name]).format(n=count) for name, count in said_of.items())


def _data(layers: Layers, measures: Sequence[Told]) -> dict[str, Any]:
    ground = layers.ground
    return {
        "width": ground.width,
        "height": ground.height,
        "degrees": ground.degrees,
        "shapes": {kind: _shapes(shapes) for kind, shapes in ground.shapes.items()},
        "measures": [_measure(one) | held for one, held in zip(measures, layers.places, strict=True)],
        "columns": layers.columns,
        "status": {**said("status"), NOT_COVERED: said("atlas", "absent")},
        "words": said("atlas"),
    }


def _shapes(shapes: Shapes) -> dict[str, Any]:
    held: dict[str, Any] = {
        "keys": packed(shapes.keys),
        "names": packed(shapes.names),
        "paths": shapes.paths,
        "plural": plural(shapes.kind),
    }
    if shapes.near:
        # The later neighbours of each place, as steps from its own number: fewer digits.
        held["near"] = [[later - row for later in others] for row, others in enumerate(shapes.near)]
    if shapes.short:
        held |= {"short": shapes.short, "labels": shapes.labels}
    for name, column in (("hoods", shapes.hoods), ("areas", shapes.areas)):
        if any(column):
            held[name] = packed(column)
    return held


def _measure(one: Told) -> dict[str, Any]:
    shown = one.shown
    grade, reason = shown.grade
    facts = shown.measure
    return {
        "id": shown.id,
        "label": one.label,
        "unit": one.unit,
        "period": one.period,
        "places": one.laid.shapes.kind,
        "paper": shown.paper.title,
        "number": shown.paper.number,
        "href": shown.href,
        "where": one.where,
        "uncertainty": one.uncertainty,
        "grade": grade,
        "grade_reason": reason,
        "denominator": term(facts["denominator"], needed=False),
        "vintage": facts["vintage"],
        "direction": "" if facts["higher_is"] == "neither" else said("facts", facts["higher_is"]),
        "datasets": [f"{dataset.title}, {dataset.publisher}" for dataset in shown.datasets],
        "classes": one.classes,
        "format": facts["format"],
    }
