"""The floor: no tool at all, the cells as functions; see :mod:`bench.floor` for what is in it and what is not."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from bench.floor import Task
from bench.peers.peer import Peer
from bench.site import ROOT, Site


class Floor(Peer):
    """The same cells as plain functions in warm processes."""

    name = "floor"
    label = "the same cells as plain functions in 2 warm processes (the floor)"
    knows_stale = False
    pages = False

    def prepare(self, site: Site) -> None:
        """List the runs longest first, by their times in an earlier round where there is one."""
        before = result(site)["runs"] if (site.folder / "result.json").is_file() else []
        seconds = {run["name"]: run["seconds"] for run in before}
        ordered = sorted(site.size.runs, key=lambda run: (-seconds.get(run.name, 0.0), run.name))
        tasks = [asdict(Task(run.notebook, run.name, run.district)) for run in ordered]
        (site.folder / "tasks.json").write_text(json.dumps(tasks), encoding="utf-8")

    def command(self, site: Site) -> Sequence[str]:
        program = str(ROOT / "bench" / "floor.py")
        return [sys.executable, "-P", program, str(site.notebooks), "tasks.json", "result.json"]

    def forget(self, site: Site) -> None:
        """The order is made from the times of the last round."""
        self.prepare(site)


def result(site: Site) -> dict[str, Any]:
    """What the floor wrote of its last round."""
    content: dict[str, Any] = json.loads((site.folder / "result.json").read_text(encoding="utf-8"))
    return content
