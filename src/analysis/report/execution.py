"""One run of one notebook: prepared, executed by papermill, stored with a record of what it used."""

from __future__ import annotations

import ast
import json
import logging
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from analysis.project import AnalysisError, Project
from analysis.publish.payload import FIGURE, MAP
from analysis.publish.wording import Terms, words_for_kernel
from analysis.report import recording
from analysis.report.cuts import check_code, cut_of, read_cut
from analysis.report.editions import WHOLE, Edition
from analysis.report.fingerprint import Mark, Now, module_file
from analysis.report.kernel_environment import loads_by_name
from analysis.report.languages import words_of
from analysis.report.notebook import Notebook, python_tree, read_notebook
from analysis.report.parameters import declared
from analysis.report.storage import canonical, digest, put, put_json, read_json
from analysis.report.surroundings import Surroundings

INJECTED = "injected-parameters"
CELL_TIMEOUT = 1800  # seconds; a cell that hangs must not hang the nightly build


@dataclass(frozen=True)
class Failure:
    """Why a report could not be made; ``cell`` counts from 1 and is None when no cell is to blame."""

    notebook: str
    cell: int | None
    line: str
    error: str

    def __str__(self) -> str:
        where = f"{self.notebook}, cell {self.cell}: " if self.cell else f"{self.notebook}: "
        if self.error.startswith(self.notebook):
            where = ""  # the message says where by itself
        return f"{where}{self.error}" + (f"\n    in: {self.line}" if self.line else "")


