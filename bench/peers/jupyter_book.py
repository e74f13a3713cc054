"""Jupyter Book 1 with its execution cache; every run is a page of the book."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import yaml

from bench.notebooks import Run
from bench.peers.peer import Peer
from bench.site import Site


class JupyterBook(Peer):
    """Jupyter Book 1; it knows no parameters, so each district is a notebook of its own."""

    name = "jupyter-book"
    label = "Jupyter Book 1"
    packages = ("jupyter-book",)
    parallel = False
    state = ("book/_build",)

    def prepare(self, site: Site) -> None:
        """A book with one chapter a run."""
        book = site.folder / "book"
        site.copies(book)
        (book / "intro.md").write_text("# The test set\n", encoding="utf-8")
        chapters = [{"file": run.name} for run in site.size.runs]
        contents = {"format": "jb-book", "root": "intro", "chapters": chapters}
        execute = {"execute_notebooks": "cache", "timeout": 600}
        settings = {"title": "The test set", "execute": execute, "only_build_toc_files": True}
        (book / "_toc.yml").write_text(yaml.safe_dump(contents, sort_keys=False), encoding="utf-8")
        (book / "_config.yml").write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")

    def command(self, site: Site) -> Sequence[str]:
        return ["jupyter-book", "build", "--quiet", "book"]

    def notebook(self, site: Site, name: str) -> Path:
        return site.folder / "book" / f"{name}.ipynb"

    def executed(self, site: Site, run: Run) -> Path:
        return site.folder / "book" / "_build" / "jupyter_execute" / f"{run.name}.ipynb"

    def page(self, site: Site, run: Run) -> Path:
        return site.folder / "book" / "_build" / "html" / f"{run.name}.html"
