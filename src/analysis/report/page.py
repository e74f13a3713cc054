"""A whitepaper as a page: everything the template shows, composed from an executed notebook."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from analysis.catalog import City, city
from analysis.project import AnalysisError, Project
from analysis.publish import prose, units
from analysis.publish.findings import Finding
from analysis.publish.payload import Download, Figure, Published, Table, published
from analysis.publish.policy import read_policy
from analysis.publish.references import load_references
from analysis.publish.wording import ENGLISH, as_label, said, speaking, term
from analysis.report.areas import known_areas
from analysis.report.cards import (
    SHORT,
    Card,
    DatasetView,
    Evidence,
    MethodView,
    Origin,
    card,
    citation,
    datasets_of,
    worst_grade,
)
from analysis.report.changes import Changes, compare
from analysis.report.contents import content_hash
from analysis.report.editions import BRIEF, WHOLE
from analysis.report.exhibits import Carried, FigureView, TableView, figure_view, table_view
from analysis.report.fingerprint import Now
from analysis.report.glossary import load_glossary
from analysis.report.languages import (
    in_english,
    missing_terms,
    spoken_in,
    told_in,
    twin_problems,
    words_of,
)
from analysis.report.made_from import NOTHING, MadeFrom
from analysis.report.methodology import Method, look_up_all
from analysis.report.notebook import Notebook, parse_notebook
from analysis.report.packing import packed
from analysis.report.past import DatasetFacts, Facts, slim
from analysis.report.quoted import lead, passages, place
from analysis.report.sections import Head, Material, Section, head, missing_roles, sections
from analysis.report.summary import Lead, Length, Passage
from analysis.report.versions import UNTRACKED
from analysis.report.whatchanged import ChangesView, changes_view

WORDS_A_MINUTE = 225


@dataclass(frozen=True)
class Setting:
    """Where a page is made: the checkout, the version of the code it names, the repository on the web if any.

    ``whole`` names the page that a brief leads to as the whole paper, if there is one; ``made_from`` is what the run
    used, and which editions came before; ``mapped`` says that its maps stand among all measures, because it is the
    paper about the whole city or leads to it.
    """

    project: Project
    version: str = UNTRACKED
    repository: str | None = None
    whole: str = ""
    made_from: MadeFrom = NOTHING
    mapped: bool = False


@dataclass(frozen=True)
class Reference:
    """A cited work."""

    key: str
    html: Markup


@dataclass(frozen=True)
class Provenance:
    """How to build exactly this page again. ``tables`` are name, title, rows and hash of what was loaded."""

    commands: tuple[str, ...]
    notebook: str
    parameters: tuple[tuple[str, str], ...]
    version: str
    tables: tuple[tuple[str, str, int, str], ...]
    prose: str
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class Page:
    """Everything the template of a whitepaper shows.

    ``placed`` are the findings with a place in the text that a link can lead to; that of others is in the table of all
    numbers. ``lead`` and ``passages`` are what the index says of the page.
    """

    name: str
    number: str
    series: str
    subject: str
    place: str
    cut: str
    whole: str
    city: City
    head: Head
    sections: tuple[Section, ...]
    notes: tuple[Section, ...]
    footnotes: Markup
    references: tuple[Reference, ...]
    cards: tuple[Card, ...]
    citation: dict[str, Any]
    glossary: tuple[tuple[str, str], ...]
    datasets: tuple[DatasetView, ...]
    downloads: tuple[Download, ...]
    length: Length
    quality: str
    quality_reason: str
    data_through: str
    provenance: Provenance
    methods: dict[str, Method]
    loads: tuple[dict[str, Any], ...]
    findings: tuple[Finding, ...]
    facts: Facts
    changes: Changes
    changed: ChangesView
    anchors: dict[int, tuple[str, ...]]
    placed: frozenset[str]
    lead: Lead | None
    passages: tuple[Passage, ...]
    language: str = ENGLISH
    others: tuple[str, ...] = ()

    @property
    def exhibits(self) -> tuple[FigureView | TableView, ...]:
        """Figures and tables in the order of the page."""
        return tuple(b.exhibit for s in (*self.sections, *self.notes) for b in s.blocks if b.exhibit is not None)

    @property
    def evidence(self) -> dict[Evidence, int]:
        """What is behind the cards, numbered: the page carries each once."""
        return {found: number for number, found in enumerate(dict.fromkeys(c.evidence for c in self.cards))}

    @property
    def made_by(self) -> dict[MethodView, int]:
        """The methods of the cards, numbered by name."""
        found = sorted({c.method for c in self.cards if c.method is not None}, key=lambda method: method.name)
        return {method: number for number, method in enumerate(found)}

    @property
    def has_map(self) -> bool:
        """Whether the page needs the maps' script."""
        return any(isinstance(e, FigureView) and e.interaction is not None for e in self.exhibits)


