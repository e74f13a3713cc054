"""papermill and nbconvert called as libraries, in a pool of processes: the best a plain script does."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from bench.peers.peer import Peer
from bench.site import ROOT, Site


class Pool(Peer):
    """The two libraries in a pool, one thread of linear algebra each."""

    name = "pool"
    label = "papermill and nbconvert API, pool of 2, one BLAS thread"
    knows_stale = False

    def prepare(self, site: Site) -> None:
        """The list of runs."""
        runs = [[run.notebook, run.name, run.district] for run in site.size.runs]
        (site.folder / "runs.json").write_text(json.dumps(runs), encoding="utf-8")

    def command(self, site: Site) -> Sequence[str]:
        program = str(ROOT / "bench" / "peers" / "programs" / "with_pool.py")
        return [sys.executable, program, "runs.json", str(site.size.workers)]
