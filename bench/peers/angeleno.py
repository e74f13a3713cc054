"""This project, through its command line alone."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from bench.notebooks import PARAMETER, VARIED, Run
from bench.peers.peer import FULL, Peer, call
from bench.site import PROGRAMS, ROOT, Site

MARKER = "bench-marker=="


class Angeleno(Peer):
    """A build of everything where everything is stale, on any day but the first, with nobody standing by.

    Where one notebook was touched, the process that an earlier command of the day left behind stands by.
    """

    name = "angeleno"
    label = "Angeleno, `analysis reports`"
    stands_by = True
    _minutes = "0"

    def prepare(self, site: Site) -> None:
        """Refine the tables, and make the editions known."""
        call([str(PROGRAMS / "analysis"), "refine"], site)
        declare(site, VARIED, [run.district for run in site.size.runs if run.district])

    def command(self, site: Site) -> Sequence[str]:
        return [str(PROGRAMS / "analysis"), "reports", "-j", str(site.size.workers)]

    def get_ready(self, site: Site, what: str) -> None:
        """Have a process stand by, or none."""
        full = what == FULL or not self.stands_by
        call([str(PROGRAMS / "analysis"), "standby", *(["--end"] if full else [])], site)
        self._minutes = "0" if full else "10"

    def build(self, site: Site) -> None:
        call(["env", f"ANALYSIS_STANDBY={self._minutes}", *self.command(site)], site)

    def forget(self, site: Site) -> None:
        """Make everything stale: another locked environment, no executed notebook, no page.

        The ledger stays, with the seconds each report took: on any day but the first a build has them.
        """
        lock = site.folder / "requirements.lock"
        lines = lock.read_text(encoding="utf-8").splitlines()
        before = next((int(line.removeprefix(MARKER)) for line in lines if line.startswith(MARKER)), 0)
        kept = [line for line in lines if not line.startswith(MARKER)]
        lock.write_text("\n".join([*kept, f"{MARKER}{before + 1}"]) + "\n", encoding="utf-8")
        for path in (*_reports(site).glob("*.html"), *_reports(site).glob("executed/*.ipynb")):
            path.unlink()

    def executed(self, site: Site, run: Run) -> Path:
        return _reports(site) / "executed" / f"{run.name}.ipynb"

    def page(self, site: Site, run: Run) -> Path:
        return _reports(site) / f"{run.name}.html"


class Alone(Angeleno):
    """The same with nobody standing by when one notebook was touched: the first command of a day, or a nightly one."""

    name = "angeleno-alone"
    label = "Angeleno, nobody standing by"
    stands_by = False


class FirstBuild(Angeleno):
    """The first build ever: nothing is remembered, so no run is known to be long."""

    name = "angeleno-first"
    label = "Angeleno, first build ever"
    knows_stale = False

    def forget(self, site: Site) -> None:
        """Remove all reports and the ledger; editions that only reports remember are issued again."""
        if knows_editions():
            shutil.rmtree(_reports(site), ignore_errors=True)
        else:
            super().forget(site)
            for path in _reports(site).glob("ledger.db*"):
                path.unlink()


def knows_editions() -> bool:
    """Whether this version of the project reads the parameter sets to issue from its catalog."""
    return (ROOT / "data" / "catalog" / "editions.yml").is_file()


def declare(site: Site, notebook: str, districts: Sequence[str]) -> None:
    """Say for which districts a notebook is issued, beside its default.

    In the catalog; where this version has no such list there, by issuing each once.
    """
    if knows_editions():
        issues: list[dict[str, Any]] = [{"cut": "whole"}]
        issues += [{"sweep": {PARAMETER: list(districts)}}] if districts else []
        text = yaml.safe_dump({notebook: issues}, sort_keys=False)
        (site.folder / "data" / "catalog" / "editions.yml").write_text(text, encoding="utf-8")
        return
    for district in districts:
        call([str(PROGRAMS / "analysis"), "report", notebook, "-p", f"{PARAMETER}={district}"], site)


def _reports(site: Site) -> Path:
    return site.folder / "reports" / "sample"
