"""DVC: one stage a run; `dvc repro` carries them out one after another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

from bench.peers.peer import Peer, call
from bench.site import Site


class Dvc(Peer):
    """DVC pipelines, without a version-control system around them."""

    name = "dvc"
    label = "DVC repro"
    packages = ("dvc",)
    parallel = False
    state = ("dvc.lock", ".dvc/cache", ".dvc/tmp")

    def prepare(self, site: Site) -> None:
        """A project of its own and one file of stages."""
        stages: dict[str, Any] = {}
        for run in site.size.runs:
            source, target = f"notebooks/{run.notebook}.ipynb", f"out/{run.name}"
            varied = f" -p district {run.district}" if run.district else ""
            stages[run.name] = {
                "cmd": [
                    "mkdir -p out",
                    f"papermill --no-progress-bar {source} {target}.ipynb{varied}",
                    f"jupyter nbconvert --log-level WARN --to html {target}.ipynb",
                ],
                "deps": [source],
                "outs": [f"{target}.ipynb", f"{target}.html"],
            }
        (site.folder / "dvc.yaml").write_text(yaml.safe_dump({"stages": stages}, sort_keys=False), encoding="utf-8")
        call(["dvc", "init", "--no-scm", "--force", "--quiet"], site)
        call(["dvc", "config", "core.analytics", "false"], site)
        call(["dvc", "config", "core.check_update", "false"], site)

    def command(self, site: Site) -> Sequence[str]:
        return ["dvc", "repro", "--quiet"]
