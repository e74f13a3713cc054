"""Medians, ratios, memory and the file of results: right on numbers whose answer is known."""

from __future__ import annotations

import doctest
import importlib
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest
from bench.floor import Task, execute
from bench.measure import check, printed
from bench.notebooks import Run
from bench.peers import ALL, named
from bench.peers.peer import Failed
from bench.results import Row
from bench.site import Cache, Site, Size

from bench import memory, peers, report, results, venvs

WIDE = (12, 30, 2)
MODULES = (
    "curve",
    "floor",
    "machine",
    "measure",
    "memory",
    "notebooks",
    "report",
    "results",
    "session",
    "site",
    "venvs",
)


def test_examples_in_the_documentation_are_right() -> None:
    names = [f"bench.{name}" for name in MODULES]
    names += [f"bench.peers.{found.name}" for found in pkgutil.iter_modules(peers.__path__) if not found.ispkg]
    for name in names:
        assert doctest.testmod(importlib.import_module(name)).failed == 0, name


def rows(participant: str, measure: str, *seconds: float) -> list[Row]:
    return [Row(participant, measure, n, WIDE, seconds=s, load=0.1) for n, s in enumerate(seconds, start=1)]


def test_a_median_of_an_even_number_lies_in_the_middle() -> None:
    made = results.summary([4.0, 1.0, 3.0, 2.0])
    assert made == results.Summary(2.5, 1.0, 4.0, 4)
    assert results.summary([]) is None


def test_rows_survive_the_disk_and_errors_have_no_seconds(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "results.jsonl"
    kept = [
        Row("a", "full", 1, WIDE, seconds=1.5, more={"x": 2.0}),
        Row("b", "full", 1, WIDE, error="does not install"),
    ]
    for row in kept:
        results.append(path, row)
    assert results.read(path) == kept
    assert results.measured(kept, "b", "full") == []
    assert results.read(tmp_path / "none.jsonl") == []


def test_ratios_are_within_a_round() -> None:
    # The machine was twice as slow in the second round: the ratio of each round is 3, of the extremes it is not.
    both = rows("floor", "full", 10.0, 20.0, 10.0) + rows("make", "full", 30.0, 60.0, 31.0)
    assert report.to_floor(both, "make") == pytest.approx(3.0)
    assert report.between(both, "make", "dvc", "full") is None


def test_ratios_leave_out_rounds_that_only_one_took_part_in() -> None:
    both = rows("floor", "full", 10.0, 20.0) + rows("make", "full", 50.0)
    assert report.to_floor(both, "make") == pytest.approx(5.0)


def test_the_fastest_is_sought_among_the_others() -> None:
    one, two = results.Summary(1, 1, 1, 3), results.Summary(2, 2, 2, 3)
    assert results.fastest({"angeleno": one, "make": two, "dvc": None}, without=["angeleno"]) == "make"
    assert results.fastest({"dvc": None}, without=[]) is None


def test_one_more_costs_the_slope_not_the_mean() -> None:
    # 5 s to begin with and 0.1 s each: the mean falls, the slope does not.
    sizes = [10, 100, 1000]
    assert results.slope(sizes, [5 + 0.1 * n for n in sizes]) == pytest.approx([0.1, 0.1])


def test_the_table_names_the_goals() -> None:
    told = report.text(
        rows("floor", "full", 10.0, 10.0, 10.0)
        + rows("angeleno", "full", 11.0, 11.0, 12.0)
        + rows("angeleno", "touched", 2.0, 2.0, 2.0)
        + rows("pool", "full", 44.0, 44.0, 44.0)
        + rows("make", "full", 60.0, 60.0, 60.0)
        + rows("make", "touched", 5.0, 5.0, 5.0)
        + [Row("dvc", "set-up", 0, WIDE, error="does not install: no such package")],
        WIDE,
        "It bends.\n",
    )
    assert "Full build: 1.10 × the floor." in told
    assert "Full build: 0.25 × the fastest peer's (papermill and nbconvert API" in told
    assert "that is 4.00 × as fast" in told
    assert "One notebook touched: 0.40 × the fastest peer's (make" in told
    assert "DVC repro (set-up): does not install: no such package" in told
    assert "It bends." in told


def test_a_busy_machine_is_told() -> None:
    quiet = rows("floor", "full", 10.0)
    busy = [Row("floor", "full", 1, WIDE, seconds=10.0, load=9.0)]
    assert "Other work ran at the same time" in report.about(busy, WIDE)
    assert "Other work" not in report.about(quiet, WIDE)


def test_words_written_by_hand_survive_and_no_path_is_told(tmp_path: Path) -> None:
    path = tmp_path / "RESULTS.md"
    report.write(rows("floor", "full", 10.0), WIDE, path)
    begun = path.read_text(encoding="utf-8")
    path.write_text(begun.replace(report.kept_words(begun), "Mine.\nTwo lines.\n"), encoding="utf-8")
    report.write(rows("floor", "full", 12.0), WIDE, path)
    after = path.read_text(encoding="utf-8")
    assert f"{report.BEGIN}\nMine.\nTwo lines.\n{report.END}" in after
    assert not {"/root", "/home", "/tmp"} & set(after.replace("/", " /").split())
    assert str(Path.home()) not in after
    assert str(tmp_path) not in after


def test_the_cost_of_a_brief_is_told_beyond_its_cells() -> None:
    told = report.curve_table(
        [
            Row("angeleno", "briefs", 1, (1, n, 2), seconds=5 + 0.1 * n, more={"peak": 2**30, "cells": 0.05})
            for n in (10, 100)
        ]
    )
    # 0.1 s of the wall on two workers are 0.2 s of a worker, 0.05 s of them its own work.
    assert "| 100 | 15.0 | 0.150 | 0.100 | 0.150 | 1.00 |" in told


def test_memory_is_the_sum_over_the_tree(tmp_path: Path) -> None:
    for process, parent, kilobytes in ((10, 1, 100), (11, 10, 20), (12, 11, 3), (13, 1, 5000)):
        folder = tmp_path / str(process)
        folder.mkdir()
        (folder / "stat").write_text(f"{process} (a (b) c) S {parent} 1 1\n")
        (folder / "smaps_rollup").write_text(f"Rss: 999 kB\nPss: {kilobytes} kB\nPss_Anon: 1 kB\n".replace(": ", ":  "))
    (tmp_path / "meminfo").write_text("")
    assert memory.held(10, tmp_path) == 1024 * 123


def test_a_process_that_ended_holds_nothing(tmp_path: Path) -> None:
    (tmp_path / "10").mkdir()
    (tmp_path / "10" / "stat").write_text("10 (a) S 1 1 1\n")
    assert memory.held(10, tmp_path) == 0


def test_processes_left_behind_are_known_by_their_environment(tmp_path: Path) -> None:
    for process, text in ((10, "A=1\0ANALYSIS_ROOT=/x/make\0"), (11, "ANALYSIS_ROOT=/x/maker\0"), (12, "")):
        (tmp_path / str(process)).mkdir()
        (tmp_path / str(process) / "environ").write_text(text)
    assert memory.around("ANALYSIS_ROOT", "/x/make", tmp_path) == [10]
    told = report.left_behind([Row("angeleno", "full", 1, WIDE, seconds=1.0, more={"left": 2.0})])
    assert "`analysis reports`: 2" in told


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").is_file(), reason="only Linux tells proportional set sizes")
def test_the_peak_sees_a_child_that_takes_memory() -> None:
    grows = "x = bytearray(60_000_000); x[::4096] = b'1' * len(x[::4096]); input()"
    nests = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {grows!r}])"
    process = subprocess.Popen([sys.executable, "-c", nests], stdin=subprocess.PIPE)
    with memory.Peak(process.pid, every=0.02) as peak:
        while peak.bytes < 60_000_000 and process.poll() is None:
            pass
        process.communicate(b"\n")
    assert 60_000_000 < peak.bytes < 400_000_000
    assert peak.samples > 0


