"""Issuing a page: print it, put its downloads beside it, say what it is made of, and only then let it appear."""

from __future__ import annotations

import re
from pathlib import Path

from analysis.project import AnalysisError, Project
from analysis.publish.payload import Download, published
from analysis.report import archive
from analysis.report.cuts import check_words, cut_of
from analysis.report.editions import whole_paper
from analysis.report.execution import Record, places, with_current_prose, without_injected
from analysis.report.fingerprint import Mark, Now, page_files
from analysis.report.made_from import made_from
from analysis.report.notebook import read_notebook
from analysis.report.page import Page, Setting, compose, compose_others
from analysis.report.past import Past, key
from analysis.report.printing import print_page
from analysis.report.storage import digest, put
from analysis.report.summary import Offer, Summary, Told, read_summary, write_summary
from analysis.report.surroundings import PAGE_SETTINGS
from analysis.report.versions import code_version, repository

_printer: dict[str, Mark] | None = None


def marks_of_printer() -> dict[str, Mark]:
    """Marks of the printing code and templates as they are now."""
    now = Now()
    return {name: now.mark(path) for name, path in page_files().items()}


def note_printer() -> None:
    """Take the marks for all pages of a build, before its workers are forked: they print with what is loaded then."""
    global _printer
    _printer = marks_of_printer()


def forget_printer() -> None:
    """Let every page take the marks itself again."""
    global _printer
    _printer = None


def issue(project: Project, source: str, record: Record, *, strict: bool = False, past: Past | None = None) -> Summary:
    """Print the page of a run and put it in place, last of all its files; the page it replaces is set aside.

    ``past`` are the editions before, read from the ledger if not given.

    Raises AnalysisError for prose that may not be published and, with ``strict``, for missed limits of length,
    reading grade and structure; the page in place then stays.
    """
    before = Now()
    printer = _printer or marks_of_printer()
    executed, record = with_current_prose(project, source, record)
    notebook = read_notebook(project.notebooks / f"{record.notebook}.ipynb")
    whole = whole_paper(project, source, record.name, record.notebook, record.cut)
    kept = cut_of(notebook, record.cut)
    using = made_from(project, source, record, kept, past)
    mapped = record.notebook in {record.name, whole}
    setting = Setting(project, code_version(project, record), repository(project), whole, using, mapped)
    said = published(executed)
    check_words(notebook, record.cut, {*said.findings, *said.exhibits})
    written = without_injected(executed)
    page = compose(written, setting)
    others = compose_others(written, setting, page)
    html = print_page(page)
    translated = {language: print_page(other) for language, other in others.items()}
    if strict and page.length.remarks:
        raise AnalysisError(f"{record.name}: {'; '.join(page.length.remarks)} (a warning without --strict)")
    place = places(project, source, record.name)
    earlier = read_summary(place.summary)
    if earlier is not None and earlier.html != digest(html):
        archive.set_aside(project.reports(source), record.name, earlier.html, earlier.downloads, earlier.others)
    downloads = _put_downloads(project.reports(source) / "downloads", page)
    summary = Summary(
        name=record.name,
        notebook=record.notebook,
        html=digest(html),
        executed=record.executed,
        cut=record.cut,
        whole=whole,
        prose=kept.prose_hash(),
        printer=printer,
        settings={name: before.mark(project.catalog / name) for name in PAGE_SETTINGS},
        methods={name: [m.summary, m.file, m.line] for name, m in page.methods.items()},
        version=setting.version,
        title=page.head.title_text,
        standfirst=page.head.standfirst_text,
        subject=page.subject,
        place=page.place,
        varied=record.given,
        parameters=record.parameters,
        data_through=page.data_through,
        quality=page.quality,
        quality_reason=page.quality_reason,
        length=page.length,
        lead=page.lead,
        passages=page.passages,
        findings=tuple(found.to_json() for found in page.findings),
        loads=page.loads,
        downloads=downloads,
        offers={_file(page, d.file): _offer(d) for d in page.downloads},
        others={language: _told(others[language], html) for language, html in translated.items()},
        content=page.facts.content,
        since=key(using.past.before(page.facts.content)),
        changes=page.changes.to_json(),
        cells=using.cells,
        by_period=dict(using.by_period),
    )
    write_summary(place.summary, summary)
    for language, text in translated.items():
        put(place.page_in(language), text)
    put(place.page, html)
    for language in set(earlier.others if earlier else ()) - set(summary.others):
        place.page_in(language).unlink(missing_ok=True)
    place.failure.unlink(missing_ok=True)
    _drop_old(project.reports(source) / "downloads", earlier, summary)
    return summary


def _told(page: Page, html: str) -> Told:
    return Told(
        html=digest(html),
        title=page.head.title_text,
        standfirst=page.head.standfirst_text,
        subject=page.subject,
        place=page.place,
        data_through=page.data_through,
        length=page.length,
        lead=page.lead,
        passages=page.passages,
    )


def _offer(file: Download) -> Offer:
    return Offer(file.title, file.description, file.rows, tuple(str(use["table"]) for use in file.tables))


def _put_downloads(folder: Path, page: Page) -> dict[str, str]:
    """Write the files offered beside the page; returns the hash of each by file name."""
    written = {}
    for download in page.downloads:
        content = download.csv.encode()
        if digest(content) != download.sha256:
            raise AnalysisError(
                f"{page.name}: the download {download.name} does not have the hash it was published with"
            )
        name = _file(page, download.file)
        put(folder / name, content)
        written[name] = download.sha256
    return written


def _file(page: Page, file: str) -> str:
    """The name of a download on disk: no two pages share one."""
    if not re.fullmatch(r"[A-Za-z0-9_-]+\.[a-z]+", file):
        raise AnalysisError(f"{page.name}: {file!r} is no name for a download: use letters, digits, _ and -")
    return f"{page.name}_{file}"


def _drop_old(folder: Path, earlier: Summary | None, now: Summary) -> None:
    for name in earlier.downloads if earlier else ():
        if name not in now.downloads:
            (folder / name).unlink(missing_ok=True)
