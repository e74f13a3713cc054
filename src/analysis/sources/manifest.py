"""What lies in a raw folder, and the only way to put something there.

A dataset's folder holds part files with the bytes as received and one
``manifest.json``. Replacing ``manifest.json`` is the commit point: parts of a new
edition get names of their own (they carry their hash), the manifest is swapped
in one step, and only then are the parts of the old edition deleted. Whatever
moment a process dies at, the manifest on disk names parts that are all there.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from analysis.project import AnalysisError

try:
    import fcntl
except ImportError:  # Windows has no flock; one fetch at a time is then up to the user.
    fcntl = None  # type: ignore[assignment]

MANIFEST = "manifest.json"
LOCK = ".lock"
SUFFIXES = ("json", "geojson", "csv", "tsv", "xlsx", "zip", "parquet")


@dataclass(frozen=True)
class Part:
    """One file of an edition: bytes as received, and the address they came from."""

    name: str
    bytes: int
    sha256: str
    rows: int
    address: str
    etag: str | None = None


@dataclass(frozen=True)
class NewPart:
    """Bytes on their way into an edition. ``rows`` counts records, not lines."""

    suffix: str
    content: bytes
    address: str
    rows: int
    etag: str | None = None


@dataclass(frozen=True)
class Manifest:
    """What was fetched, from where, when, and the hash that stands for all of it.

    ``retrieved_at`` is UTC to the second; ``sha256`` is over the hashes of the
    parts in order; ``columns`` are the names as received, in their order.
    """

    dataset: str
    source: str
    kind: str
    address: str
    parameters: Mapping[str, Any]
    retrieved_at: str
    status: int | None
    etag: str | None
    last_modified: str | None
    rows: int
    bytes: int
    pages: int
    sha256: str
    parts: tuple[Part, ...]
    columns: tuple[str, ...] = ()

    def as_json(self) -> str:
        """The text of ``manifest.json``: sorted keys, one edition always the same text."""
        return json.dumps(asdict(self), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


@dataclass(frozen=True)
class Edition:
    """Everything of a manifest that the parts do not say.

    ``rows`` is given when it is not the sum over the parts: chunks of variables repeat their places.
    """

    dataset: str
    source: str
    kind: str
    address: str
    retrieved_at: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    status: int | None = 200
    etag: str | None = None
    last_modified: str | None = None
    columns: tuple[str, ...] = ()
    rows: int | None = None


def edition_digest(parts: Iterable[Part]) -> str:
    """One hash for all parts in order.

    >>> edition_digest([])[:8]
    'e3b0c442'
    """
    return hashlib.sha256("".join(part.sha256 for part in parts).encode()).hexdigest()


def has_edition(folder: Path) -> bool:
    """Whether a committed edition lies in the folder (its parts are not checked)."""
    return (folder / MANIFEST).is_file()


def read_manifest(folder: Path, verify: bool = True) -> Manifest:
    """The manifest of a raw folder; with ``verify`` every part is hashed and compared.

    Raises AnalysisError naming the dataset and what to do when there is no
    edition, the manifest is damaged, or a part is missing or altered.
    """
    path = folder / MANIFEST
    advice = f"fetch it again with `analysis data {folder.name}`, or build the sample"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        manifest = _from_json(data)
    except FileNotFoundError:
        raise AnalysisError(f"{folder.name}: no data under {_short(folder)}: {advice}") from None
    except (ValueError, TypeError, KeyError) as error:
        raise AnalysisError(f"{folder.name}: {_short(path)} is damaged ({error}): {advice}") from None
    if verify:
        for part in manifest.parts:
            _verify(folder, part, manifest.dataset)
        if edition_digest(manifest.parts) != manifest.sha256:
            raise AnalysisError(f"{manifest.dataset}: {_short(path)} was altered (its hash is wrong): {advice}")
    return manifest


class Landing:
    """An edition in the making: parts are written as they come, ``commit`` makes them current.

    ``current`` is the edition that is there and undamaged, or None.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.current = _current(folder)
        self.parts: list[Part] = []

    def add(self, part: NewPart) -> Part:
        """Write a part to the disk under its final name; nothing points to it yet."""
        written = _write_part(self.folder, len(self.parts) + 1, part)
        self.parts.append(written)
        return written

    def restart(self) -> None:
        """Forget the parts added so far."""
        self.parts.clear()

    def commit(self, edition: Edition) -> Manifest:
        """Swap the manifest. The edition that is there stays, with its date, when nothing differs."""
        manifest = _manifest(edition, tuple(self.parts))
        if self.current is None or not same_edition(self.current, manifest):
            # The names of the parts are on the disk before anything points to them.
            _sync_folder(self.folder)
            _replace(self.folder / MANIFEST, manifest.as_json().encode())
            _sync_folder(self.folder)
            self.current = manifest
        return self.current


