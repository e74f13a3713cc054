"""Very many pages: as many as asked for, each by a name of its own, known to the project before it builds."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from bench.peers import angeleno
from bench.site import Cache, Site, Size

from bench import curve


@pytest.mark.parametrize("number", [1, 10, 1000])
def test_there_are_as_many_briefs_as_asked_for(tmp_path: Path, number: int) -> None:
    found = curve.briefs(Site(Cache(tmp_path), "briefs", Size(1, number, 2)))
    assert len({run.name for run in found}) == len(found) == number
    assert [run.district for run in found].count(None) == 1


def test_districts_are_declared_where_the_project_reads_a_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(angeleno, "knows_editions", lambda: True)
    site = Site(Cache(tmp_path), "briefs", Size(1, 3, 2))
    site.lay()
    path = site.folder / "data" / "catalog" / "editions.yml"
    assert not path.exists()
    angeleno.declare(site, curve.BRIEF, ["d0001", "d0002"])
    expected = {curve.BRIEF: [{"cut": "whole"}, {"sweep": {"district": ["d0001", "d0002"]}}]}
    assert yaml.safe_load(path.read_text(encoding="utf-8")) == expected
    angeleno.declare(site, curve.BRIEF, [])
    assert yaml.safe_load(path.read_text(encoding="utf-8")) == {curve.BRIEF: [{"cut": "whole"}]}


def test_everything_is_made_stale_by_another_locked_environment(tmp_path: Path) -> None:
    site = Site(Cache(tmp_path), "angeleno", Size(2, 0, 2))
    site.lay()
    executed = site.folder / "reports" / "sample" / "executed" / "01_a.ipynb"
    executed.parent.mkdir(parents=True)
    executed.write_text("{}")
    ledger = site.folder / "reports" / "sample" / "ledger.db"
    ledger.write_text("")
    lock = site.folder / "requirements.lock"
    seen = {lock.read_text(encoding="utf-8")}
    for _ in range(3):
        angeleno.Angeleno().forget(site)
        seen.add(lock.read_text(encoding="utf-8"))
    assert len(seen) == 4
    assert lock.read_text(encoding="utf-8").count(angeleno.MARKER) == 1
    assert not executed.exists()
    assert ledger.exists()
