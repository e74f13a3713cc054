"""Machines that share nothing but a bucket: push here, pull there, and every way in which that can go wrong."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from analysis.project import AnalysisError, Project
from analysis.report import archive
from analysis.report.build import build, status
from analysis.report.editions import planned
from analysis.sources.manifest import Edition, NewPart, land, read_manifest
from analysis.store.areas import to_json
from analysis.store.blobs import Blob, blob_of
from analysis.store.bucket import Bucket
from analysis.store.exchange import Exchange
from analysis.store.ledgers import editions

from .conftest import twin, write_table


@pytest.fixture(params=["s3", "file", "memory"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty storage of each kind."""
    if request.param == "s3":
        return str(request.getfixturevalue("s3"))
    if request.param == "file":
        return f"file://{tmp_path / 'shared'}"
    import fsspec

    fsspec.filesystem("memory").store.clear()
    return "memory://city-data/papers"


def fetch(project: Project, content: str, day: str, dataset: str = "permits") -> None:
    """Land an edition of a live dataset, as a connector does."""
    edition = Edition(dataset, "live", "file", "https://example.org/permits.csv", f"{day}T00:00:00Z", columns=("id",))
    land(project.raw("live", dataset), edition, [NewPart("csv", content.encode(), edition.address, 1)])


def tree(folder: Path) -> dict[str, bytes]:
    """What lies in a folder and is shared."""
    files = [p for p in folder.rglob("*") if p.is_file() and not p.name.startswith(".")]
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(files)}