@contextmanager
def landing(folder: Path) -> Iterator[Landing]:
    """Hold a dataset's folder while an edition is made; whatever is not committed is removed.

    Raises AnalysisError when another process is landing the same dataset.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder):
        at_work = Landing(folder)
        try:
            yield at_work
        finally:
            _clean(folder, at_work.current)


def land(folder: Path, edition: Edition, parts: Iterable[NewPart]) -> Manifest:
    """Write an edition and make it the current one; returns its manifest.

    ``parts`` may be a generator. If it raises, nothing has changed. If bytes,
    request and columns equal the edition that is there, that one stays, with its date.

    Raises AnalysisError when there is no part, when another process is landing
    the same dataset, or when a part has an unknown suffix.
    """
    with landing(folder) as at_work:
        for part in parts:
            at_work.add(part)
        return at_work.commit(edition)


def same_edition(old: Manifest, new: Manifest) -> bool:
    """Whether two manifests stand for the same bytes of the same request."""
    return all(
        getattr(old, name) == getattr(new, name)
        for name in ("dataset", "source", "kind", "address", "parameters", "columns", "rows", "sha256")
    )


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder for one process; the system releases it when the process dies."""
    with (folder / LOCK).open("w") as handle:
        if fcntl is not None:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise AnalysisError(
                    f"{folder.name}: another process is writing {_short(folder)}: wait for it, then run again"
                ) from None
        yield


def _manifest(edition: Edition, parts: tuple[Part, ...]) -> Manifest:
    if not parts:
        raise AnalysisError(f"{edition.dataset}: {edition.address} gave no data: nothing was replaced")
    return Manifest(
        dataset=edition.dataset,
        source=edition.source,
        kind=edition.kind,
        address=edition.address,
        parameters=json.loads(json.dumps(dict(edition.parameters))),
        retrieved_at=edition.retrieved_at,
        status=edition.status,
        etag=edition.etag,
        last_modified=edition.last_modified,
        rows=sum(part.rows for part in parts) if edition.rows is None else edition.rows,
        bytes=sum(part.bytes for part in parts),
        pages=len(parts),
        sha256=edition_digest(parts),
        parts=parts,
        columns=tuple(edition.columns),
    )


def _from_json(data: dict[str, Any]) -> Manifest:
    known = {item.name for item in fields(Manifest)}
    if set(data) != known:
        raise ValueError(f"keys differ: {', '.join(sorted(set(data) ^ known))}")
    parts = tuple(Part(**part) for part in data["parts"])
    return Manifest(**{**data, "parts": parts, "columns": tuple(data["columns"])})


def _current(folder: Path) -> Manifest | None:
    if not has_edition(folder):
        return None
    try:
        return read_manifest(folder)
    except AnalysisError:
        # A damaged edition protects nothing: the new one takes its place.
        return None


def _write_part(folder: Path, number: int, part: NewPart) -> Part:
    if part.suffix not in SUFFIXES:
        raise AnalysisError(f"{folder.name}: a part cannot end in .{part.suffix}: use {', '.join(SUFFIXES)}")
    digest = hashlib.sha256(part.content).hexdigest()
    name = f"part-{number:04d}-{digest[:8]}.{part.suffix}"
    _replace(folder / name, part.content)
    return Part(name, len(part.content), digest, part.rows, part.address, part.etag)


def _replace(path: Path, content: bytes) -> None:
    """Write under a temporary name, flush to the disk, rename: there is never half a file."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with temporary.open("wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())
    temporary.replace(path)


def _sync_folder(folder: Path) -> None:
    # Windows cannot open a folder; there the rename itself is as durable as it gets.
    with suppress(PermissionError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _clean(folder: Path, current: Manifest | None) -> None:
    """Remove parts of former editions and what killed runs left behind."""
    keep = {MANIFEST, LOCK} | ({part.name for part in current.parts} if current else set())
    for path in sorted(folder.iterdir()):
        ours = path.name.startswith("part-") or (path.name.startswith(".") and path.name.endswith(".tmp"))
        if ours and path.name not in keep:
            path.unlink(missing_ok=True)


def _verify(folder: Path, part: Part, dataset: str) -> None:
    path = folder / part.name
    advice = f"fetch it again with `analysis data {dataset}`, or build the sample"
    try:
        with path.open("rb") as handle:
            digest = hashlib.file_digest(handle, "sha256").hexdigest()
    except FileNotFoundError:
        raise AnalysisError(f"{dataset}: {_short(path)} is missing: {advice}") from None
    if digest != part.sha256:
        raise AnalysisError(
            f"{dataset}: {_short(path)} was altered after it was fetched ({path.stat().st_size} bytes, "
            f"expected {part.bytes} with sha256 {part.sha256[:8]}…): {advice}"
        )


def _short(path: Path) -> str:
    """The path from ``data`` on: messages do not show where a machine keeps its folders."""
    parts = path.parts
    return "/".join(parts[len(parts) - 1 - parts[::-1].index("data") :]) if "data" in parts else path.name
