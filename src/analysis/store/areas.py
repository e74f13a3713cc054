"""What is shared as one: an edition of a raw dataset, the tables of a source, the reports of a source.

An area consists of units, which change as a whole: a dataset's edition, a table, a report. A list of an area names the
files of each unit by hash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from analysis.project import SOURCES, AnalysisError, Project
from analysis.report import archive
from analysis.report.storage import put, read_json, sole_builder
from analysis.store.blobs import Blob
from analysis.store.landing import files_of
from analysis.store.landing import rank as issuing_rank

FORMAT = 1
LEDGER, INDEX, EDITION = "ledger.db", "index.html", "edition"
ARCHIVE = "archive "
"""What the names of units begin with that are a file of the archive."""

Units = Mapping[str, Mapping[str, Blob]]
"""Files by unit and by path from the folder of the area."""


@dataclass(frozen=True)
class Area:
    """One area of a checkout, such as ``raw/live/crime``, ``processed/sample`` or ``reports/sample``."""

    project: Project
    name: str

    @property
    def kind(self) -> str:
        """raw, processed or reports."""
        return self.name.split("/")[0]

    @property
    def folder(self) -> Path:
        """Where it lies in the checkout."""
        kind, source, *dataset = self.name.split("/")
        if kind == "raw":
            return self.project.raw(source, dataset[0])
        return self.project.processed(source) if kind == "processed" else self.project.reports(source)

    def rank(self, file: str) -> tuple[int, str]:
        """The order in which files get into place: what names others comes after them."""
        if self.kind == "reports":
            return issuing_rank(file)
        return int(file.endswith(("manifest.json", ".meta.json"))), file

    def files(self) -> dict[str, list[str]]:
        """The files of every unit, as they lie there now."""
        if self.kind == "raw":
            return _edition_files(self.folder)
        return _table_files(self.folder) if self.kind == "processed" else _report_files(self.folder)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the area for one process, as whoever writes into it does."""
        if self.kind == "raw":
            from analysis.sources.manifest import locked

            self.folder.mkdir(parents=True, exist_ok=True)
            with locked(self.folder):
                yield
        elif self.kind == "processed":
            from analysis.refine.holding import held

            with held(self.folder):
                yield
        else:
            with sole_builder(self.folder):
                yield


def area_named(project: Project, name: str) -> Area | None:
    """The area a list in the storage belongs to; None for names that another program put there.

    >>> area_named(Project(Path("/city")), "raw/live/crime").folder.as_posix()
    '/city/data/raw/live/crime'
    >>> area_named(Project(Path("/city")), "raw/live/../../x") is None
    True
    """
    parts = name.split("/")
    fits = len(parts) == (3 if parts[0] == "raw" else 2) and parts[0] in {"raw", "processed", "reports"}
    plain = fits and parts[1] in SOURCES and all(part and not part.startswith(".") for part in parts)
    return Area(project, name) if plain else None


def areas_here(project: Project, source: str, kinds: Iterable[str]) -> list[Area]:
    """The areas of a source that hold something on this machine.

    The raw files of the sample are none: every machine makes the same ones.
    """
    found = []
    if "raw" in kinds and source != "sample":
        found += [f"raw/{source}/{path.parent.name}" for path in project.raw(source).glob("*/manifest.json")]
    found += [f"{kind}/{source}" for kind in ("processed", "reports") if kind in kinds]
    areas = [Area(project, name) for name in sorted(found)]
    return [area for area in areas if area.folder.is_dir() and area.files()]


def to_json(area: str, units: Units) -> bytes:
    """A list of an area as bytes; the same units give the same bytes."""
    listed = {unit: {path: [b.sha256, b.size] for path, b in files.items()} for unit, files in units.items()}
    return json.dumps({"format": FORMAT, "area": area, "units": listed}, sort_keys=True, indent=1).encode()


def from_json(content: bytes) -> Units:
    """The units of a list. Raises AnalysisError for one of another form, or that names files outside the area."""
    try:
        known = json.loads(content)
        if known["format"] != FORMAT:
            raise AnalysisError(f"the storage holds lists of format {known['format']}: update this package first")
        units = {unit: {p: Blob(*named) for p, named in files.items()} for unit, files in known["units"].items()}
    except (ValueError, KeyError, TypeError) as error:
        raise AnalysisError(
            f"a list in the storage is damaged ({error}): push again from a machine that is whole"
        ) from None
    paths = [path for files in units.values() for path in files]
    if any(path.startswith("/") or ".." in path.split("/") for path in paths):
        raise AnalysisError("a list in the storage names files outside its folder: nothing was written")
    return units


def _edition_files(folder: Path) -> dict[str, list[str]]:
    manifest = read_json(folder / "manifest.json")
    if not isinstance(manifest, dict):
        return {}
    parts = [str(part["name"]) for part in manifest["parts"]]
    missing = [name for name in parts if not (folder / name).is_file()]
    if missing:
        raise AnalysisError(
            f"{folder.name}: {missing[0]} is missing: fetch it again with `analysis data --only {folder.name}`"
        )
    return {EDITION: sorted([*parts, "manifest.json"])}


def _table_files(folder: Path) -> dict[str, list[str]]:
    units: dict[str, list[str]] = {}
    for path in _visible(folder):
        units.setdefault(path if "/" in path else path.split(".")[0], []).append(path)
    return units


def _report_files(folder: Path) -> dict[str, list[str]]:
    names = {path.stem for path in (folder / "executed").glob("*.json") if "." not in path.stem}
    units = {f"report {name}": [f for f in files_of(folder, name) if ".failed." not in f] for name in sorted(names)}
    units |= {f"{ARCHIVE}{file}": [f"{archive.FOLDER}/{file}"] for file in archive.files(folder)}
    return units | {file: [file] for file in (LEDGER, INDEX) if (folder / file).is_file()}


def _visible(folder: Path) -> list[str]:
    found = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    return sorted(path.as_posix() for path in found if not any(part.startswith(".") for part in path.parts))


class Hashes:
    """The hash of files, read again only where size or times changed."""

    RECENT = 2 * 10**9  # ns; a file written just now may be written again within the same tick

    def __init__(self, path: Path) -> None:
        self.path = path
        kept = read_json(path)
        self._kept: dict[str, list[int | str]] = kept if isinstance(kept, dict) else {}

    def blob(self, path: Path) -> Blob:
        """The content of a file."""
        stat = path.stat()
        key = [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]
        kept = self._kept.get(str(path))
        if kept is None or kept[:4] != key:
            with path.open("rb") as handle:
                kept = [*key, hashlib.file_digest(handle, "sha256").hexdigest()]
            self._kept[str(path)] = kept
        return Blob(str(kept[4]), stat.st_size)

    def keep(self) -> None:
        """Write down what was found, but nothing that was written just now."""
        newest = max((int(kept[2]) for kept in self._kept.values()), default=0)
        old = {path: kept for path, kept in self._kept.items() if int(kept[2]) < newest - self.RECENT}
        put(self.path, json.dumps(old))


def scan(area: Area, hashes: Hashes) -> Units:
    """The units of an area as they lie there now."""
    return {unit: {p: hashes.blob(area.folder / p) for p in files} for unit, files in area.files().items() if files}