class RunFailed(AnalysisError):
    """A notebook that did not run to its end."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(str(failure))
        self.failure = failure

    def __reduce__(self) -> tuple[type[RunFailed], tuple[Failure]]:
        return (RunFailed, (self.failure,))


@dataclass(frozen=True)
class Record:
    """What one run used, by content.

    ``modules`` are the modules of this package it imported, ``tables`` the refined tables it loaded with the hash of
    their descriptions, ``datasets`` the catalogue entries those came from, ``holdings`` everything in data/raw and
    data/processed and who reads it, for a notebook that asks about the data themselves, ``settings`` and
    ``environment`` what :class:`analysis.report.surroundings.Surroundings` says. ``settled`` is false when a module or
    table changed while the run went on: then nobody knows which version it saw, and it counts as stale. ``cut`` says
    how much of the notebook ran, and ``code`` is the hash of the cells in it; ``listed`` whether editions.yml asked.
    ``asked`` are the datasets whose presence the notebook asked for, and whether they were there; ``words`` by language
    what its figures were drawn with, None where there was no translation.
    """

    notebook: str
    name: str
    given: dict[str, Any]
    parameters: dict[str, Any]
    code: str
    executed: str
    modules: dict[str, Mark]
    tables: dict[str, str]
    datasets: dict[str, str]
    holdings: dict[str, str]
    settings: dict[str, Mark]
    environment: dict[str, str]
    settled: bool
    cut: str = WHOLE
    listed: bool = False
    asked: dict[str, bool] = field(default_factory=dict)
    words: dict[str, dict[str, str | None]] = field(default_factory=dict)


@dataclass(frozen=True)
class Places:
    """Where the results of one edition lie."""

    folder: Path
    name: str

    @property
    def executed(self) -> Path:
        """The executed notebook."""
        return self.folder / "executed" / f"{self.name}.ipynb"

    @property
    def record(self) -> Path:
        """What the run used; written after the executed notebook and naming its hash."""
        return self.folder / "executed" / f"{self.name}.json"

    @property
    def summary(self) -> Path:
        """What the page says, for the portfolio and the ledger; names the hash of the page."""
        return self.folder / "executed" / f"{self.name}.page.json"

    @property
    def failure(self) -> Path:
        """Why the last attempt failed, as long as none has succeeded since."""
        return self.folder / "executed" / f"{self.name}.failed.json"

    @property
    def failed_notebook(self) -> Path:
        """The notebook as far as it came in the last failed attempt."""
        return self.folder / "executed" / f"{self.name}.failed.ipynb"

    @property
    def log(self) -> Path:
        """What the last attempt did, cell by cell; the one file here that knows the clock."""
        return self.folder / "logs" / f"{self.name}.log"

    @property
    def page(self) -> Path:
        """The page itself."""
        return self.folder / f"{self.name}.html"

    def page_in(self, language: str) -> Path:
        """The page in another language than English."""
        return self.folder / f"{self.name}.{language}.html"


def places(project: Project, source: str, name: str) -> Places:
    """Where the results of the edition called ``name`` lie."""
    return Places(project.reports(source), name)


def read_record(place: Places) -> Record | None:
    """The record of the last good run; None when there is none or it is of another edition or executed notebook."""
    raw = read_json(place.record)
    if not isinstance(raw, dict) or raw.get("name") != place.name or not place.executed.is_file():
        return None
    if raw.get("executed") != digest(place.executed.read_bytes()):
        return None
    for group in ("modules", "settings"):
        raw[group] = {name: Mark(**mark) for name, mark in raw[group].items()}
    return Record(**raw)


@dataclass(frozen=True)
class Ran:
    """A run that ended well: its record, and what it cost.

    ``cells`` are the seconds inside cells, ``megabytes`` the most memory the kernel held (shared pages included, None
    where the kernel did not say), ``cold`` the modules it had to import itself because they were not warm.
    """

    record: Record
    cells: float
    megabytes: float | None = None
    cold: tuple[str, ...] = ()


def execute(project: Project, source: str, wanted: Edition, around: Surroundings) -> Ran:
    """Run a notebook and store it with its record.

    ``around`` is what held when the build began: a module the kernel imported must still be the same at its end.
    Raises RunFailed naming notebook, cell and error; the last good run then stays in place.
    """
    written_whole = read_notebook(project.notebooks / f"{wanted.notebook}.ipynb")
    declared(written_whole)  # a parameter at fault stops the run
    check_code(written_whole, wanted.cut)
    notebook = cut_of(written_whole, wanted.cut)
    place = places(project, source, wanted.name)
    words = words_of(project, notebook, wanted.cut, drawn=True)
    node = _run(project, notebook, wanted, place, words)
    cells, cost = _cost(node)
    result = _normalised(node, wanted, source)
    used = _taken_record(result, notebook)
    written = _notebook_text(result)
    inquires = asks_refine(notebook)
    modules = used["modules"] if inquires else _without_makers(used["modules"])
    sources = list(around.datasets) if inquires else used["datasets"]
    now = Now()
    record = Record(
        notebook=wanted.notebook,
        name=wanted.name,
        given={name: wanted.parameters[name] for name in wanted.varied},
        parameters=wanted.parameters,
        code=notebook.code_hash(),
        executed=digest(written),
        modules={name: now.mark(module_file(name)) for name in modules},
        tables={name: described(project, source, name) for name in used["tables"]},
        datasets={name: around.datasets[name] for name in sources if name in around.datasets},
        holdings=holdings(project, source) if inquires else {},
        settings=around.settings,
        environment=around.environment,
        settled=_settled(project, source, around, now, used),
        cut=wanted.cut,
        listed=wanted.listed,
        asked=used["asked"],
        words=_drawn_words(result, words),
    )
    put(place.executed, written)
    put_json(place.record, record)
    place.failure.unlink(missing_ok=True)
    place.failed_notebook.unlink(missing_ok=True)
    return Ran(record, cells, cost.get("megabytes"), tuple(cost.get("modules", ())))


def _drawn_words(result: Mapping[str, Any], words: Iterable[str]) -> dict[str, dict[str, str | None]]:
    """The words in other languages that the figures of a run hold."""
    found: dict[str, dict[str, str | None]] = {language: {} for language in words}
    for cell in result["cells"] if found else ():
        for output in cell.get("outputs", ()):
            for mime in (FIGURE, MAP):
                for language, drawn in output.get("data", {}).get(mime, {}).get("others", {}).items():
                    found[language] |= drawn["words"]
    return found


def _cost(node: Any) -> tuple[float, Mapping[str, Any]]:
    """Seconds inside cells, and what the engine says the kernel used."""
    seconds = sum(cell.metadata.get("papermill", {}).get("duration") or 0.0 for cell in node.cells)
    return seconds, node.metadata.get("papermill", {}).get("used", {})


def with_current_prose(project: Project, source: str, record: Record) -> tuple[dict[str, Any], Record]:
    """The executed notebook with the Markdown cells as they are now, and its record.

    Prose is rendered when the page is printed, so new words need no new run: only the stored notebook follows them.
    """
    place = places(project, source, record.name)
    executed: dict[str, Any] = json.loads(place.executed.read_bytes())
    notebook = read_cut(project.notebooks / f"{record.notebook}.ipynb", record.cut)
    ran = iter(cell for cell in executed["cells"] if cell["cell_type"] == "code" and not _injected(cell))
    injected = [cell for cell in executed["cells"] if _injected(cell)]
    cells: list[dict[str, Any]] = []
    for cell in notebook.cells:
        if cell.kind == "code":
            cells.append(next(ran))
        else:
            cells.append({"cell_type": cell.kind, "metadata": _tagged(cell.tags, cell.twin), "source": cell.source})
        if "parameters" in cell.tags:
            cells += injected
    executed["cells"] = _numbered(cells)
    written = _notebook_text(executed)
    place_hash = digest(written)
    if place_hash != record.executed:
        record = replace(record, executed=place_hash)
        put(place.executed, written)
        put_json(place.record, record)
    return executed, record


def without_injected(executed: Mapping[str, Any]) -> dict[str, Any]:
    """The executed notebook without the cell papermill put in, so that cells count as their author counts them."""
    return {**executed, "cells": [cell for cell in executed["cells"] if not _injected(cell)]}


def _injected(cell: Mapping[str, Any]) -> bool:
    return INJECTED in cell.get("metadata", {}).get("tags", ())


def _tagged(tags: Sequence[str], twin: str = "") -> dict[str, Any]:
    return ({"tags": list(tags)} if tags else {}) | ({"twin": twin} if twin else {})


def _numbered(cells: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**cell, "id": f"cell-{number:03d}"} for number, cell in enumerate(cells, start=1)]


def _run(project: Project, notebook: Notebook, wanted: Edition, place: Places, words: Mapping[str, Terms]) -> Any:
    """The executed notebook, as papermill leaves it; its one call for everything would also write it to disk."""
    import nbformat
    from papermill.engines import papermill_engines
    from papermill.exceptions import PapermillExecutionError
    from papermill.execute import raise_for_execution_errors
    from papermill.iorw import load_notebook_node
    from papermill.parameterize import parameterize_notebook

    from analysis.report import engine

    engine.register()
    logging.getLogger("papermill").setLevel(logging.ERROR)
    node = nbformat.from_dict(json.loads(notebook.path.read_bytes()))  # type: ignore[no-untyped-call]
    node = load_notebook_node(_prepared(node, notebook))
    if wanted.varied:
        given = {name: wanted.parameters[name] for name in wanted.varied}
        node = parameterize_notebook(node, given, engine_name=engine.NAME)
    place.log.parent.mkdir(parents=True, exist_ok=True)
    with place.log.open("w", encoding="utf-8") as log:
        try:
            node = papermill_engines.execute_notebook_with_engine(
                engine.NAME,
                node,
                kernel_name=engine.KERNEL,
                progress_bar=False,
                cell_timeout=CELL_TIMEOUT,
                log_file=log,
                kernel_cwd=str(project.notebooks),
                words=words_for_kernel(words) if words else "",
            )
            with _as_far_as_it_came(place) as output:
                raise_for_execution_errors(node, output)
        except PapermillExecutionError as error:
            raise RunFailed(_cell_failure(notebook, wanted, error)) from None
        except engine.RunBroken as error:
            raise RunFailed(_failure_at(notebook, wanted, error.index, str(error))) from None
    return node


@contextmanager
def _as_far_as_it_came(place: Places) -> Iterator[str]:
    """A file for papermill to write a failed notebook to; it is put in place when there is one."""
    with tempfile.TemporaryDirectory(prefix="analysis-") as folder:
        output = Path(folder) / "executed.ipynb"
        try:
            yield str(output)
        finally:
            if output.is_file():
                put(place.failed_notebook, output.read_bytes())


def _prepared(node: Any, notebook: Notebook) -> Any:
    """The cells of the cut without old outputs, with fixed cell ids, and with the recording cell at the end."""
    import nbformat

    for cell, kept in zip(node.cells, notebook.cells, strict=True):
        cell.cell_type, cell.source = kept.kind, kept.source
        cell.metadata = nbformat.from_dict(_tagged(kept.tags, kept.twin))  # type: ignore[no-untyped-call]
        if kept.kind != "code":
            cell.pop("outputs", None)
            cell.pop("execution_count", None)
    last = nbformat.v4.new_code_cell(recording.CELL, metadata={"tags": [recording.TAG]})  # type: ignore[no-untyped-call]
    node.cells.append(last)
    node.nbformat_minor = max(node.nbformat_minor, 5)
    for number, cell in enumerate(node.cells, start=1):
        cell["id"] = f"cell-{number:03d}"
        cell.pop("attachments", None)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return node


def _cell_failure(notebook: Notebook, wanted: Edition, error: Any) -> Failure:
    # The message of our own errors says what to do; their class says nothing.
    name = "" if error.ename in {"AnalysisError", "RunFailed"} else f"{error.ename}: "
    return _failure_at(notebook, wanted, error.cell_index, f"{name}{_plain(error.evalue)}")


def _failure_at(notebook: Notebook, wanted: Edition, index: int, reason: str) -> Failure:
    """A failure in the executed cell of that index, from 0, counted as the author counts."""
    # papermill put one cell of its own after the parameters cell.
    first = next((cell.number for cell in notebook.cells if "parameters" in cell.tags), 0)
    number = index if wanted.varied and index + 1 > first else index + 1
    if not 1 <= number <= len(notebook.cells):
        return Failure(notebook.stem, None, "", reason)
    return Failure(notebook.stem, number, notebook.cells[number - 1].first_line, reason)


def _plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text).strip()


def _normalised(node: Any, wanted: Edition, source: str) -> dict[str, Any]:
    """The executed notebook without clock, machine and chance: no times, no papermill metadata, fixed ids."""
    result: dict[str, Any] = dict(node)
    kept = {key: value for key, value in dict(node.metadata).items() if key in {"kernelspec", "language_info"}}
    about = {"notebook": wanted.notebook, "name": wanted.name, "parameters": wanted.parameters, "source": source}
    about["cut"] = wanted.cut
    result["metadata"] = {**kept, "angeleno": {**about, "varied": list(wanted.varied)}}
    for cell in node.cells:
        cell["metadata"] = _tagged(cell.metadata.get("tags", []), cell.metadata.get("twin", ""))
        for output in cell.get("outputs", ()):
            if output.output_type == "stream":  # a warning names the file of its cell, and that the process
                output.text = re.sub(r"\S*ipykernel_\d+[/\\]\d+\.py", "cell", output.text)
    result["cells"] = _numbered(node.cells)
    return result


def _taken_record(result: dict[str, Any], notebook: Notebook) -> dict[str, Any]:
    """The kernel's record, taken out of the notebook together with its cell."""
    last = result["cells"][-1]
    for output in last.get("outputs", []):
        data = output.get("data", {})
        if recording.MIME in data:
            result["cells"] = result["cells"][:-1]
            found: dict[str, Any] = data[recording.MIME]
            return found
    raise RunFailed(Failure(notebook.stem, None, "", "the run ended before the last cell (does a cell call exit?)"))