def test_another_machine_has_what_was_pushed_and_builds_on_it(
    small: Project, s3: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(small, "sample", planned(small, "sample"), jobs=1)
    sent = {each.area: each for each in Exchange(small, s3).push("sample")}
    assert set(sent) == {"processed/sample", "reports/sample"}
    assert Exchange(small, s3).push("sample") == [], "nothing is sent twice"

    other = twin(small, tmp_path / "other")
    monkeypatch.setenv("ANALYSIS_ROOT", str(other.root))
    Exchange(other, s3).pull("sample")
    assert tree(other.processed("sample")) == tree(small.processed("sample"))
    here, there = tree(small.reports("sample")), tree(other.reports("sample"))
    assert {**here, "ledger.db": b""} == {**there, "ledger.db": b""}
    assert editions(other.reports("sample") / "ledger.db") == editions(small.reports("sample") / "ledger.db")
    assert {v.words for v in status(other, "sample").values()} == {"fresh"}, "nothing has to be made again"
    assert Exchange(other, s3).pull("sample") == []

    # The other machine gets new data and makes what is stale; the first one takes it over without making anything.
    write_table(other, "permits", "district\n1\n2\n")
    outcomes = build(other, "sample", planned(other, "sample"), jobs=1)
    assert [o.action for o in outcomes] == ["fresh", "built"]
    moved = {each.area: each for each in Exchange(other, s3).push("sample")}
    assert moved["processed/sample"].number == 2
    assert moved["processed/sample"].sent < 200, "only the changed table went"
    monkeypatch.setenv("ANALYSIS_ROOT", str(small.root))
    brought = {each.area: set(each.units) for each in Exchange(small, s3).pull("sample")}
    (page,) = archive.files(other.reports("sample"))
    assert brought == {
        "processed/sample": {"permits"},
        "reports/sample": {"ledger.db", "report 03_permits", f"archive {page}"},
    }, "with the page that was replaced, as it was"
    assert archive.files(small.reports("sample")) == [page]
    assert tree(small.processed("sample")) == tree(other.processed("sample"))
    page = Path("03_permits.html")
    assert (small.reports("sample") / page).read_bytes() == (other.reports("sample") / page).read_bytes()
    assert {v.words for v in status(small, "sample").values()} == {"fresh"}


def test_the_later_fetch_of_a_dataset_counts_on_all_machines(bare: Project, url: str, tmp_path: Path) -> None:
    other = twin(bare, tmp_path / "other")
    fetch(bare, "id\n1\n", "2026-01-01")
    fetch(other, "id\n2\n", "2026-01-02")
    Exchange(other, url).push("live")
    assert [each.units for each in Exchange(bare, url).pull("live")] == [("edition",)]
    assert read_manifest(bare.raw("live", "permits")).retrieved_at.startswith("2026-01-02")
    assert len(list(bare.raw("live", "permits").glob("part-*"))) == 1
    # An older one that comes late changes nothing, and is replaced where it lies.
    third = twin(bare, tmp_path / "third")
    fetch(third, "id\n3\n", "2025-12-31")
    assert Exchange(third, url).push("live") == []
    assert read_manifest(third.raw("live", "permits")).retrieved_at.startswith("2026-01-02")
    fetch(third, "id\n4\n", "2026-01-05", "other")
    assert [each.area for each in Exchange(third, url).push("live")] == ["raw/live/other"]


def test_a_damaged_content_is_named_and_can_be_mended(bare: Project, url: str, tmp_path: Path) -> None:
    fetch(bare, "id\n1\n", "2026-01-01")
    exchange = Exchange(bare, url)
    exchange.push("live")
    part = next(bare.raw("live", "permits").glob("part-*"))
    blob = blob_of(part.read_bytes())
    exchange.bucket._files.pipe_file(exchange.bucket._blob(blob), b"id\n7\n")
    other = twin(bare, tmp_path / "other")
    with pytest.raises(AnalysisError, match=r"holds damaged bytes for .*analysis push --repair"):
        Exchange(other, url).pull("live")
    assert not (other.raw("live", "permits") / "manifest.json").exists(), "nothing half was put in place"
    Exchange(bare, url).push("live", repair=True)
    Exchange(other, url).pull("live")
    assert read_manifest(other.raw("live", "permits")).sha256 == read_manifest(bare.raw("live", "permits")).sha256
    exchange.bucket._files.rm(exchange.bucket._blob(blob))
    with pytest.raises(AnalysisError, match="lacks 1 contents that its lists name"):
        Exchange(twin(bare, tmp_path / "third"), url).pull("live")


PUSH = """
import os, signal, sys
from analysis.project import current_project
from analysis.store.bucket import Bucket
from analysis.store.exchange import Exchange
left = int(sys.argv[2])
def dying(whole):
    def step(*words, **more):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return whole(*words, **more)
    return step
Bucket._sent = dying(Bucket._sent)
Bucket.add_list = dying(Bucket.add_list)
Exchange(current_project(), sys.argv[1]).push("sample")
"""


@pytest.mark.parametrize("kind", ["s3", "file"])
def test_a_push_killed_anywhere_leaves_the_last_list_whole(
    bare: Project, kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = request.getfixturevalue("s3") if kind == "s3" else f"file://{tmp_path / 'shared'}"
    for name in ("a", "b", "c"):
        write_table(bare, name, f"{name}\n1\n")
    Exchange(bare, url).push("sample")
    before = tree(bare.processed("sample"))
    for name in ("a", "b"):
        write_table(bare, name, f"{name}\n2\n")
    for step in (2, 4):  # between two contents, and when only the list is missing
        done = subprocess.run([sys.executable, "-c", PUSH, url, str(step)], check=False, timeout=60)
        assert done.returncode == -signal.SIGKILL
        fresh = twin(bare, tmp_path / f"{kind}-{step}")
        Exchange(fresh, url).pull("sample")
        assert tree(fresh.processed("sample")) == before
    assert [each.sent for each in Exchange(bare, url).push("sample")] == [0], "what had gone is not sent again"
    last = twin(bare, tmp_path / "last")
    Exchange(last, url).pull("sample")
    assert tree(last.processed("sample")) == tree(bare.processed("sample"))


def test_pushes_at_once_lose_nothing(bare: Project, url: str, tmp_path: Path) -> None:
    makers = [twin(bare, tmp_path / f"machine-{number}") for number in range(4)]
    for number, maker in enumerate(makers):
        write_table(maker, f"table_{number}", f"a\n{number}\n")
        Exchange(maker, url)  # drivers are loaded before the threads start
    together = threading.Barrier(len(makers))
    errors: list[BaseException] = []

    def run(maker: Project) -> None:
        together.wait()
        try:
            Exchange(maker, url).push("sample")
        except AnalysisError as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(maker,)) for maker in makers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert Bucket(url).heads() == {"processed/sample": 4}, "each push made one list, none wrote over another"
    Exchange(bare, url).pull("sample")
    assert sorted(p.name for p in bare.processed("sample").glob("*.csv")) == [f"table_{n}.csv" for n in range(4)]


def test_the_slower_of_two_pushes_takes_over_what_the_faster_brought(
    bare: Project, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = twin(bare, tmp_path / "other")
    write_table(bare, "mine", "a\n1\n")
    write_table(other, "theirs", "a\n2\n")
    add, overtaken = Bucket.add_list, []

    def slow(bucket: Bucket, area: str, number: int, content: bytes) -> bool:
        if not overtaken:
            overtaken.append(number)
            Exchange(other, url).push("sample")
        return add(bucket, area, number, content)

    monkeypatch.setattr(Bucket, "add_list", slow)
    done = Exchange(bare, url).push("sample")
    assert [(each.number, each.units) for each in done] == [(2, ("theirs",))]
    assert {p.name for p in bare.processed("sample").glob("*.csv")} == {"mine.csv", "theirs.csv"}


def test_two_machines_keep_every_edition_of_each_others_reports(
    city: Project, s3: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (city.notebooks / "01_permits.ipynb").unlink()
    other = twin(city, tmp_path / "other")
    build(city, "sample", planned(city, "sample"), jobs=1)
    Exchange(city, s3).push("sample")
    notebook = other.notebooks / "02_nothing.ipynb"
    notebook.write_text(notebook.read_text().replace("For whoever asks what there is.", "For whoever asks."))
    monkeypatch.setenv("ANALYSIS_ROOT", str(other.root))
    build(other, "sample", planned(other, "sample"), jobs=1)
    mine = set(editions(city.reports("sample") / "ledger.db"))
    theirs = set(editions(other.reports("sample") / "ledger.db"))
    assert len(mine) == len(theirs) == 1
    assert not mine & theirs
    page = (other.reports("sample") / "02_nothing.html").read_bytes()
    Exchange(other, s3).push("sample")
    assert set(editions(other.reports("sample") / "ledger.db")) == mine | theirs
    assert (other.reports("sample") / "02_nothing.html").read_bytes() == page, "who pushes keeps what it just made"
    monkeypatch.setenv("ANALYSIS_ROOT", str(city.root))
    Exchange(city, s3).pull("sample")
    assert set(editions(city.reports("sample") / "ledger.db")) == mine | theirs
    assert (city.reports("sample") / "02_nothing.html").read_bytes() == page
    assert Exchange(city, s3).push("sample") == [], "both have come to the same state"


def test_the_command_pulls_before_and_pushes_after(bare: Project, s3: str, tmp_path: Path) -> None:
    def analysis(project: Project, *words: str, **environment: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "analysis.cli", *words], capture_output=True, text=True, check=False, timeout=120,
            env={**os.environ, "ANALYSIS_ROOT": str(project.root), **environment},
        )  # fmt: skip
        return done.stdout + done.stderr

    write_table(bare, "a", "a\n1\n")
    assert "set ANALYSIS_STORE" in analysis(bare, "push")
    assert "processed/sample  list 1" in analysis(bare, "push", ANALYSIS_STORE=s3)
    other = twin(bare, tmp_path / "other")
    assert "processed/sample  1 brought: a" in analysis(other, "pull", ANALYSIS_STORE=s3)
    assert "nothing new" in analysis(other, "pull", ANALYSIS_STORE=s3)
    said = analysis(other, "pull", ANALYSIS_STORE="s3://no-such-bucket")
    assert said.startswith("nothing new") or "no-such-bucket" in said
    assert "Traceback" not in said
    said = analysis(other, "push", ANALYSIS_STORE=s3, AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert f"error: {s3} cannot be used" in said
    assert "Traceback" not in said


def test_an_address_that_cannot_be_used_is_refused(bare: Project, tmp_path: Path) -> None:
    for wrong, words in {
        "s3://key:word@bucket": "holds a key",  # pragma: allowlist secret
        "bucket": "write a URL such as s3://bucket/prefix",
        "nosuch://bucket": "ANALYSIS_STORE=nosuch://bucket: Protocol not known",
    }.items():
        with pytest.raises(AnalysisError, match=words):
            Exchange(bare, wrong)


@pytest.mark.parametrize("path", ["../../outside.txt", "/outside.txt"])
def test_a_list_cannot_write_outside_its_folder(bare: Project, url: str, path: str) -> None:
    bucket = Bucket(url)
    bucket.add_list("processed/sample", 1, to_json("processed/sample", {"a": {path: Blob("ab" * 32, 1)}}))
    with pytest.raises(AnalysisError, match="names files outside its folder: nothing was written"):
        Exchange(bare, url).pull("sample")
