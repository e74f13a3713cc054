"""A crew whose workers are those of a Dask cluster."""

from __future__ import annotations

import pickle
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.cluster import attendant
from analysis.cluster.agreement import facts, needed, objections
from analysis.cluster.attendant import Answer, DeskDied, Errand, Survey
from analysis.cluster.connecting import await_workers, connected, disconnect
from analysis.cluster.parcel import Packer
from analysis.project import AnalysisError, Project
from analysis.store.blobs import Blob
from analysis.store.landing import land

if TYPE_CHECKING:
    from analysis.report.build import Job, Outcome
    from analysis.report.surroundings import Surroundings

CHUNK = 32 * 2**20  # bytes in one message, so that a big table does not stop the scheduler for long
RETRIES = 2  # of a report whose process died; the death of a whole worker is counted by the scheduler
ATTEMPTS = 12  # of one report for all other reasons, each of which takes something out of the way
LANDERS = 4


@dataclass
class Way:
    """One job on its way: the future its outcome is awaited by, and how it was sent."""

    job: Job
    future: Future[Outcome]
    whole: bool = False
    complete: bool = False
    suspect: bool = False
    attempts: int = 0
    sent: Any = None
    allowed: frozenset[str] = frozenset()


class DaskCrew:
    """Makes reports on the workers of a Dask cluster.

    ``address`` is the scheduler's, such as ``tcp://host:8786``, or ``local`` for ``workers`` processes of this machine.
    ``store`` is the address of object storage that workers may take contents from. Nobody is waited for longer than
    ``patience`` seconds.

    Raises AnalysisError when no scheduler answers, it has no worker, or none of its workers could make the same bytes.
    """

    size: int

    def __init__(self, address: str, *, workers: int = 2, store: str | None = None, patience: float = 30.0) -> None:
        self._address = address
        self._store = store
        self._patience = patience
        self._lock = threading.RLock()
        self._outfitting = threading.Lock()
        self._admitted: dict[str, Survey] = {}
        self._refused: dict[str, str] = {}
        self._packers: list[tuple[Surroundings, Packer]] = []
        self._outfitted: set[tuple[Blob, str]] = set()
        self._under_way: list[Way] = []
        self._suspects: list[Way] = []
        self._closed = threading.Event()
        self._client, self._cluster = connected(address, workers, patience)
        self._landers = ThreadPoolExecutor(LANDERS, thread_name_prefix="landing")
        try:
            await_workers(self._client, address, patience)
            self._look()
            if not self._admitted:
                raise AnalysisError(f"no worker of {address} can make these reports:\n{self._reasons()}")
        except BaseException:
            self.close()
            raise
        threads = sum(each.threads for each in self._admitted.values())
        self.size = threads + len(self._admitted)  # one more a worker lies ready, so that none waits for the next
        threading.Thread(target=self._watch, name="watching workers", daemon=True).start()

    def submit(self, job: Job) -> Future[Outcome]:
        """Begin one report; what it makes lies in place when the future is done."""
        way = Way(job, Future())
        way.future.set_running_or_notify_cancel()
        with self._lock:
            self._under_way.append(way)
        try:
            self._send(way)
        except BaseException:
            with self._lock:
                self._under_way.remove(way)
            raise
        return way.future

    def close(self) -> None:
        """Let the cluster go, once; what is under way is given up."""
        if self._closed.is_set():
            return
        self._closed.set()
        with self._lock:
            for way in self._under_way:
                if way.sent is not None:
                    way.sent.cancel()
        self._landers.shutdown(wait=True, cancel_futures=True)
        disconnect(self._client, self._cluster)

    # Sending

    def _packer(self, job: Job) -> Packer:
        with self._lock:
            packer = next((known for around, known in self._packers if around is job.around), None)
            if packer is None:  # another build: what it needs is looked at anew
                packer = Packer(job.project, job.source)
                self._packers.append((job.around, packer))
            return packer

    def _send(self, way: Way, prefer: Sequence[str] = ()) -> None:
        """Give one report to the scheduler; ``prefer`` are workers that should take it if they are still there."""
        way.attempts += 1
        if way.attempts > ATTEMPTS:
            self._give_up(way, f"the cluster could not bring it to an end in {ATTEMPTS} attempts")
            return
        job = way.job
        packer = self._packer(job)
        parcel, way.complete = packer.parcel(job, way.whole)
        self._outfit(packer, (packer.base, parcel))
        content = pickle.dumps(replace(job, project=Project(Path())))
        errand = Errand(packer.base, parcel, content, packer.brought(job), facts(), needed(), self._store)
        with self._lock:
            way.allowed = frozenset(self._admitted) if self._refused else frozenset()
        way.sent = self._client.submit(
            attendant.carry_out,
            errand,
            key=f"{job.edition.name}-{id(way):x}-{way.attempts}",
            pure=False,
            retries=RETRIES,
            workers=list(prefer or way.allowed) or None,
            allow_other_workers=bool(prefer) and not way.allowed,
        )
        way.sent.add_done_callback(lambda sent: self._arrived(way, sent))

    def _outfit(self, packer: Packer, parcels: tuple[Blob, Blob]) -> None:
        """Send the contents of parcels to every machine that lacks them; each machine is asked through one worker."""
        with self._outfitting:
            with self._lock:
                known = {each.cache: address for address, each in self._admitted.items()}
            new = {cache: at for cache, at in known.items() if (parcels[1], cache) not in self._outfitted}
            at = list(new.values())
            for _ in range(3 if new else 0):  # lists, then what they list; once more for what came too late
                asked = self._run(attendant.lacking, parcels, self._store, workers=at)
                wanting = {address: set(said) for address, said in asked.items() if isinstance(said, list) and said}
                for chunk in _chunks(packer, set().union(*wanting.values())):
                    who = [address for address, lacks in wanting.items() if lacks & set(chunk)]
                    self._run(attendant.receive, chunk, workers=who)
                if not wanting:
                    break
            self._outfitted |= {(parcels[1], cache) for cache in new}

    def _run(self, function: Any, *arguments: Any, workers: Sequence[str]) -> Mapping[str, Any]:
        """What a function says on some workers; an exception of one is its answer."""
        said: Mapping[str, Any] = self._client.run(function, *arguments, workers=list(workers), on_error="return")
        return said

    # Arriving

    def _arrived(self, way: Way, sent: Any) -> None:
        if self._closed.is_set():
            self._end(way, error=AnalysisError("the cluster was let go before this report was made"))
            return
        landing = self._landers.submit(self._take, way, sent)
        landing.add_done_callback(lambda done: self._mishap(way, done))

    def _mishap(self, way: Way, landing: Future[None]) -> None:
        error = None if landing.cancelled() else landing.exception()
        if error is not None:
            self._end(way, error=error)

    def _take(self, way: Way, sent: Any) -> None:
        """Bring one answer home, or take what is in its way out of the way and send the report again."""
        if sent is not way.sent:
            return  # it was sent again meanwhile
        if sent.status in {"cancelled", "lost"}:
            self._end(way, error=AnalysisError(f"the Dask scheduler at {self._address} is gone; {_CONTINUES}"))
            return
        error = sent.exception()
        if error is not None:
            self._failed(way, error)
            return
        answer: Answer = sent.result()
        if answer.objections:
            self._refuse(answer.worker, answer.objections)
            self._send(way)
        elif answer.error:
            self._end(way, error=RuntimeError(f"worker {answer.worker} met an error:\n{answer.error}"))
        elif answer.lacking:
            self._supply(way, answer)
        else:
            self._land(way, answer)

    def _supply(self, way: Way, answer: Answer) -> None:
        """A worker that came later, or whose machine lost what it had, gets what it lacks, and the report."""
        packer = self._packer(way.job)
        for chunk in _chunks(packer, answer.lacking):
            self._run(attendant.receive, chunk, workers=[answer.worker])
        self._send(way, prefer=[answer.worker])

    def _land(self, way: Way, answer: Answer) -> None:
        outcome: Outcome = pickle.loads(answer.outcome)
        if outcome.failure and not way.complete and _wants_data(outcome.failure.error):
            way.whole = True  # it loads what it neither names nor loaded before
            self._send(way)
            return
        job = way.job
        land(job.project.reports(job.source), job.edition.name, answer.files)
        self._end(way, outcome)

    def _failed(self, way: Way, error: BaseException) -> None:
        from distributed import KilledWorker

        if isinstance(error, KilledWorker) and not way.suspect:
            way.suspect = True
            with self._lock:
                self._suspects.append(way)  # perhaps another report killed the workers: it gets one to itself
            self._next_suspect()
        elif isinstance(error, KilledWorker):
            self._give_up(way, "it killed every worker it was given, most often for want of memory")
        elif isinstance(error, DeskDied):
            self._give_up(way, f"{error} each of {RETRIES + 1} times, most often for want of memory")
        elif isinstance(error, ImportError):
            self._look()  # a worker without this package came in
            self._send(way)
        else:
            self._give_up(way, f"a worker could not make it: {type(error).__name__}: {error}")

    def _next_suspect(self) -> None:
        """Send one suspect when nothing else is under way that it could harm or be harmed by."""
        with self._lock:
            if not self._suspects or len(self._under_way) > len(self._suspects):
                return
            way = self._suspects.pop(0)
        self._send(way)

    def _give_up(self, way: Way, reason: str) -> None:
        from analysis.report.build import Outcome
        from analysis.report.execution import Failure, places
        from analysis.report.storage import put_json

        job = way.job
        failure = Failure(job.edition.notebook, None, "", reason)
        put_json(places(job.project, job.source, job.edition.name).failure, asdict(failure))
        self._end(way, Outcome(job.edition.name, "failed", failure=failure))

    def _end(self, way: Way, outcome: Outcome | None = None, error: BaseException | None = None) -> None:
        with self._lock:
            if way not in self._under_way:
                return
            self._under_way.remove(way)
            way.sent = None
        if outcome is not None:
            way.future.set_result(outcome)
        else:
            way.future.set_exception(error or RuntimeError("a report ended without an outcome"))
        self._next_suspect()

    # Watching

    def _look(self) -> None:
        """Admit or refuse the workers that are new, and forget those that are gone."""
        present = set(self._client.scheduler_info(n_workers=-1)["workers"])
        with self._lock:
            for gone in (set(self._admitted) | set(self._refused)) - present:
                self._admitted.pop(gone, None)
                self._refused.pop(gone, None)
            new = sorted(present - set(self._admitted) - set(self._refused))
        # Without the lock: a worker that does not answer must not hold up the reports of others.
        for address, said in (self._run(attendant.survey, workers=new) if new else {}).items():
            if isinstance(said, ImportError | AttributeError):
                self._refuse(address, ["no analysis package of this release"])
            elif isinstance(said, Survey) and (against := objections(facts(), said.facts, needed())):
                self._refuse(address, against)
            elif isinstance(said, Survey):
                with self._lock:
                    self._admitted[address] = said

    def _refuse(self, worker: str, against: Iterable[str]) -> None:
        with self._lock:
            if worker in self._refused:
                return
            self._admitted.pop(worker, None)
            listed = list(against)
            more = f" and {len(listed) - 4} more" if len(listed) > 4 else ""
            self._refused[worker] = f"{', '.join(listed[:4])}{more}"
        print(f"warning: worker {worker} is not used: it has {self._refused[worker]}", file=sys.stderr)

    def _reasons(self) -> str:
        lines = [f"  {worker} has {why}" for worker, why in sorted(self._refused.items())]
        return "\n".join([*lines, "install there what requirements.lock pins, for the same Python"])

    def _watch(self) -> None:
        """See workers come and go; give up when none is left for long."""
        alone = 0.0
        while not self._closed.wait(1.0):
            if self._client.status != "running":
                continue  # Dask tries to reach the scheduler again, and cancels everything if it cannot
            try:
                self._look()
            except (OSError, TimeoutError, RuntimeError, CancelledError):
                continue  # the scheduler is slow or gone, or we are: the next round sees which
            alone = 0.0 if self._admitted else alone + 1.0
            with self._lock:
                ways = list(self._under_way)
                stranded = [w for w in ways if w.sent is not None and w.allowed and not w.allowed & set(self._admitted)]
            if alone > self._patience:
                for way in ways:
                    self._end(way, error=AnalysisError(f"all workers of {self._address} are gone; {_CONTINUES}"))
            elif self._admitted:
                for way in stranded:
                    sent, way.sent = way.sent, None  # first, so that the end of this one is not taken for its end
                    sent.cancel()
                    self._send(way)


_CONTINUES = "what is done stays done: run the command again, and it continues from here"


def _wants_data(error: str) -> bool:
    return any(word in error for word in ("data/raw", "data/processed", "FileNotFoundError"))


def _chunks(packer: Packer, blobs: Iterable[Blob]) -> Iterator[dict[Blob, bytes]]:
    """Contents in portions of one message each."""
    chunk: dict[Blob, bytes] = {}
    for blob in sorted(blobs, key=lambda each: (each.size, each.sha256)):
        if chunk and sum(each.size for each in chunk) + blob.size > CHUNK:
            yield chunk
            chunk = {}
        chunk[blob] = packer.open(blob)
    if chunk:
        yield chunk
