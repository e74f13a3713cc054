"""What travels to a worker: lists of files by the hash of their content, and the job itself.

A worker holds one folder a build, its *site*: the checkout without its history and without most data. The *base* of a
site is the same for every report; what a notebook needs beyond that is a parcel of its own. Both are lists; contents
travel once a machine, whatever number of reports needs them.
"""

from __future__ import annotations

import ast
import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.project import AnalysisError, Project
from analysis.store.blobs import Blob, blob_of

if TYPE_CHECKING:
    from analysis.report.build import Job

CITY = "city"
PACKAGE = "package"
"""Folders of a site: the checkout, and the package where it lies outside the checkout."""


@dataclass(frozen=True)
class Parcel:
    """Files of a site, by path from the site's folder."""

    files: Mapping[str, Blob]

    def content(self) -> bytes:
        """The list as bytes; it travels as a blob, too.

        >>> Parcel.read(Parcel({"city/a.csv": blob_of(b"1")}).content()).files["city/a.csv"].size
        1
        """
        listed = {path: [blob.sha256, blob.size] for path, blob in sorted(self.files.items())}
        return json.dumps(listed, separators=(",", ":"), ensure_ascii=False).encode()

    @classmethod
    def read(cls, content: bytes) -> Parcel:
        """The list that :meth:`content` wrote."""
        return cls({path: Blob(*named) for path, named in json.loads(content).items()})


