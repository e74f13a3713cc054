"""Ploomber: one task a run, on its parallel executor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

from bench.peers.peer import Peer
from bench.site import Site


class Ploomber(Peer):
    """Ploomber, so many processes."""

    name = "ploomber"
    label = "Ploomber, parallel 2"
    packages = ("ploomber",)

    def prepare(self, site: Site) -> None:
        """One pipeline; the notebooks themselves stay as they are."""
        tasks: list[dict[str, Any]] = []
        for run in site.size.runs:
            task: dict[str, Any] = {
                "source": f"notebooks/{run.notebook}.ipynb",
                "name": run.name,
                "product": {"nb": f"out/{run.name}.ipynb", "html": f"out/{run.name}.html"},
                "nb_product_key": ["nb", "html"],
                "nbconvert_exporter_name": {"html": "html"},
                "static_analysis": "disable",
            }
            tasks.append(task | ({"params": {"district": run.district}} if run.district else {}))
        pipeline = {
            "meta": {"extract_product": False, "extract_upstream": False},
            "executor": {"dotted_path": "ploomber.executors.Parallel", "processes": site.size.workers},
            "tasks": tasks,
        }
        (site.folder / "pipeline.yaml").write_text(yaml.safe_dump(pipeline, sort_keys=False), encoding="utf-8")

    def command(self, site: Site) -> Sequence[str]:
        return ["ploomber", "build"]