def _settled(project: Project, source: str, around: Surroundings, now: Now, used: Mapping[str, Any]) -> bool:
    """Whether modules and tables are, at the end of the run, what they were before and what the kernel saw."""
    modules = all(around.modules.get(n) == now.raw(module_file(n)) == raw for n, raw in used["modules"].items())
    tables = [read_json(_description(project, source, name)) for name in used["tables"]]
    return modules and all(
        isinstance(held, dict) and held.get("sha256") == sha256
        for held, sha256 in zip(tables, used["tables"].values(), strict=True)
    )


def described(project: Project, source: str, table: str) -> str:
    """Hash of what a refined table is and says of itself; empty where there is none.

    The code that built it does not count: what it built does, and its hashes by period say no more than the rows do.
    """
    held = read_json(_description(project, source, table))
    if not isinstance(held, dict):
        return ""
    return digest(
        canonical({key: value for key, value in held.items() if key not in {"code", "built_from", "by_period"}})
    )


def _description(project: Project, source: str, table: str) -> Path:
    return project.processed(source) / f"{table}.meta.json"


def holdings(project: Project, source: str) -> dict[str, str]:
    """The hash of every description in data/raw and data/processed of a source, by file; and by notebook its tables."""
    found = [*project.raw(source).rglob("*.json"), *project.processed(source).rglob("*.json")]
    kept = [path for path in found if not path.name.startswith(("part-", "."))]
    held = {path.relative_to(project.root).as_posix(): digest(path.read_bytes()) for path in sorted(kept)}
    read = {path.stem: _loads_of(path) for path in sorted(project.notebooks.glob("[0-9]*_*.ipynb"))}
    return held | {f"notebooks/{paper}": ", ".join(sorted(tables)) for paper, tables in read.items() if tables}


