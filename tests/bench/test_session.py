"""Taking turns: each once a round, what was measured is not measured again, a failure stops only itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from bench.notebooks import Run
from bench.peers.peer import FULL, NOTHING, TOUCHED, Failed, Peer
from bench.results import read
from bench.site import Cache, Site, Size

from bench import session

SIZE = Size(2, 1, 2)


class Copies(Peer):
    """Delivers what was asked for without computing anything."""

    name = "copies"
    label = "copies"

    def __init__(self, seen: list[str]) -> None:
        self.seen = seen

    def command(self, site: Site) -> Sequence[str]:
        return []

    def build(self, site: Site) -> None:
        from bench.measure import revision_of

        self.seen.append("build")
        site.out.mkdir(exist_ok=True)
        for run in site.size.runs:
            self.put(site, run, revision_of(self, site, run.notebook))

    def put(self, site: Site, run: Run, revision: int) -> None:
        printed = f'"check 12 revision {revision}"'
        cell = f'{{"outputs": [{{"output_type": "stream", "text": [{printed}]}}]}}'
        self.executed(site, run).write_text(f'{{"cells": [{cell}]}}')
        self.page(site, run).write_text("12")


class Breaks(Copies):
    name = "breaks"
    label = "breaks"

    def build(self, site: Site) -> None:
        raise Failed(f"{site.folder}/x is not there")


@pytest.fixture
def turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    monkeypatch.setattr(session, "rehearse", lambda cache, size: {run.name: 12 for run in size.runs})

    def take(peers: Sequence[Peer], rounds: int, once: Sequence[str] = ()) -> None:
        session.take_turns(Cache(tmp_path), SIZE, peers, rounds, once)

    return take


def test_all_take_turns_and_nothing_is_measured_twice(turns: Callable[..., None], tmp_path: Path) -> None:
    seen: list[str] = []
    turns([Copies(seen)], 2)
    kept = read(Cache(tmp_path).results)
    assert [(row.round, row.measure) for row in kept] == [
        (n, what) for n in (1, 2) for what in (FULL, NOTHING, TOUCHED)
    ]
    turns([Copies(seen)], 2)
    assert len(seen) == 6
    turns([Copies(seen)], 3)
    assert len(read(Cache(tmp_path).results)) == 9


def test_a_round_that_was_interrupted_goes_on_from_a_fresh_build(turns: Callable[..., None], tmp_path: Path) -> None:
    seen: list[str] = []
    turns([Copies(seen)], 1)
    results = Cache(tmp_path).results
    results.write_text("".join(results.read_text().splitlines(keepends=True)[:2]))
    turns([Copies(seen)], 1)
    assert len(seen) == 3 + 2  # one that is not counted, then the edited notebook
    assert [row.measure for row in read(results)] == [FULL, NOTHING, TOUCHED]


def test_one_that_fails_is_kept_with_its_words_and_no_path(turns: Callable[..., None], tmp_path: Path) -> None:
    seen: list[str] = []
    turns([Breaks(seen), Copies(seen)], 1)
    failed, *others = read(Cache(tmp_path).results)
    assert (failed.participant, failed.error, failed.seconds) == ("breaks", "./x is not there", None)
    assert [row.participant for row in others] == ["copies"] * 3


def test_the_slowest_may_take_part_once(turns: Callable[..., None], tmp_path: Path) -> None:
    turns([Copies([])], 3, once=["copies"])
    assert {row.round for row in read(Cache(tmp_path).results)} == {1}


def test_a_folder_is_laid_anew_when_its_papers_or_size_change(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = session.state(SIZE)
    assert session.state(Size(2, 2, 2)) != before
    (tmp_path / "01_a.py").write_text("# %%\nx = 1\n")
    monkeypatch.setattr(session, "PAPERS", tmp_path)
    assert session.state(SIZE) != before
