"""Measuring one participant once: forget, build, check what it delivered."""

from __future__ import annotations

import json
import os
import re
import resource
import time
from collections.abc import Mapping
from datetime import UTC, datetime

from bench.memory import around
from bench.notebooks import TOUCHED as TOUCHED_NOTEBOOK
from bench.notebooks import Run, code, edit, load
from bench.peers import floor
from bench.peers.peer import FULL, TOUCHED, Failed, Peer
from bench.results import Row
from bench.site import Site

_PRINTED = re.compile(r"check (?P<check>\d+) revision (?P<revision>\d+)")
_REVISION = re.compile(r"^revision = (\d+)", re.MULTILINE)
TOLERANCE = 2
"""By how much a control total may differ: sums of other numbers of threads differ in their last bits."""


def measure(peer: Peer, site: Site, what: str, number: int, truth: Mapping[str, int]) -> Row:
    """Build once and check; raises Failed when the program fails or a page is missing or wrong."""
    if what == FULL:
        peer.forget(site)
    if what == TOUCHED:
        path = peer.notebook(site, TOUCHED_NOTEBOOK)
        edit(path, revision_of(peer, site, TOUCHED_NOTEBOOK) + 1)
    peer.get_ready(site, what)
    load_before = os.getloadavg()[0]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.perf_counter()
    peer.build(site)
    seconds = time.perf_counter() - begun
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    left = len(around("ANALYSIS_ROOT", str(site.folder)))
    check(peer, site, truth)
    return Row(
        participant=peer.name,
        measure=what,
        round=number,
        size=(site.size.notebooks, site.size.values, site.size.workers),
        seconds=seconds,
        processor=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        load=load_before,
        when=datetime.now(UTC).strftime("%Y-%m-%d %H:%M"),
        more=(parts(site) if peer.name == "floor" else {}) | ({"left": float(left)} if left else {}),
    )


def parts(site: Site) -> dict[str, float]:
    """Of what the wall seconds of the floor consist."""
    told = floor.result(site)
    cells = [run["seconds"] for run in told["runs"]]
    drawing = sum(run["drawing"] for run in told["runs"])
    return {"start": told["start"], "warm": told["warm"], "cells": sum(cells), "drawing": drawing}


def revision_of(peer: Peer, site: Site, name: str) -> int:
    """The revision that stands in the code of a notebook."""
    found = [match[1] for source in code(load(peer.notebook(site, name))) for match in _REVISION.finditer(source)]
    return int(found[0])


def truth_of(site: Site) -> dict[str, int]:
    """The control total of every run, as the floor printed it."""
    return {run["name"]: printed(run["printed"])[0] for run in floor.result(site)["runs"]}


def printed(text: str) -> tuple[int, int]:
    """Control total and revision that a run printed.

    >>> printed("check 284123 revision 1\\n")
    (284123, 1)
    """
    found = _PRINTED.search(text)
    if found is None:
        raise Failed("a run did not print its control total")
    return int(found["check"]), int(found["revision"])


def check(peer: Peer, site: Site, truth: Mapping[str, int]) -> None:
    """Whether every run has an executed notebook with the right number, and a page that shows it.

    Raises Failed naming the first that does not.
    """
    if not peer.pages:
        return
    for run in site.size.runs:
        path, page = peer.executed(site, run), peer.page(site, run)
        if not path.is_file() or not page.is_file():
            raise Failed(f"{run.name}: there is no {'page' if path.is_file() else 'executed notebook'}")
        _check_run(peer, site, run, truth[run.name])


def _check_run(peer: Peer, site: Site, run: Run, right: int) -> None:
    found, revision = printed(outputs(json.loads(peer.executed(site, run).read_text(encoding="utf-8"))))
    if abs(found - right) > TOLERANCE:
        raise Failed(f"{run.name}: its control total is {found}, not {right}")
    if run.district is None and revision != revision_of(peer, site, run.notebook):
        raise Failed(f"{run.name}: its result is of revision {revision}, its code is newer")
    html = peer.page(site, run).read_text(encoding="utf-8")
    if str(found) not in html and f"{found:,}" not in html:
        raise Failed(f"{run.name}: its page does not show the control total {found}")


def outputs(content: Mapping[str, object]) -> str:
    """Everything that the cells of an executed notebook printed."""
    texts = []
    cells = content["cells"]
    assert isinstance(cells, list)
    for cell in cells:
        for output in cell.get("outputs", []):
            if output.get("output_type") == "stream":
                texts.append("".join(output["text"]))
    return "\n".join(texts)
