"""Pull and push: this checkout and the storage brought to the same state, whoever else does so meanwhile.

A push is a pull followed by a list of what then lies here, under the next number. If another machine took that number
first, what it brought is pulled, and the push tries again: the loser merges, nothing is lost. Contents go before the
list that names them, so a push that breaks off leaves the last list valid.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from analysis.project import AnalysisError, Project
from analysis.report.storage import digest, put, read_json
from analysis.store.areas import (
    ARCHIVE,
    EDITION,
    INDEX,
    LEDGER,
    Area,
    Hashes,
    Units,
    area_named,
    areas_here,
    from_json,
    scan,
    to_json,
)
from analysis.store.blobs import Blob
from analysis.store.bucket import Bucket
from analysis.store.landing import place, set_aside_page
from analysis.store.ledgers import editions, merge

KINDS = ("raw", "processed", "reports")
TRIES = 20  # each lost one means that another machine's push went through


@dataclass(frozen=True)
class Moved:
    """What one area got (units by name) or gave (a number of bytes, 0 where the storage had all of it)."""

    area: str
    units: tuple[str, ...] = ()
    sent: int = 0
    number: int = 0


class Exchange:
    """A checkout and a storage. Raises AnalysisError when the storage cannot be reached or used."""

    def __init__(self, project: Project, url: str) -> None:
        self.project = project
        self.bucket = Bucket(url)
        self._state = project.root / "reports" / ".store" / digest(self.bucket.url)[:16]
        self._hashes = Hashes(self._state / "hashes.json")
        self._ahead: set[str] = set()  # areas whose ledger knows editions that the storage does not

    def pull(self, source: str, kinds: Iterable[str] = KINDS) -> list[Moved]:
        """Bring here what others pushed since; what was only changed here stays. Returns what was brought.

        Where both sides changed a unit, the later fetch of a dataset counts, and of tables and reports the one that
        lies here if it was made after the last exchange. Ledgers are merged.
        """
        moved = []
        for name, number in sorted(self.bucket.heads().items()):
            area = area_named(self.project, name)
            if area and area.kind in set(kinds) and name.split("/")[1] == source:
                with area.held():
                    theirs = from_json(self.bucket.read_list(name, number))
                    moved.append(Moved(name, tuple(self._pulled(area, number, theirs, mine_first=False))))
        self._hashes.keep()
        self._renew_index(source, moved)
        return [each for each in moved if each.units]

    def push(self, source: str, kinds: Iterable[str] = KINDS, repair: bool = False) -> list[Moved]:
        """Share what lies here. Returns the areas for which that made a new list.

        With ``repair`` contents that the storage holds are read and compared, and sent again where they are damaged.
        """
        moved = []
        for area in areas_here(self.project, source, kinds):
            for attempt in range(TRIES):
                done = self._push_once(area, source, repair)
                if done is not None:
                    moved.append(done)
                    break
                time.sleep(random.uniform(0, 0.05 * 2 ** min(attempt, 5)))
            else:
                raise AnalysisError(f"{area.name}: {TRIES} pushes of others came first: run `analysis push` again")
        self._hashes.keep()
        return [each for each in moved if each.number]

    def _push_once(self, area: Area, source: str, repair: bool) -> Moved | None:
        number = self.bucket.heads().get(area.name, 0)
        theirs = from_json(self.bucket.read_list(area.name, number)) if number else {}
        with area.held():
            brought = tuple(self._pulled(area, number, theirs, mine_first=True)) if number else ()
        self._renew_index(source, [Moved(area.name, brought)])
        with area.held():
            mine = scan(area, self._hashes)
            known = set() if repair else {blob for files in theirs.values() for blob in files.values()}
            at = {blob: area.folder / p for files in mine.values() for p, blob in files.items() if blob not in known}
            sent = self.bucket.send(at, repair)
            if not self._has_more(area, mine, theirs):
                self._remember(area, number, mine)
                return Moved(area.name)
            if not self.bucket.add_list(area.name, number + 1, to_json(area.name, mine)):
                return None
            self._remember(area, number + 1, mine)
        return Moved(area.name, brought, sent, number + 1)

    def _has_more(self, area: Area, mine: Units, theirs: Units) -> bool:
        """Whether the storage should have a new list. Index and ledger alone are no reason: their marks of what is
        stale and when it was looked at differ from checkout to checkout, and would go to and fro for ever. Nor is the
        archive: what it holds goes with the next list."""
        alone = {unit for unit in mine if unit in {LEDGER, INDEX} or unit.startswith(ARCHIVE)}
        return area.name in self._ahead or any(files != theirs.get(u) for u, files in mine.items() if u not in alone)

    def _pulled(self, area: Area, number: int, theirs: Units, mine_first: bool) -> Iterator[str]:
        """Take over the units that are newer there; gives their names."""
        mine, base = scan(area, self._hashes), self._remembered(area)
        # Beside the data, so that a file only has to be renamed.
        with TemporaryDirectory(prefix=".store-", dir=self._folder()) as folder:
            incoming = Path(folder)
            for unit in sorted(theirs):
                if unit == LEDGER:
                    if self._merge_ledger(area, theirs[unit], mine.get(unit), incoming):
                        yield unit
                elif self._is_newer(unit, mine.get(unit), theirs[unit], base.get(unit), mine_first, area, incoming):
                    self._take(area, theirs[unit], mine.get(unit, {}), incoming)
                    yield unit
        self._remember(area, number, theirs)

    def _is_newer(
        self,
        unit: str,
        mine: Mapping[str, Blob] | None,
        theirs: Mapping[str, Blob],
        base: Mapping[str, Blob] | None,
        mine_first: bool,
        area: Area,
        incoming: Path,
    ) -> bool:
        if mine is None or mine == theirs:
            return mine is None
        if unit == EDITION:
            return self._fetched_later(area, mine, theirs, incoming)
        if unit == INDEX:
            return False  # it is made anew from what lies here
        if base is None:
            return not mine_first
        return mine == base

    def _fetched_later(self, area: Area, mine: Mapping[str, Blob], theirs: Mapping[str, Blob], incoming: Path) -> bool:
        """Whether their edition of a dataset was fetched after mine; of equal times the hash decides, on all sides."""
        other = incoming / "manifest.json"
        self.bucket.fetch_all({theirs["manifest.json"]: other})
        here, there = read_json(area.folder / "manifest.json"), read_json(other)
        other.unlink()
        return bool(
            (there["retrieved_at"], theirs["manifest.json"].sha256)
            > (here["retrieved_at"], mine["manifest.json"].sha256)
        )

    def _take(self, area: Area, theirs: Mapping[str, Blob], mine: Mapping[str, Blob], incoming: Path) -> None:
        """Fetch the files of a unit, all of them before the first gets into place, and drop those it no longer has."""
        wanted = {blob: incoming / blob.sha256 for path, blob in theirs.items() if mine.get(path) != blob}
        self.bucket.fetch_all(wanted)
        if area.kind == "reports":
            for path in theirs:
                if path.endswith(".html") and "/" not in path and mine.get(path) != theirs[path]:
                    set_aside_page(area.folder, path.removesuffix(".html"))
        for path in sorted(theirs, key=area.rank):
            if mine.get(path) != theirs[path]:
                place(wanted[theirs[path]], area.folder / path)
        for path in set(mine) - set(theirs):
            (area.folder / path).unlink(missing_ok=True)

    def _merge_ledger(
        self, area: Area, theirs: Mapping[str, Blob], mine: Mapping[str, Blob] | None, incoming: Path
    ) -> bool:
        self._ahead.discard(area.name)
        if mine == theirs:
            return False
        other = incoming / LEDGER
        self.bucket.fetch_all({theirs[LEDGER]: other})
        before = set(editions(area.folder / LEDGER))
        if before - set(editions(other)):
            self._ahead.add(area.name)
        merge(area.folder / LEDGER, other)
        return set(editions(area.folder / LEDGER)) != before

    def _renew_index(self, source: str, moved: Iterable[Moved]) -> None:
        """Index and ledger follow the reports that came."""
        if any(each.area.startswith("reports/") and each.units for each in moved):
            from analysis.report.build import build

            build(self.project, source, [])

    def _folder(self) -> Path:
        self._state.mkdir(parents=True, exist_ok=True)
        return self._state

    def _remembered(self, area: Area) -> Units:
        """What both sides had at the last exchange."""
        path = self._state / f"{area.name.replace('/', '~')}.json"
        return from_json(path.read_bytes()) if path.is_file() else {}

    def _remember(self, area: Area, number: int, units: Units) -> None:
        put(self._folder() / f"{area.name.replace('/', '~')}.json", to_json(f"{area.name} {number}", units))