def compose(executed: Mapping[str, Any], setting: Setting) -> Page:
    """The page of an executed notebook in English.

    Raises AnalysisError with every problem of the prose (unknown names, literal numbers, missing descriptions).
    """
    about = _about(executed)
    notebook = parse_notebook(dict(executed), Path(f"{about['name']}.ipynb"))
    spoken = spoken_in(notebook, _cut(about))
    return replace(_composed(about, in_english(notebook), published(executed), setting), others=spoken)


def compose_others(executed: Mapping[str, Any], setting: Setting, english: Page) -> dict[str, Page]:
    """The pages of an executed notebook in its other languages; their anchors are those of the English page.

    Raises AnalysisError for twins that are missing, old or speak of other findings, and for words of the code without
    a translation.
    """
    about = _about(executed)
    notebook = parse_notebook(dict(executed), Path(f"{about['name']}.ipynb"))
    pages = {}
    words = words_of(setting.project, notebook, _cut(about))
    for language in english.others:
        if problems := twin_problems(notebook, language):
            raise AnalysisError("\n".join(problems))
        results = published(executed)
        with speaking(language, words[language]) as terms:
            told = replace(told_in(notebook, language), stem=f"{notebook.stem} ({language})")
            made = _composed(about, told, results, setting, english)
        if terms.missing:
            raise missing_terms(notebook.stem, language, terms.missing)
        others = (ENGLISH, *(other for other in english.others if other != language))
        pages[language] = replace(made, language=language, others=others)
    return pages


def _composed(
    about: dict[str, Any],
    notebook: Notebook,
    results: Published,
    setting: Setting,
    english: Page | None = None,
) -> Page:
    """The page in the language being spoken; ``english`` is the same in English where that is another one."""
    place_city = city(setting.project, about["source"])
    place_city = replace(place_city, city=term(place_city.city, needed=False))
    context = _context(notebook, results, setting.project, about["source"], _cut(about))
    context = replace(context, anchors=english.anchors if english else {})
    cells = [prose.Cell(c.number, c.source, c.tags) for c in notebook.cells if c.kind == "markdown"]
    rendered = prose.render(cells, context, mode="html")
    texts = prose.render(cells, context, mode="text", checked=True)
    material = Material(
        rendered={cell.number: cell for cell in rendered.cells},
        texts={cell.number: cell.html for cell in texts.cells},
        exhibits=_exhibits(results, context, about["notebook"] if setting.mapped else ""),
    )
    first = head(notebook, material)
    parts = sections(notebook, material)
    spoken = (*material.texts.values(), texts.footnotes)
    draft = _Draft(about, notebook, results, place_city, context, rendered, spoken, first, parts, setting, english)
    return _page(draft, cells)


@dataclass(frozen=True)
class _Draft:
    about: dict[str, Any]
    notebook: Notebook
    results: Published
    city: City
    context: prose.Context
    rendered: prose.Prose
    spoken: tuple[str, ...]
    head: Head
    parts: Sequence[Section]
    setting: Setting
    english: Page | None = None


def _page(draft: _Draft, cells: Sequence[prose.Cell]) -> Page:
    findings: list[Finding] = list(draft.results.findings.values())
    methods = look_up_all((f.method["name"] for f in findings if f.method), Now())
    datasets = datasets_of(draft.results.loads)
    grade, reason = worst_grade(datasets)
    length = _length(draft, cells)
    origin = _origin(draft, methods)
    about = draft.about
    cards = tuple(card(found, origin) for found in findings)
    # Editions are told apart by what they say in English; a translation says the same.
    facts = draft.english.facts if draft.english else _facts(draft, [found.to_json() for found in findings])
    changes = compare(facts, draft.setting.made_from.past.before(facts.content))
    placed = place(draft.head, draft.parts, Markup(draft.rendered.footnotes))
    quotes = prose.quotes(cells, draft.context)
    tags = {cell.number: set(cell.tags) for cell in cells}
    return Page(
        name=about["name"],
        number=about["notebook"].split("_")[0],
        series=origin.series,
        subject=subject_of(about["notebook"]),
        place=_place(draft),
        cut=_cut(about),
        whole=draft.setting.whole,
        city=draft.city,
        head=placed.head,
        sections=tuple(part for part in placed.sections if part.role != "notes"),
        notes=tuple(part for part in placed.sections if part.role == "notes"),
        footnotes=placed.footnotes,
        references=_references(draft),
        cards=cards,
        citation=citation(origin, dict.fromkeys(made.evidence for made in cards)),
        glossary=_terms(draft),
        datasets=datasets,
        downloads=tuple(
            replace(file, title=term(file.title), description=term(file.description))
            for file in draft.results.downloads.values()
        ),
        length=length,
        quality=grade,
        quality_reason=reason,
        data_through=data_through(findings, draft.results.loads),
        provenance=_provenance(draft, length),
        methods=methods,
        loads=tuple(dict(use) for use in draft.results.loads),
        findings=tuple(findings),
        facts=facts,
        changes=changes,
        changed=changes_view(changes, {made.name: made for made in cards}),
        anchors={cell.number: tuple(heading.anchor for heading in cell.headings) for cell in draft.rendered.cells},
        placed=placed.names,
        lead=lead(quotes, tags, draft.results.findings),
        passages=passages(quotes, tags, cards),
    )


