"""Pages as PDF, printed by Chromium: tagged for screen readers, with outline, title and language."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from analysis.project import AnalysisError, Project
from analysis.report.editions import Edition
from analysis.report.handouts import Handout, Kind, hand_out
from analysis.report.storage import digest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
"""What the program is called in distributions of Linux and on other systems."""

OPTIONS = (
    "--headless",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--no-pdf-header-footer",
    "--export-tagged-pdf",
    "--generate-pdf-document-outline",
)
SECONDS = 180

# A file that is mailed has no neighbours: what leads to them would lead into a folder of this machine.
_NEIGHBOUR = re.compile(r'(<a\b[^>]*?) href="(?!#|https?://|mailto:)[^"]*"')
_OUTLINE = re.compile(r'<path id="([^"]+)" d="([^"]*)" ?/>')
_SHAPE = re.compile(r'<use href="#([^"]+)" ?/>|<path id="[^"]+" d="([^"]*)" ?/>')
_HATCHED = re.compile(r'(<g fill="url\(#[^"]*\)"[^>]*>)((?:<use [^>]*>|<path [^>]*>|\s)+)</g>')


def find_chromium() -> str:
    """The program named by ``CHROMIUM``, else the first of :data:`NAMES` on the path.

    Raises AnalysisError saying how to get one.
    """
    named = os.environ.get("CHROMIUM")
    found = shutil.which(named) if named else next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        what = f"CHROMIUM={named} is no program" if named else "there is no Chromium on this machine"
        raise AnalysisError(
            f"{what}: PDF are printed by it. Install it (Debian, Ubuntu: apt-get install chromium; macOS: brew install "
            "--cask chromium; Google Chrome does, too), or name it: CHROMIUM=/path/to/chromium"
        )
    return found


def make_pdfs(project: Project, source: str, notebook: str | None = None) -> Iterator[Handout]:
    """Print every fresh page to ``pdf/`` beside it, or those of one notebook; see :func:`hand_out`.

    Raises AnalysisError where there is no Chromium, or it fails.
    """
    program = find_chromium()

    def make(edition: Edition, pages: Mapping[str, bytes]) -> Mapping[str, bytes]:
        return {language: printed(page, program, edition.name) for language, page in pages.items()}

    return hand_out(project, source, notebook, Kind("pdf", ".pdf", digest(Path(__file__).read_bytes())), make)


def for_print(page: str) -> str:
    """The page as Chromium is to print it.

    Links to its neighbors go. The hatched places of a map become one shape: each would be a pattern of its own in the
    PDF, and five hundred of them weigh tens of megabytes. Tables get no buttons for sorting, which Chromium leaves out
    where it repeats the head of a table on the next sheet.

    >>> for_print('<a href="index.html">A</a>')
    '<a>A</a>'
    >>> for_print('<g fill="url(#p)"><path id="a.0" d="M1 1z"/><path id="a.1" d="M5 5z"/></g>')
    '<defs><path id="a.0" d="M1 1z"/><path id="a.1" d="M5 5z"/></defs><g fill="url(#p)"><path d="M1 1zM5 5z"/></g>'
    """
    outlines = dict(_OUTLINE.findall(page))

    def merged(group: re.Match[str]) -> str:
        held = "".join(found[0] for found in _OUTLINE.finditer(group[2]))  # other maps refer to them
        course = "".join(shape[2] or outlines[shape[1]] for shape in _SHAPE.finditer(group[2]))
        return f'{f"<defs>{held}</defs>" if held else ""}{group[1]}<path d="{course}"/></g>'

    plain = _NEIGHBOUR.sub(r"\1", page).replace('<table class="sortable">', "<table>")
    return _HATCHED.sub(merged, plain)


def printed(page: bytes, program: str, name: str) -> bytes:
    """A page as PDF.

    Raises AnalysisError with what Chromium said where it made none, or one without tags (before version 131).
    """
    with tempfile.TemporaryDirectory(prefix="angeleno-pdf-") as folder:
        source, target = Path(folder, "page.html"), Path(folder, "page.pdf")
        source.write_text(for_print(page.decode()), encoding="utf-8")
        # Chromium refuses to guard itself where root starts it, as in most containers; the page is our own.
        guard = ("--no-sandbox",) if os.name == "posix" and os.geteuid() == 0 else ()
        command = [program, *OPTIONS, *guard, f"--user-data-dir={folder}/profile", f"--print-to-pdf={target}"]
        try:
            done = subprocess.run(
                [*command, source.as_uri()], capture_output=True, text=True, timeout=SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            raise AnalysisError(f"{name}: {program} did not print the page within {SECONDS} seconds") from None
        content = target.read_bytes() if target.is_file() else b""
    if done.returncode != 0 or not content.startswith(b"%PDF"):
        said = "\n".join(done.stderr.strip().splitlines()[-5:])
        raise AnalysisError(f"{name}: {program} printed no PDF (exit code {done.returncode}):\n{said}")
    if b"/StructTreeRoot" not in content:
        raise AnalysisError(f"{name}: {program} makes PDF without tags, which screen readers need; 131 or newer does")
    return content