def test_the_floor_shows_draws_and_starts_from_nothing_each_time() -> None:
    sources = ['district = "all"', "import matplotlib\nmatplotlib.use('agg')", "print('check 1 revision 0', district)"]
    first = execute(sources, Task("01_a", "01_a", None))
    second = execute([*sources, "assert 'left' not in globals()\nleft = 1"], Task("01_a", "01_a", "d07"))
    assert (first.printed, second.printed) == ("check 1 revision 0 all\n", "check 1 revision 0 d07\n")
    assert execute([*sources, "assert 'left' not in globals()"], Task("01_a", "01_a", None)).seconds >= 0


def test_a_total_that_was_not_printed_is_a_failure() -> None:
    assert printed("a\ncheck 12 revision 3\n") == (12, 3)
    with pytest.raises(Failed, match="did not print"):
        printed("nothing")


def laid(tmp_path: Path, *, total: int, shown: str, revision: int = 0) -> tuple[Site, Run]:
    import json

    (make,) = named(["make"])
    site = Site(Cache(tmp_path), "make", Size(2, 0, 2))
    site.lay()
    site.out.mkdir()
    for run in site.size.runs:
        stream = {"output_type": "stream", "name": "stdout", "text": [f"check {total} revision {revision}\n"]}
        executed = {"cells": [{"cell_type": "code", "outputs": [stream]}]}
        make.executed(site, run).write_text(json.dumps(executed))
        make.page(site, run).write_text(shown)
    return site, site.size.runs[0]


def test_what_was_delivered_is_checked(tmp_path: Path) -> None:
    (make,) = named(["make"])
    site, run = laid(tmp_path, total=1234567, shown="<p>1,234,567 points</p>")
    truth = {one.name: 1234567 for one in site.size.runs}
    check(make, site, truth)
    with pytest.raises(Failed, match="its control total is 1234567, not 1234000"):
        check(make, site, truth | {run.name: 1234000})
    make.page(site, run).write_text("<p>1,234 points</p>")
    with pytest.raises(Failed, match="does not show the control total"):
        check(make, site, truth)
    make.page(site, run).unlink()
    with pytest.raises(Failed, match="there is no page"):
        check(make, site, truth)


def test_a_result_of_older_code_is_noticed(tmp_path: Path) -> None:
    (make,) = named(["make"])
    site, _ = laid(tmp_path, total=12, shown="12", revision=3)
    with pytest.raises(Failed, match="its code is newer"):
        check(make, site, {one.name: 12 for one in site.size.runs})


def test_every_participant_has_pins_and_a_name_of_its_own() -> None:
    known = venvs.pins(venvs.PINS.read_text(encoding="utf-8"))
    assert {package for peer in ALL for package in peer.packages} == set(known)
    assert len({peer.name for peer in ALL}) == len(ALL)
    assert all("://" not in line for line in known.values())
    with pytest.raises(SystemExit, match="unknown participant nothing"):
        named(["nothing"])


def test_two_workers_get_one_thread_each_and_no_secret_is_passed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CENSUS_API_KEY", "abc")
    site = Site(Cache(tmp_path), "make", Size(2, 0, 2))
    assert site.environment()["OMP_NUM_THREADS"] == "1"
    assert "OMP_NUM_THREADS" not in site.environment(parallel=False)
    assert "CENSUS_API_KEY" not in site.environment()
    assert site.environment()["HOME"] != os.environ.get("HOME")