def _loads_of(path: Path) -> set[str]:
    """The tables a notebook loads by name; nothing where it cannot be read, which its own report will say."""
    try:
        return loads_by_name(cell.source for cell in read_notebook(path).code)
    except AnalysisError:
        return set()


def _without_makers(modules: Mapping[str, str]) -> dict[str, str]:
    """The modules whose code can have changed the results of a run that only loads tables.

    Importing ``load`` imports the makers of all tables; what they made is hashed with the tables themselves.
    """
    if "analysis.refine.registry" not in modules:
        return dict(modules)
    return {name: raw for name, raw in modules.items() if name not in makers()}


@cache
def makers() -> frozenset[str]:
    """The modules that make tables; their code is read once a process."""
    from analysis.refine.subjects import SUBJECTS, code_modules

    return frozenset(name for subject in SUBJECTS for name in code_modules(f"analysis.refine.{subject}"))


@lru_cache(maxsize=128)
def asks_refine(notebook: Notebook) -> bool:
    """Whether a notebook asks ``analysis.refine`` about the data themselves, beyond loading tables.

    To ask only whether a table is ``available`` is no such question: its answer is recorded by itself.
    """
    trees = [tree for cell in notebook.code if (tree := python_tree(cell.source)) is not None]
    return any(_asks(node) for tree in trees for node in ast.walk(tree))


def _asks(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom):
        module, names = node.module or "", {alias.name for alias in node.names}
        if module == "analysis.refine":
            return not names <= {"available", "load"}
        return module.startswith("analysis.refine.") or (module == "analysis" and "refine" in names)
    return isinstance(node, ast.Import) and any(alias.name.startswith("analysis.refine") for alias in node.names)


def _notebook_text(result: dict[str, Any]) -> str:
    return json.dumps(result, sort_keys=True, ensure_ascii=False) + "\n"
