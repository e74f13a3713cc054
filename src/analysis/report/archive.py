"""Earlier editions of the pages, kept by content address beside the pages that replaced them.

``archive/<sha256>.html`` is an earlier edition as it was last printed, with a notice at its top and links that lead out
of the folder; its name is the hash of its bytes. What was put in can be taken out again (:func:`as_published`), and the
page then has the hash that the ledger holds of it. Its downloads lie beside it under their own hashes.

A page that is about to be replaced is first set aside. Whether it was an edition or was only printed again is known
when the ledger has been written; so a build that is killed in between loses nothing, and the next one settles it.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from markupsafe import Markup

from analysis.publish.wording import ENGLISH
from analysis.report.storage import PARTIAL, digest, put

FOLDER = "archive"
_ASIDE = ".aside"
_BODY = '<main id="main"'
_META = '<meta charset="utf-8">\n'
_ROBOTS = '<meta name="robots" content="noindex">\n'
_NOTICE = re.compile(r'<aside class="banner earlier".*?</aside>\n(?=<main id="main")', re.DOTALL)
_LINK = r'(<(?:a|link) [^>]*?href=")'
_LEADING_OUT = re.compile(rf'{_LINK}(?!#|[a-z]+:)([^"]+)"')
_BROUGHT_BACK = re.compile(rf'{_LINK}\.\./([^"]+)"')
_KEPT_DOWNLOAD = re.compile(rf'{_LINK}[^"]+" data-was="(downloads/[^"]+)"')


@dataclass(frozen=True)
class Kept:
    """An edition in the archive: the report and the hash of its page, and the files of the archive that it has.

    ``others`` are the pages in other languages, by language.
    """

    report: str
    html: str
    page: str
    others: Mapping[str, str] = field(default_factory=dict)
    downloads: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[str, ...]:
        """All of them."""
        return (self.page, *self.others.values(), *self.downloads)


def set_aside(
    folder: Path, report: str, html: str, downloads: Iterable[str] = (), languages: Iterable[str] = ()
) -> None:
    """Keep the page of a report, which has the hash ``html``, in all its ``languages``, and its downloads.

    They stay until it is settled what the page was.

    Costs no copy where the disk gives a file a second name. What is not there, or is kept already, is passed over.
    """
    aside = folder / FOLDER / _ASIDE / report / html
    _give_second_name(folder / f"{report}.html", aside / "page.html")
    for language in languages:
        _give_second_name(folder / f"{report}.{language}.html", aside / f"page.{language}.html")
    for file in downloads:
        _give_second_name(folder / "downloads" / file, aside / "downloads" / file)


def _give_second_name(file: Path, target: Path) -> None:
    if target.exists() or not file.is_file():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.{os.getpid()}{PARTIAL}")
    partial.unlink(missing_ok=True)
    try:
        os.link(file, partial)
    except OSError:
        shutil.copyfile(file, partial)
    os.replace(partial, target)


def waiting(folder: Path) -> list[tuple[str, str]]:
    """Report and hash of every page that was set aside and is not settled."""
    aside = folder / FOLDER / _ASIDE
    if not aside.is_dir():
        return []
    return [(report.name, page.name) for report in sorted(aside.iterdir()) for page in sorted(report.iterdir())]


def settle(
    folder: Path, editions: Mapping[tuple[str, str], Mapping[str, str]], notice: Callable[[str, str, str], Markup]
) -> list[Kept]:
    """Archive those of the pages set aside that were ``editions``; tells what was kept.

    ``editions`` are known by report and hash of the page, and give the hashes of the pages in other languages;
    ``notice`` gives the words at the top of one from report, language and hash. Everything that was set aside stays
    until :func:`forget`, so that a build killed before the ledger knows of the archive does this again. A page that
    somebody changed by hand has not the hash it was set aside with: nobody published it, and it is not kept.
    """
    kept = []
    for report, html in waiting(folder):
        aside = folder / FOLDER / _ASIDE / report / html
        others = editions.get((report, html))
        page = _sound(aside / "page.html", html) if others is not None else None
        if others is None or page is None:
            continue
        downloads = {path.name: _keep(folder, path.read_bytes(), path.suffix) for path in _visible(aside / "downloads")}

        def archived(text: str, language: str, own: str, report: str = report, files: Any = downloads) -> str:
            return _keep(folder, as_archived(text, notice(report, language, own), files).encode(), ".html")

        found = {language: _sound(aside / f"page.{language}.html", own) for language, own in others.items()}
        pages = {language: archived(text, language, others[language]) for language, text in found.items() if text}
        kept.append(Kept(report, html, archived(page, ENGLISH, html), pages, tuple(sorted(set(downloads.values())))))
    return kept


def _sound(page: Path, html: str) -> str | None:
    """A page that has the hash it was set aside with; None of any other, and where there is none."""
    content = page.read_bytes() if page.is_file() else b""
    return content.decode() if digest(content) == html else None


def _visible(folder: Path) -> list[Path]:
    return sorted(folder.glob("[!.]*"))


def _keep(folder: Path, content: bytes, suffix: str) -> str:
    """Put something into the archive; returns its file there."""
    file = f"{digest(content)}{suffix}"
    put(folder / FOLDER / file, content)
    return file


def files(folder: Path) -> list[str]:
    """The files of the archive that are named by their hash."""
    found = (folder / FOLDER).glob("*.*")
    return sorted(path.name for path in found if re.fullmatch(r"[0-9a-f]{64}\.[a-z]+", path.name))


def forget(folder: Path) -> None:
    """Drop what was set aside: it is settled."""
    shutil.rmtree(folder / FOLDER / _ASIDE, ignore_errors=True)


def drop(folder: Path, files: Iterable[str]) -> None:
    """Remove files from the archive."""
    for file in files:
        (folder / FOLDER / file).unlink(missing_ok=True)


def as_archived(page: str, notice: Markup, downloads: Mapping[str, str]) -> str:
    """A page as it stands in the archive; ``downloads`` are its files there by their names beside the page."""

    def outward(link: re.Match[str]) -> str:
        start, address = link[1], link[2]
        folder, _, file = address.rpartition("/")
        if folder == "downloads" and file in downloads:
            return f'{start}{downloads[file]}" data-was="{address}"'
        return f'{start}../{address}"'

    head, _, body = page.partition(_BODY)
    told = f'<aside class="banner earlier">{notice}</aside>\n'
    text = f"{head}{told}{_BODY}{body}".replace(_META, _META + _ROBOTS, 1)
    return _LEADING_OUT.sub(outward, text)


def as_published(archived: str) -> str:
    """The page that was archived, byte for byte.

    >>> page = '<meta charset="utf-8">\\n<main id="main"><a href="index.html">All</a></main>'
    >>> as_published(as_archived(page, Markup("Earlier."), {})) == page
    True
    """
    text = _NOTICE.sub("", archived, count=1).replace(_ROBOTS, "", 1)
    return _BROUGHT_BACK.sub(r'\1\2"', _KEPT_DOWNLOAD.sub(r'\1\2"', text))
