"""Reading ``data/catalog/*.yml`` into checked datasets."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from dataclasses import fields
from urllib.parse import urlsplit

from analysis.catalog.datasets import (
    CADENCES,
    FORMATS,
    SENSITIVITIES,
    ArcgisSource,
    Catalog,
    CensusSource,
    DatabaseSource,
    Dataset,
    FileSource,
    Period,
    SocrataSource,
    Source,
    Subject,
)
from analysis.catalog.entries import Entry, read_entry
from analysis.project import AnalysisError, Project

DATASET_KEYS = [item.name for item in fields(Dataset) if item.name not in ("subject", "defined_at")]
SOURCE_KEYS = {
    "census": ["kind", "address", "for", "in", "variables"],
    "socrata": ["kind", "address", "select", "where"],
    "arcgis": ["kind", "address", "geometry", "where", "fields"],
    "file": ["kind", *(item.name for item in fields(FileSource))],
    "database": ["kind", "url_variable", "query", "chunk_rows"],
}
_ID = r"[a-z][a-z0-9]*(_[a-z0-9]+)*"


def load_catalog(project: Project) -> Catalog:
    """Every dataset the project knows.

    Raises AnalysisError ``file:line: entry: …`` for unknown, missing or repeated
    keys, repeated or malformed ids, wrong types and addresses that are not https.
    """
    datasets: dict[str, Dataset] = {}
    subjects: dict[str, Subject] = {}
    for path in sorted(project.catalog.glob("*.yml")):
        top = read_entry(path)
        # Cities, policy, prices and style lie in the same folder and have readers of their own.
        if "subject" not in top.keys and "datasets" not in top.keys:
            continue
        subject, found = read_subject(top)
        if subject.id in subjects:
            raise AnalysisError(
                f"{subject.defined_at}: subject {subject.id!r} is already defined at "
                f"{subjects[subject.id].defined_at}: one file a subject"
            )
        for dataset in found:
            if dataset.id in datasets:
                raise AnalysisError(
                    f"{dataset.defined_at}: dataset {dataset.id!r} is already defined at "
                    f"{datasets[dataset.id].defined_at}: choose another id"
                )
            datasets[dataset.id] = dataset
        subjects[subject.id] = subject
    if not datasets:
        raise AnalysisError(f"no dataset in {project.catalog.name}: expected files such as covid.yml there")
    return Catalog(datasets, subjects)


def read_subject(top: Entry) -> tuple[Subject, list[Dataset]]:
    """One file of the catalogue, named after its subject."""
    top.only(["subject", "title", "datasets"])
    name = top.matching("subject", _ID, "lower-case words joined by _ such as housing_supply")
    if f"{name}.yml" != top.file:
        raise top.error(f"subject {name!r} must be the name of the file", top.at("subject"))
    seen: dict[str, str] = {}
    datasets = []
    for entry in top.entries("datasets"):
        dataset = _dataset(entry, name)
        if dataset.id in seen:
            raise entry.error(f"id {dataset.id!r} stands twice (first at {seen[dataset.id]})", entry.at("id"))
        seen[dataset.id] = dataset.defined_at
        datasets.append(dataset)
    return Subject(name, top.text("title"), tuple(seen), top.place), datasets


def _dataset(entry: Entry, subject: str) -> Dataset:
    ident = entry.matching("id", _ID, "lower-case words joined by _ such as acs5_2018")
    entry.what = ident
    entry.only(DATASET_KEYS)
    sensitivity = entry.one_of("sensitivity", SENSITIVITIES)
    if sensitivity != "public" and not entry.has("sensitivity_reason"):
        raise entry.error(f"sensitivity {sensitivity} needs a sensitivity_reason", entry.at("sensitivity"))
    return Dataset(
        id=ident,
        subject=subject,
        title=entry.text("title"),
        description=entry.text("description"),
        use_for=entry.text("use_for"),
        do_not_use_for=entry.text("do_not_use_for"),
        publisher=entry.text("publisher"),
        landing_page=_address(entry, "landing_page"),
        licence=entry.text("licence"),
        steward=entry.text("steward"),
        sensitivity=sensitivity,
        sensitivity_reason=entry.optional_text("sensitivity_reason"),
        cadence=entry.one_of("cadence", CADENCES),
        optional_reason=entry.optional_text("optional_reason"),
        source=_source(entry.entry("source")),
        key=entry.texts("key"),
        geography=entry.text("geography"),
        vintage=entry.optional_text("vintage"),
        period=_period(entry.entry("period")),
        known_dirt=entry.texts("known_dirt"),
        defined_at=entry.place,
    )


def _period(entry: Entry) -> Period:
    entry.only(["start", "end"])
    start, end = entry.date("start"), entry.date("end")
    if start is None:
        raise entry.error("missing key 'start'")
    if end is not None and end[: len(start)] < start[: len(end)]:
        raise entry.error(f"end {end} lies before start {start}", entry.at("end"))
    return Period(start, end)


def _address(entry: Entry, key: str = "address") -> str:
    text = entry.text(key)
    parts = urlsplit(text)
    if parts.scheme != "https" or not parts.hostname or parts.username or parts.fragment or re.search(r"\s", text):
        raise entry.error(
            f"bad {key} {text!r}: expected https://host/path without user name, blank (write %20) or #", entry.at(key)
        )
    return text


def _source(entry: Entry) -> Source:
    kind = entry.one_of("kind", list(SOURCE_KEYS))
    entry.only(SOURCE_KEYS[kind])
    return _READERS[kind](entry)


def _census(entry: Entry) -> Source:
    return CensusSource(_address(entry), entry.text("for"), entry.text("in"), entry.words("variables"))


def _socrata(entry: Entry) -> Source:
    address = _address(entry)
    if not re.search(r"/resource/[a-z0-9]{4}-[a-z0-9]{4}\.json$", address):
        raise entry.error(
            f"bad address {address!r}: expected https://host/resource/abcd-1234.json", entry.at("address")
        )
    return SocrataSource(address, entry.optional_text("select"), entry.optional_text("where"))


def _arcgis(entry: Entry) -> Source:
    address = _address(entry)
    if not re.search(r"/(Feature|Map)Server/\d+$", address):
        raise entry.error(f"bad address {address!r}: expected a layer such as …/FeatureServer/0", entry.at("address"))
    where = entry.optional_text("where") or "1=1"
    return ArcgisSource(address, entry.flag("geometry"), where, entry.texts("fields", required=False))


def _file(entry: Entry) -> Source:
    form = entry.one_of("format", FORMATS)
    encoding = entry.optional_text("encoding") or "utf-8"
    try:
        codecs.lookup(encoding)
    except LookupError:
        raise entry.error(f"unknown encoding {encoding!r}", entry.at("encoding")) from None
    if form == "xlsx" and not entry.has("sheet"):
        raise entry.error("an xlsx file needs the name of the sheet: add 'sheet'")
    columns = entry.texts("columns", required=form != "zip", blank=True)
    pattern = entry.optional_text("more_columns")
    try:
        re.compile(pattern or "")
    except re.error as error:
        raise entry.error(f"more_columns is not a regular expression: {error}", entry.at("more_columns")) from None
    return FileSource(
        address=_address(entry),
        format=form,
        encoding=encoding,
        delimiter=entry.character("delimiter", "\t" if form == "tsv" else ","),
        sheet=entry.optional_text("sheet"),
        member=entry.optional_text("member"),
        header_row=entry.number("header_row", 1),
        columns=columns,
        more_columns=pattern,
    )


def _database(entry: Entry) -> Source:
    name = entry.matching("url_variable", r"[A-Z][A-Z0-9_]*", "the NAME of an environment variable, not an address")
    return DatabaseSource(name, entry.text("query"), entry.number("chunk_rows", 50_000))


_READERS: dict[str, Callable[[Entry], Source]] = {
    "census": _census,
    "socrata": _socrata,
    "arcgis": _arcgis,
    "file": _file,
    "database": _database,
}