class Packer:
    """Lists what reports of one source need, as it was when the build began, and opens any of it by hash."""

    def __init__(self, project: Project, source: str) -> None:
        self.project = project
        self.source = source
        self._lock = threading.Lock()
        self._known: dict[Path, Blob] = {}
        self._contents: dict[Blob, bytes | Path] = {}
        self._parcels: dict[tuple[str, bool], tuple[Blob, bool]] = {}
        self.base = self._packed(self._base_files())

    def parcel(self, job: Job, whole: bool = False) -> tuple[Blob, bool]:
        """The parcel of a report's notebook as a blob, and whether it holds everything there is.

        It holds the tables that the notebook names or has loaded before, with those they rest on; ``whole``, and for a
        notebook that asks about the data themselves, all tables and raw data.
        """
        key = (job.edition.notebook, whole)
        with self._lock:
            if key not in self._parcels:
                everything = self._all_tables()
                wanted = set(everything) if whole or self._inquires(job) else self._tables_of(job, everything)
                files = dict(self._table_files(wanted))
                complete = wanted == set(everything)
                if whole or self._inquires(job):
                    files |= self._raw_files()
                    complete = True
                self._parcels[key] = (self._packed(files), complete)
            return self._parcels[key]

    def blobs(self, parcel: Blob) -> list[Blob]:
        """A parcel and everything it lists."""
        return [parcel, *Parcel.read(self.open(parcel)).files.values()]

    def open(self, blob: Blob) -> bytes:
        """The bytes of a content of this build. Raises AnalysisError when its file was changed meanwhile."""
        held = self._contents[blob]
        content = held if isinstance(held, bytes) else held.read_bytes()
        if isinstance(held, Path) and blob_of(content) != blob:
            name = held.relative_to(self.project.root) if held.is_relative_to(self.project.root) else held.name
            raise AnalysisError(f"{name} was changed while reports were made from it: run the command again")
        return content

    def brought(self, job: Job) -> dict[str, bytes]:
        """What travels with one job only: the run that is to be printed again, and which pages it may point to.

        An edition may point to the page it is a part of, where that is in place: its name is enough for that.
        """
        from analysis.report.execution import places

        place = places(self.project, self.source, job.edition.name)
        folder = self.project.reports(self.source)
        whole = {job.edition.notebook, job.edition.name.rpartition("--")[0]} - {job.edition.name, ""}
        brought = {f"{name}.html": b"" for name in whole if (folder / f"{name}.html").is_file()}
        if not job.run:
            kept = (place.executed, place.record)
            brought |= {path.relative_to(folder).as_posix(): path.read_bytes() for path in kept}
        return brought

    def _packed(self, files: Mapping[str, Path | bytes]) -> Blob:
        parcel = Parcel({path: self._blob(held) for path, held in files.items()})
        return self._blob(parcel.content())

    def _blob(self, held: Path | bytes) -> Blob:
        if isinstance(held, Path):
            if held not in self._known:
                self._known[held] = blob_of(held.read_bytes())
            blob = self._known[held]
        else:
            blob = blob_of(held)
        self._contents.setdefault(blob, held)
        return blob

    def _in_city(self, paths: Iterable[Path]) -> dict[str, Path | bytes]:
        return {f"{CITY}/{path.relative_to(self.project.root).as_posix()}": path for path in paths}

    def _base_files(self) -> dict[str, Path | bytes]:
        """Settings, notebooks, the package, the history, fonts, and what data say of themselves."""
        from analysis.report.versions import CARRIED, history

        root = self.project.root
        single = [root / name for name in ("requirements.lock", "pyproject.toml") if (root / name).is_file()]
        fonts = (root / "reports").glob(".fonts-*.css")
        catalog = _visible(self.project.catalog)
        notebooks = self.project.notebooks.glob("*.ipynb")
        manifests = self.project.raw(self.source).glob("*/manifest.json")
        tables = set(self._table_files(self._all_tables()).values())
        said = [path for path in _visible(self.project.processed(self.source)) if path not in tables]
        said += self.project.reports(self.source).glob(".areas.json")  # the list of places, read from tables before
        files = self._in_city([*single, *fonts, *catalog, *notebooks, *manifests, *said])
        files[f"{CITY}/{CARRIED}"] = history(root).to_json().encode()
        return files | self._package_files()

    def _package_files(self) -> dict[str, Path | bytes]:
        from analysis.report.fingerprint import PACKAGE as FOLDER

        found = [path for path in _visible(FOLDER) if "__pycache__" not in path.parts]
        if FOLDER.is_relative_to(self.project.root):
            return self._in_city(found)
        return {f"{PACKAGE}/analysis/{path.relative_to(FOLDER).as_posix()}": path for path in found}

    def _all_tables(self) -> list[str]:
        described = self.project.processed(self.source).glob("*.meta.json")
        return sorted(path.name.removesuffix(".meta.json") for path in described)

    def _table_files(self, tables: Iterable[str]) -> dict[str, Path | bytes]:
        """The rows of tables; their descriptions are part of the base."""
        wanted = set(tables)
        folder = self.project.processed(self.source)
        found = [p for p in folder.glob("*") if p.name.split(".")[0] in wanted and not p.name.endswith(".meta.json")]
        return self._in_city(path for path in found if path.is_file())

    def _raw_files(self) -> dict[str, Path | bytes]:
        return self._in_city(_visible(self.project.raw(self.source)))

    def _inquires(self, job: Job) -> bool:
        from analysis.report.execution import asks_refine
        from analysis.report.notebook import read_notebook

        return asks_refine(read_notebook(self.project.notebooks / f"{job.edition.notebook}.ipynb"))

    def _tables_of(self, job: Job, known: Iterable[str]) -> set[str]:
        from analysis.report.execution import places, read_record
        from analysis.report.notebook import python_tree, read_notebook

        record = read_record(places(self.project, self.source, job.edition.name))
        named = set(record.tables) if record else set()
        for cell in read_notebook(self.project.notebooks / f"{job.edition.notebook}.ipynb").code:
            named |= set(_texts(python_tree(cell.source)))
        return _with_upstream(named & set(known))


def _with_upstream(tables: set[str]) -> set[str]:
    """Tables and those they rest on: loading one looks whether it still fits the others."""
    from analysis.refine.building import in_order
    from analysis.refine.registry import tables as registered

    declared = sorted(tables & set(registered()))
    return tables | {table.name for table in in_order(declared)} if declared else tables


def _texts(tree: Any) -> Iterator[str]:
    if tree is not None:
        yield from (n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str))


def _visible(folder: Path) -> list[Path]:
    """The files under a folder but hidden ones (locks, and what killed runs left behind)."""
    found = [path for path in folder.rglob("*") if path.is_file()]
    return [path for path in sorted(found) if not any(p.startswith(".") for p in path.relative_to(folder).parts)]