def _facts(draft: _Draft, findings: list[dict[str, Any]]) -> Facts:
    """What this page says and is made from."""
    using, loads = draft.setting.made_from, draft.results.loads
    exhibits = [block.exhibit for part in draft.parts for block in part.blocks if block.exhibit is not None]
    return Facts(
        content=content_hash(draft.spoken, findings, exhibits, draft.results.downloads.values()),
        made_at="",
        html="",
        prose=using.prose,
        parameters=draft.about["parameters"],
        environment=using.environment,
        modules=using.modules,
        cells=using.cells,
        settings=using.settings,
        datasets={
            dataset.id: DatasetFacts(dataset.title, dataset.sha256, dataset.retrieved, dataset.rows)
            for dataset in datasets_of(loads)
        },
        tables={
            str(use["table"]): using.table(str(use["table"]), str(use["sha256"]), int(use["rows"])) for use in loads
        },
        findings={str(found["name"]): slim(found) for found in findings},
    )


def subject_of(notebook: str) -> str:
    """What a notebook is about, from its name.

    >>> subject_of("06_covid_response")
    'Covid response'
    """
    return term(notebook.partition("_")[2].replace("_", " ").capitalize())


def _about(executed: Mapping[str, Any]) -> dict[str, Any]:
    about = executed.get("metadata", {}).get("angeleno")
    if not isinstance(about, dict):
        raise AnalysisError(
            "this notebook was not executed by the project, so nothing is known of its source: "
            "run analysis report NB, and convert reports/<source>/executed/NB.ipynb"
        )
    return about


def _cut(about: Mapping[str, Any]) -> str:
    return str(about.get("cut", WHOLE))


def _context(notebook: Notebook, results: Published, project: Project, source: str, cut: str) -> prose.Context:
    where = city(project, source)
    where = replace(where, city=term(where.city, needed=False))
    areas = {key: term(area.name, needed=False) for key, area in known_areas(project, source).items()}
    rules = read_policy(project.catalog / "policy.yml")
    return prose.Context(
        notebook=notebook.stem,
        findings=results.findings,
        figures=results.figure_numbers,
        tables=results.table_numbers,
        references=load_references(project.catalog / "references.yml"),
        areas=area_names(where) | areas,
        glossary=load_glossary(project.catalog / "glossary.yml"),
        policy=rules.of_brief() if cut == BRIEF else rules,
    )


def area_names(where: City) -> dict[str, str]:
    """Names of the areas a page may be about, by their key.

    >>> from types import SimpleNamespace
    >>> area_names(SimpleNamespace(city="Meridia", district_noun="council district"))["cd-03"]
    'Council District 3'
    """
    noun = where.district_noun.title()
    districts = {f"cd-{n:02d}": term(f"{noun} {n}", needed=False) for n in range(1, 100)}
    return {"city": where.city, **districts}


def _exhibits(results: Published, context: prose.Context, paper: str) -> dict[int, list[FigureView | TableView]]:
    found: dict[int, list[FigureView | TableView]] = {}
    carried = Carried(paper)
    for name, exhibit in results.exhibits.items():
        cell = results.cells[name]

        def words(template: str, mode: str, cell: int = cell) -> str:
            return prose.render_text(template, context, cell=cell, mode="html" if mode == "html" else "text")

        if isinstance(exhibit, Figure):
            view: FigureView | TableView = figure_view(exhibit, results.figure_numbers[name], words, carried)
        elif isinstance(exhibit, Table):
            view = table_view(exhibit, results.table_numbers[name], words)
        found.setdefault(cell, []).append(view)
    return found


def _length(draft: _Draft, cells: Sequence[prose.Cell]) -> Length:
    measured = prose.words(cells, draft.context)
    minutes = max(1, round(measured.words / WORDS_A_MINUTE))
    roles = missing_roles(draft.notebook, _cut(draft.about))
    missing = tuple(str(said("length", "no_part")).format(title=title) for title in roles)
    return Length(measured.words, minutes, round(measured.grade, 1), (*measured.remarks, *missing))


