"""Bringing the archive up to the ledger: what was replaced and was an edition is kept, the oldest are let go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from markupsafe import Markup

from analysis.catalog.site import Archive
from analysis.publish.wording import said
from analysis.report import archive, ledger
from analysis.report.archive import Kept
from analysis.report.editions import BRIEF, WHOLE
from analysis.report.ledger import KnownEdition
from analysis.report.printing import page_file


def bring_up_to(folder: Path, limits: Archive) -> list[KnownEdition]:
    """Settle what was set aside in a folder of reports and let go what is beyond the limits.

    Returns every edition the ledger knows. Files get into place before the ledger names them, and leave after it has
    forgotten them, so it never names one that is not there.
    """
    path = folder / "ledger.db"
    told = ledger.editions(path)
    changed: dict[int, Kept | None] = {}
    if archive.waiting(folder):
        earlier = {(one.report, one.html): one for one in told if not one.current and one.archived is None}
        pages = {key: {language: page["html"] for language, page in one.others.items()} for key, one in earlier.items()}
        changed = {earlier[kept.report, kept.html].edition: kept for kept in archive.settle(folder, pages, _notice)}
        told = _with(told, changed)
    let_go = [one for one in told if one.archived and one.edition in _beyond(told, limits)]
    changed |= dict.fromkeys((one.edition for one in let_go), None)
    ledger.note_archived(path, changed)
    archive.forget(folder)
    after = _with(told, changed)
    held = {file for one in after if one.archived for file in one.archived.files}
    archive.drop(folder, {file for one in let_go if one.archived for file in one.archived.files} - held)
    return after


def _with(told: Sequence[KnownEdition], changed: Mapping[int, Kept | None]) -> list[KnownEdition]:
    return [replace(one, archived=changed[one.edition]) if one.edition in changed else one for one in told]


def _beyond(told: Sequence[KnownEdition], limits: Archive) -> set[int]:
    """Numbers of archived editions of which the archive has enough later ones of the same report."""
    kept: dict[str, list[int]] = {}
    for one in told:
        if one.archived:
            kept.setdefault(one.report, []).append(one.edition)
    return {
        edition
        for report, numbers in kept.items()
        for edition in numbers[: -limits.of(BRIEF if report.endswith(f"--{BRIEF}") else WHOLE)]
    }


def _notice(report: str, language: str, html: str) -> Markup:
    """The words at the top of an archived page."""
    words = said("archive", language=language)
    return Markup(
        '<p class="wide"><strong>{}</strong> {} <a href="{}">{}</a> <a href="archive/{}#of-{}">{}</a> '
        '<span class="fine">{} <code>{}</code></span></p>'
    ).format(
        words["earlier"],
        words["replaced"],
        page_file(report, language),
        words["current"],
        page_file("index", language),
        report,
        words["all"],
        words["published"],
        html,
    )
