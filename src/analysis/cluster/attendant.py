"""The worker's side: keeps contents by hash, lays out the site of a build, and has reports made beside it.

These functions run inside a Dask worker. They handle bytes and lists only; jobs and outcomes are opened by the source
that travelled with them, in the processes of :mod:`analysis.cluster.desk`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import pickle
import shutil
import socket
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analysis.cluster.agreement import facts, objections
from analysis.cluster.parcel import CITY, PACKAGE, Parcel
from analysis.store.blobs import Blob, BlobFolder

CACHE_BYTES = 20 * 2**30
"""What a machine keeps of contents that travelled; the longest unused go first."""
SITES = 3


class DeskDied(RuntimeError):
    """The process in which a report was made ended without an answer."""


@dataclass(frozen=True)
class Answer:
    """What a worker answers: why it may not work for us, or what it lacks, or the outcome (pickled) and the files."""

    worker: str
    objections: tuple[str, ...] = ()
    lacking: tuple[Blob, ...] = ()
    error: str = ""
    outcome: bytes = b""
    files: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Survey:
    """What a worker says of itself; workers with the same ``cache`` share the contents they keep."""

    facts: Mapping[str, Any]
    cache: str
    threads: int


class Desk:
    """One process in which reports are made, and the talk with it."""

    def __init__(self, site: Path) -> None:
        package = site / PACKAGE if (site / PACKAGE).is_dir() else site / CITY / "src"
        path = os.pathsep.join(filter(None, [str(package), os.environ.get("PYTHONPATH", "")]))
        self.site = site
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "analysis.cluster.desk"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path, "ANALYSIS_ROOT": str(site / CITY), "PYTHONHASHSEED": "0"},
            cwd=site / CITY,
            start_new_session=True,
        )
        self._ready = False

    def make(self, job: bytes, brought: Mapping[str, bytes]) -> str | tuple[bytes, dict[str, bytes]]:
        """Have one report made; a text is the traceback of an error in our own code.

        Raises DeskDied when the process ends instead.
        """
        if self.process.stdin is None or self.process.stdout is None:
            raise RuntimeError("a desk is started with pipes")
        try:
            if not self._ready:
                pickle.load(self.process.stdout)
                self._ready = True
            pickle.dump((str(self.site / CITY), job, dict(brought)), self.process.stdin)
            self.process.stdin.flush()
            answer: str | tuple[bytes, dict[str, bytes]] = pickle.load(self.process.stdout)
        except (EOFError, OSError, pickle.UnpicklingError):
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(2)
            self.close()
            raise DeskDied(f"the process it was made in ended ({_ending(self.process.returncode)})") from None
        return answer

    def close(self) -> None:
        """Let the process end."""
        self.process.kill()
        self.process.wait()


def _ending(code: int) -> str:
    return f"killed by signal {-code}" if code < 0 else f"exit code {code}"


class Site:
    """The folder of one build on this worker, and its idle desks."""

    def __init__(self, folder: Path, blobs: BlobFolder, base: Blob) -> None:
        self.folder = folder
        self.under_way = 0
        self._blobs = blobs
        self._laid: set[Blob] = set()
        self._lock = threading.Lock()
        self._idle: list[Desk] = []
        self.lay(base)

    def lay(self, parcel: Blob) -> None:
        """Let the files of a parcel appear, once."""
        with self._lock:
            if parcel not in self._laid:
                for path, blob in Parcel.read(self._blobs.read(parcel)).files.items():
                    self._blobs.lay(blob, self.folder / path)
                self._laid.add(parcel)

    def has_laid(self, parcels: Sequence[Blob]) -> bool:
        """Whether the files of some parcels are all there."""
        return self._laid.issuperset(parcels)

    @contextlib.contextmanager
    def desk(self) -> Iterator[Desk]:
        """An idle desk, or a new one; a desk that died or was left in the middle is not used again."""
        with self._lock:
            desk = self._idle.pop() if self._idle else Desk(self.folder)
        try:
            yield desk
        except BaseException:
            desk.close()
            raise
        with self._lock:
            self._idle.append(desk)

    def close(self) -> None:
        """Let the desks go and remove the folder."""
        for desk in self._idle:
            desk.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Attendant:
    """Everything one Dask worker holds for us."""

    def __init__(self, scratch: Path) -> None:
        named = os.environ.get("ANALYSIS_CACHE")
        # Beside the folder of the worker, so that the workers of a machine share it and a new one finds it filled.
        self.blobs = BlobFolder(Path(named) if named else scratch.parent / "angeleno-blobs")
        self._scratch = scratch / "angeleno-sites"
        self._sites: OrderedDict[Blob, Site] = OrderedDict()
        self._lock = threading.Lock()
        self.blobs.trim(CACHE_BYTES)

    def lacking(self, parcels: Sequence[Blob]) -> list[Blob]:
        """What is missing of some parcels: the lists themselves, else what they list."""
        with self._lock:
            site = self._sites.get(parcels[0])
        if site is not None and site.has_laid(parcels):
            return []  # as for every report of a notebook but the first
        missing = self.blobs.lacking(parcels)
        held = [parcel for parcel in parcels if parcel not in missing]
        listed = [blob for parcel in held for blob in Parcel.read(self.blobs.read(parcel)).files.values()]
        return missing + self.blobs.lacking(listed)

    @contextlib.contextmanager
    def site(self, base: Blob, parcel: Blob) -> Iterator[Site]:
        """The site of a build with a parcel laid out, held while it is in use."""
        with self._lock:
            if base not in self._sites:
                self._sites[base] = Site(self._scratch / base.sha256[:16], self.blobs, base)
            self._sites.move_to_end(base)
            site = self._sites[base]
            site.under_way += 1
            old = [key for key, each in self._sites.items() if not each.under_way][: max(0, len(self._sites) - SITES)]
            for key in old:
                self._sites.pop(key).close()
        try:
            site.lay(parcel)
            yield site
        finally:
            with self._lock:
                site.under_way -= 1


_attendants: dict[str, Attendant] = {}
_making = threading.Lock()


def _attendant(dask_worker: Any) -> Attendant:
    with _making:  # a LocalCluster of threads has several workers in one process
        if dask_worker.address not in _attendants:
            _attendants[dask_worker.address] = Attendant(Path(dask_worker.local_directory))
        return _attendants[dask_worker.address]


def survey(dask_worker: Any = None) -> Survey:
    """What this worker is; Dask fills in ``dask_worker``."""
    cache = f"{socket.gethostname()}:{_attendant(dask_worker).blobs.folder}"
    return Survey(facts(), cache, dask_worker.state.nthreads)


async def lacking(parcels: Sequence[Blob], store: str | None = None, dask_worker: Any = None) -> list[Blob]:
    """What this worker lacks of some parcels after looking in the ``store``, where there is one."""
    return await asyncio.to_thread(_fetched, _attendant(dask_worker), parcels, store)


async def receive(contents: Mapping[Blob, bytes], dask_worker: Any = None) -> None:
    """Keep contents that were sent."""
    blobs = _attendant(dask_worker).blobs
    for blob, content in contents.items():
        await asyncio.to_thread(blobs.put, blob, content)


@dataclass(frozen=True)
class Errand:
    """One report to make: its parcels, the job (pickled), what else it brings, and what the worker must agree with."""

    base: Blob
    parcel: Blob
    job: bytes
    brought: Mapping[str, bytes]
    facts: Mapping[str, Any]
    libraries: tuple[str, ...]
    store: str | None = None


def carry_out(errand: Errand) -> Answer:
    """Make one report, or say what is in the way.

    Contents that are lacking are first looked for in the store, where there is one. Raises DeskDied when the process
    it was made in ended; Dask then tries again, here or elsewhere.
    """
    from distributed import get_worker

    worker = get_worker()
    against = objections(errand.facts, facts(), errand.libraries)
    if against:
        return Answer(worker.address, objections=tuple(against))
    attendant = _attendant(worker)
    missing = _fetched(attendant, (errand.base, errand.parcel), errand.store)
    if missing:
        return Answer(worker.address, lacking=tuple(missing))
    with attendant.site(errand.base, errand.parcel) as site, site.desk() as desk:
        made = desk.make(errand.job, errand.brought)
    if isinstance(made, str):
        return Answer(worker.address, error=made)
    return Answer(worker.address, outcome=made[0], files=made[1])


def _fetched(attendant: Attendant, parcels: Sequence[Blob], store: str | None) -> list[Blob]:
    """What is still lacking after the store was asked."""
    missing = attendant.lacking(parcels)
    if missing and store:
        from analysis.store.bucket import Bucket

        Bucket(store).fetch_into(attendant.blobs, missing)
        missing = attendant.lacking(parcels)
    return missing