def _origin(draft: _Draft, methods: Mapping[str, Method]) -> Origin:
    setting = draft.setting
    commit = setting.version.split()[0]
    blob = f"{setting.repository}/blob/{commit}" if setting.repository and setting.version != UNTRACKED else None
    return Origin(
        title=draft.head.title_text,
        series=said("page", "series").format(city=draft.city.city),
        report=draft.about["name"],
        version=setting.version,
        blob=blob,
        methods=methods,
        areas=draft.context.areas,
        cells=draft.results.cells,
    )


def _place(draft: _Draft) -> str:
    area = draft.about["parameters"].get("area")
    return as_label(draft.context.areas.get(str(area), str(area))) if area else draft.city.city


def _terms(draft: _Draft) -> tuple[tuple[str, str], ...]:
    """The terms of the glossary that this page explains."""
    html = "".join(cell.html for cell in draft.rendered.cells)
    known = sorted(draft.context.glossary.items())
    return tuple((term, meaning) for term, meaning in known if f'data-term="{escape(term)}"' in html)


def _references(draft: _Draft) -> tuple[Reference, ...]:
    known = draft.context.references
    return tuple(Reference(key, Markup(known[key].html)) for key in draft.rendered.cited)


def data_through(findings: Sequence[Finding], loads: Sequence[Mapping[str, Any]]) -> str:
    """The latest date a finding speaks of, in words; that of the tables where none is dated, empty where nothing is.

    >>> data_through([], [{"period": "1990 to 2018"}, {"period": "2020-03-01 to 2020-11-30"}]).replace(chr(160), " ")
    'November 30, 2020'
    >>> data_through([], [{"period": "2000 to 2014–18"}]), data_through([], [{"period": "1998–02"}])
    ('2018', '2002')
    """
    told = [found.period or "" for found in findings]
    told += [str(found.value) for found in findings if found.unit == "date" and found.status == "ok"]
    for texts in (told, [str(use.get("period", "")) for use in loads]):
        if ends := stated_dates(texts):
            return units.written_date(max(ends))
    return ""


def stated_dates(texts: Iterable[str]) -> list[str]:
    """Years, months and days in some periods, as ISO text; of years with two digits the last is written in full.

    >>> stated_dates(["2000 to 2014–18", "2020-03-01"])
    ['2000', '2014', '2018', '2020-03-01']
    """
    whole = [_SHORT_RANGE.sub(_both_years, text) for text in texts]
    return [date for text in whole for date in re.findall(r"\b(?:19|20)\d\d(?:-\d\d(?:-\d\d)?)?\b", text)]


_SHORT_RANGE = re.compile(r"\b(19|20)(\d\d)–(\d\d)\b")


def _last_year(years: re.Match[str]) -> str:
    """``2014–18`` as its last year, written in full."""
    century, first, last = years.groups()
    return f"{int(century) + (last < first)}{last}"


def _both_years(years: re.Match[str]) -> str:
    """``2014–18`` as both of its years."""
    return f"{years[1]}{years[2]} {_last_year(years)}"


def _provenance(draft: _Draft, length: Length) -> Provenance:
    about = draft.about
    varied = " ".join(f"{name}={about['parameters'][name]}" for name in about["varied"])
    make = f"make report NB={about['notebook'].split('_')[0]}" + (f' PARAMS="{varied}"' if varied else "")
    make += f" CUT={_cut(about)}" if _cut(about) != WHOLE else ""
    live = " SOURCE=live" if about["source"] == "live" else ""
    checkout = () if draft.setting.version == UNTRACKED else (f"git checkout {draft.setting.version.split()[0]}",)
    loads = sorted(draft.results.loads, key=lambda use: str(use["table"]))
    return Provenance(
        commands=(*checkout, *(("make data",) if live else ()), make + live),
        notebook=f"notebooks/{about['notebook']}.ipynb",
        parameters=tuple((name, str(value)) for name, value in about["parameters"].items()),
        version=draft.setting.version,
        tables=tuple((u["table"], str(u["title"]), int(u["rows"]), str(u["sha256"])[:SHORT]) for u in loads),
        prose=said("length", "prose").format(words=f"{length.words:,}", grade=f"{length.grade:g}"),
        remarks=length.remarks,
    )


def export(page: Page) -> dict[str, Any]:
    """The findings of a page as its script gives them to a reader, the same fields of all of them packed together."""
    rows = [made.export for made in page.cards]
    fields = sorted(rows[0]) if rows else []
    return {
        "report": page.name,
        "title": page.head.title_text,
        "city": page.city.city,
        "synthetic": page.city.synthetic,
        "code": page.provenance.version,
        "datasets": {d.id: {"title": d.title, "sha256": d.sha256, "retrieved": d.retrieved} for d in page.datasets},
        "tables": {str(use["table"]): use["sha256"] for use in page.loads},
        "columns": fields,
        "packed": [packed([row[name] for row in rows]) for name in fields],
        "citation": page.citation,
    }
