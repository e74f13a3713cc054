"""Whether a report is fresh, and if not, because of what: by content, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.project import AnalysisError, Project
from analysis.publish.wording import said
from analysis.report.cuts import read_cut
from analysis.report.editions import Edition, whole_paper
from analysis.report.execution import Failure, Record, described, holdings, places, read_record
from analysis.report.fingerprint import Mark, Now, environment, module_file, page_files
from analysis.report.languages import words_of
from analysis.report.methodology import look_up_all
from analysis.report.notebook import Notebook
from analysis.report.past import key_before, predecessors
from analysis.report.storage import digest, read_json
from analysis.report.summary import Summary, read_summary
from analysis.report.surroundings import PAGE_SETTINGS, SETTINGS, dataset_hashes
from analysis.report.versions import code_version


@dataclass(frozen=True)
class Verdict:
    """Why a report must be run again (``run``) or only printed again (``page``); fresh when both are empty.

    ``failure`` is the last attempt's, if it failed. Printing is needed after every run, so ``run`` implies it.
    """

    run: tuple[str, ...] = ()
    page: tuple[str, ...] = ()
    failure: Failure | None = None

    @property
    def fresh(self) -> bool:
        """Whether the page in place is exactly what a build would make."""
        return not (self.run or self.page or self.failure)

    @property
    def words(self) -> str:
        """The verdict as a line.

        >>> Verdict(run=("table tract_periods changed", "policy.yml changed")).words
        'stale: table tract_periods changed; policy.yml changed'
        >>> Verdict(page=("the prose changed",)).words
        'stale: the prose changed (needs printing only)'
        """
        if self.failure:
            return f"failed: {self.failure}"
        if self.run:
            return f"stale: {'; '.join(self.run)}"
        return f"stale: {'; '.join(self.page)} (needs printing only)" if self.page else "fresh"


class Judge:
    """Says of each report whether it is stale; what reports share is looked up once."""

    def __init__(self, project: Project, source: str, now: Now | None = None) -> None:
        self.project = project
        self.source = source
        self.now = now or Now()
        self._environment = environment(project)
        self._datasets: dict[str, str] | None = None
        self._printers = page_files()
        self._notebooks: dict[tuple[str, str], Notebook] = {}
        self._judged: dict[tuple[str, Mark], bool] = {}
        self._editions: dict[str, tuple[tuple[str, str], ...]] | None = None

    def verdict(self, wanted: Edition) -> Verdict:
        """Judge one edition."""
        place = places(self.project, self.source, wanted.name)
        failed = read_json(place.failure)
        failure = Failure(**failed) if isinstance(failed, dict) else None
        record = read_record(place)
        if record is None:
            return Verdict(run=("never built",), failure=failure)
        run = tuple(self._run_reasons(wanted, record))
        return Verdict(run, () if run else tuple(self._page_reasons(wanted, record)), failure)

    def notebook(self, wanted: Edition) -> Notebook:
        """The cells of an edition's cut, read once a notebook and cut."""
        key = (wanted.notebook, wanted.cut)
        if key not in self._notebooks:
            self._notebooks[key] = read_cut(self.project.notebooks / f"{wanted.notebook}.ipynb", wanted.cut)
        return self._notebooks[key]

    def _run_reasons(self, wanted: Edition, record: Record) -> Iterable[str]:
        if record.code != self.notebook(wanted).code_hash():
            yield "the code cells changed"
        if record.parameters != wanted.parameters:
            yield "the parameters changed"
        if not record.settled:
            yield "code was edited while it ran"
        for name in self._changed(record.modules, module_file, record.modules):
            yield f"{name} changed"
        yield from self._table_reasons(record.tables)
        if record.holdings:
            held = holdings(self.project, self.source)
            changed = {name for name in {*held, *record.holdings} if held.get(name) != record.holdings.get(name)}
            if changed:
                yield f"the holdings changed ({', '.join(sorted(changed)[:3])}{', …' if len(changed) > 3 else ''})"
            new = set(dataset_hashes(self.project)) - set(record.datasets)
            if new:
                yield f"the catalogue has new entries ({', '.join(sorted(new)[:3])}{', …' if len(new) > 3 else ''})"
        for dataset, there in sorted(record.asked.items()):
            if (self.project.raw(self.source, dataset) / "manifest.json").is_file() != there:
                yield f"dataset {dataset} {'is no longer there' if there else 'is there now'}"
        for name in self._changed(SETTINGS, self.project.catalog.joinpath, record.settings):
            yield f"{name} changed"
        yield from self._dataset_reasons(record.datasets)
        yield from self._environment_reasons(record.environment)
        yield from self._word_reasons(wanted, record)

    def _word_reasons(self, wanted: Edition, record: Record) -> Iterable[str]:
        """Words inside figures, which only a run can draw."""
        for language, words in words_of(self.project, self.notebook(wanted), wanted.cut, drawn=True).items():
            name, drawn = said("language", language=language), record.words.get(language)
            if drawn is None:
                yield f"its figures were not drawn in {name}"
            elif changed := [text for text, known in sorted(drawn.items()) if words.row(text) != known]:
                more = ", …" if len(changed) > 3 else ""
                yield f"the words of its figures in {name} changed ({', '.join(changed[:3])}{more})"

    def _changed(self, names: Iterable[str], place: Callable[[str], Path], known: Mapping[str, Mark]) -> list[str]:
        """The names of files that no longer mean what they meant; each file is judged once for all reports."""
        none = Mark("", "")
        return [name for name in sorted(names) if not self._same(name, known.get(name, none), place)]

    def _same(self, name: str, mark: Mark, place: Callable[[str], Path]) -> bool:
        if (name, mark) not in self._judged:
            self._judged[name, mark] = self.now.same(place(name), mark)
        return self._judged[name, mark]

    def _table_reasons(self, tables: Mapping[str, str]) -> Iterable[str]:
        for table, before in sorted(tables.items()):
            held = described(self.project, self.source, table)
            if held != before:
                yield f"table {table} changed" if held else f"table {table} is no longer there"

    def _dataset_reasons(self, datasets: Mapping[str, str]) -> Iterable[str]:
        if not datasets:
            return
        if self._datasets is None:
            self._datasets = dataset_hashes(self.project)
        for name, known in sorted(datasets.items()):
            if self._datasets.get(name) != known:
                yield f"the catalogue entry of {name} changed"

    def _environment_reasons(self, known: Mapping[str, str]) -> Iterable[str]:
        if known.get("lock") != self._environment["lock"]:
            yield "the locked environment changed"
        if known.get("python") != self._environment["python"]:
            yield f"Python is now {self._environment['python']}, was {known.get('python')}"

    def _page_reasons(self, wanted: Edition, record: Record) -> Iterable[str]:
        place = places(self.project, self.source, wanted.name)
        summary = read_summary(place.summary)
        if summary is None or not place.page.is_file() or digest(place.page.read_bytes()) != summary.html:
            yield "the page is not there" if not place.page.is_file() else "the page is not the one that was printed"
            return
        for language, told in sorted(summary.others.items()):
            page = place.page_in(language)
            if not page.is_file() or digest(page.read_bytes()) != told.html:
                yield f"its page in {said('language', language=language)} is not the one that was printed"
        if summary.executed != record.executed:
            yield "it was run since"
        if summary.prose != self.notebook(wanted).prose_hash():
            yield "the prose changed"
        if summary.whole != whole_paper(self.project, self.source, record.name, record.notebook, record.cut):
            yield "the whole paper it leads to came or went"
        if summary.since != key_before(self._before(record.name), summary.content):
            yield "the edition it is compared with is another one"
        yield from self._printing_reasons(record, summary)

    def _before(self, report: str) -> tuple[tuple[str, str], ...]:
        """Content and moment of the last editions of a report, as the ledger has them."""
        if self._editions is None:
            self._editions = predecessors(self.project.reports(self.source) / "ledger.db")
        return self._editions.get(report, ())

    def _printing_reasons(self, record: Record, summary: Summary) -> Iterable[str]:
        files = self._printers
        if self._changed(files, files.__getitem__, summary.printer) or set(summary.printer) - set(files):
            yield "the template or the printing code changed"
        for name in self._changed(PAGE_SETTINGS, self.project.catalog.joinpath, summary.settings):
            yield f"{name} changed"
        if self._methods(summary) != summary.methods:
            yield "the description or place of a method changed"
        if summary.version != code_version(self.project, record):
            yield "the version of the code it names changed"
        missing = [file for file, sha256 in sorted(summary.downloads.items()) if not self._holds(file, sha256)]
        if missing:
            yield f"a download is not the one that was printed ({', '.join(missing)})"

    def _methods(self, summary: Summary) -> dict[str, list[Any]]:
        found = look_up_all(summary.methods, self.now)
        return {name: [method.summary, method.file, method.line] for name, method in found.items()}

    def _holds(self, file: str, sha256: str) -> bool:
        path = self.project.reports(self.source) / "downloads" / file
        return path.is_file() and digest(path.read_bytes()) == sha256


def judged(
    project: Project, source: str, editions: Iterable[Edition], judge: Judge | None = None
) -> dict[str, Verdict]:
    """The verdict on each edition by name; a notebook that cannot be read is a failure, not an error."""
    judge = judge or Judge(project, source)
    verdicts = {}
    for wanted in editions:
        try:
            verdicts[wanted.name] = judge.verdict(wanted)
        except AnalysisError as error:
            verdicts[wanted.name] = Verdict(failure=Failure(wanted.notebook, None, "", str(error)))
    return verdicts
