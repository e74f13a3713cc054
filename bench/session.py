"""A session: every participant set up, then round after round, each in its turn; resumed where it was stopped."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from hashlib import sha256

from bench.measure import measure, truth_of
from bench.notebooks import PAPERS
from bench.peers import FLOOR, named
from bench.peers.peer import FULL, Failed, Peer
from bench.results import Row, append, read
from bench.site import ROOT, Cache, Site, Size, lay_kernel
from bench.venvs import ensure


def take_turns(cache: Cache, size: Size, peers: Sequence[Peer], rounds: int, once: Sequence[str]) -> None:
    """Measure what has not been measured yet: round by round, the participants taking turns.

    ``once`` are participants so slow that one round must do.
    """
    truth = rehearse(cache, size)
    ready = [peer for peer in peers if set_up(peer, cache, size)]
    for number in range(1, rounds + 1):
        for peer in ready:
            if number == 1 or peer.name not in once:
                _turn(peer, Site(cache, peer.name, size), number, truth)


def rehearse(cache: Cache, size: Size) -> dict[str, int]:
    """Run the floor once without measuring: it says what is right, and how long each run takes."""
    (floor,) = named([FLOOR])
    site = Site(cache, FLOOR, size)
    if not (set_up(floor, cache, size) and (site.folder / "result.json").is_file()):
        print("rehearsing the cells", flush=True)
        floor.build(site)
    return truth_of(site)


def set_up(peer: Peer, cache: Cache, size: Size) -> bool:
    """Lay the folder of a participant and let it prepare, unless that was done; a failure is kept and told."""
    site = Site(cache, peer.name, size)
    stamp, wanted = site.folder / "ready.json", state(size)
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return True
    try:
        lay_kernel(cache)
        ensure(peer, cache)
        site.lay()
        peer.prepare(site)
    except Failed as error:
        _keep_failure(peer, site, "set-up", 0, error)
        return False
    stamp.write_text(wanted, encoding="utf-8")
    return True


def state(size: Size) -> str:
    """What a prepared folder depends on: the size of the test set, its papers, and what was copied of the project."""
    copied = [*sorted((ROOT / "data" / "catalog").glob("*.yml")), ROOT / "pyproject.toml", ROOT / "requirements.lock"]
    texts = [path.read_bytes() for path in (*sorted(PAPERS.glob("*.py")), *copied)]
    return json.dumps({**asdict(size), "content": sha256(b"\0".join(texts)).hexdigest()})


def _turn(peer: Peer, site: Site, number: int, truth: dict[str, int]) -> None:
    wide = (site.size.notebooks, site.size.values, site.size.workers)
    there = {
        (row.measure, row.round)
        for row in read(site.cache.results)
        if row.participant == peer.name and row.size == wide and row.seconds is not None
    }
    missing = [what for what in peer.measures if (what, number) not in there]
    if missing and FULL not in missing:
        missing.insert(0, "")  # a build that was interrupted may have left anything: begin from what is fresh
    for what in missing:
        try:
            if not what:
                peer.build(site)
                continue
            row = measure(peer, site, what, number, truth)
        except Failed as error:
            _keep_failure(peer, site, what, number, error)
            return
        append(site.cache.results, row)
        print(f"round {number}  {peer.name:<16} {what:<8} {row.seconds:8.2f} s  (load {row.load:.1f})", flush=True)


def _keep_failure(peer: Peer, site: Site, what: str, number: int, error: Failed) -> None:
    wide = (site.size.notebooks, site.size.values, site.size.workers)
    text = str(error).replace(str(site.folder), ".").replace(str(site.cache.folder), "…")
    append(site.cache.results, Row(peer.name, what, number, wide, error=text))
    print(f"round {number}  {peer.name:<16} {what:<8} failed: {text}", flush=True)
