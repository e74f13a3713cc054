"""jupyter-cache: executes what is not in its cache on its parallel executor; pages by nbconvert in a pool."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.peers.peer import Peer
from bench.site import ROOT, Site


class JupyterCache(Peer):
    """jupyter-cache; it knows no parameters, so each district is a notebook of its own."""

    name = "jupyter-cache"
    label = "jupyter-cache, parallel"
    packages = ("jupyter-cache", "nbconvert", "ipykernel")
    state = (".jupyter_cache",)

    def prepare(self, site: Site) -> None:
        """Every run as a notebook."""
        site.copies(site.folder / "sources")

    def command(self, site: Site) -> Sequence[str]:
        program = str(ROOT / "bench" / "peers" / "programs" / "with_jupyter_cache.py")
        own = site.cache.venv(self.name) / "bin" / "python"
        return [str(own), program, "sources", "out", str(site.size.workers)]

    def notebook(self, site: Site, name: str) -> Path:
        return site.folder / "sources" / f"{name}.ipynb"
