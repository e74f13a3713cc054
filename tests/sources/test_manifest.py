"""Editions land whole or not at all, at whatever moment the process dies."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.project import AnalysisError
from analysis.sources import Edition, NewPart, land, read_manifest
from analysis.sources.manifest import edition_digest, landing

OLD = Edition("births", "sample", "file", "https://sample.invalid/births", "2020-01-01T00:00:00Z")
NEW = Edition("births", "sample", "file", "https://sample.invalid/births", "2021-01-01T00:00:00Z")


def parts(*contents: bytes) -> Iterator[NewPart]:
    for content in contents:
        yield NewPart("csv", content, "https://sample.invalid/births", content.count(b"\n"))


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {".lock"}


def test_an_edition_is_read_as_it_was_landed(tmp_path: Path) -> None:
    manifest = land(tmp_path / "births", OLD, parts(b"a\n1\n", b"a\n2\n3\n"))
    assert (manifest.rows, manifest.bytes, manifest.pages) == (5, 10, 2)
    assert read_manifest(tmp_path / "births") == manifest
    assert files(tmp_path / "births") == {"manifest.json", *(part.name for part in manifest.parts)}


def test_a_new_edition_replaces_the_parts_of_the_old_one(tmp_path: Path) -> None:
    old = land(tmp_path, OLD, parts(b"a\n1\n", b"b\n"))
    new = land(tmp_path, NEW, parts(b"a\n1\n"))
    assert new.retrieved_at == NEW.retrieved_at
    assert files(tmp_path) == {"manifest.json", new.parts[0].name}
    # The same bytes at the same place keep their name: nothing was written twice.
    assert new.parts[0].name == old.parts[0].name


def test_the_same_bytes_keep_the_edition_and_its_date(tmp_path: Path) -> None:
    old = land(tmp_path, OLD, parts(b"a\n1\n"))
    assert land(tmp_path, NEW, parts(b"a\n1\n")) == old
    assert read_manifest(tmp_path).retrieved_at == OLD.retrieved_at


def test_the_same_bytes_of_another_request_are_another_edition(tmp_path: Path) -> None:
    land(tmp_path, OLD, parts(b"a\n1\n"))
    other = Edition(**{**OLD.__dict__, "parameters": {"where": "x = 1"}, "retrieved_at": NEW.retrieved_at})
    assert land(tmp_path, other, parts(b"a\n1\n")).retrieved_at == NEW.retrieved_at


def test_a_failure_between_parts_changes_nothing(tmp_path: Path) -> None:
    old = land(tmp_path, OLD, parts(b"a\n1\n"))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def broken() -> Iterator[NewPart]:
        yield from parts(b"a\n2\n")
        raise RuntimeError("the cable was pulled")

    with pytest.raises(RuntimeError):
        land(tmp_path, NEW, broken())
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert read_manifest(tmp_path) == old


def test_no_part_is_no_edition(tmp_path: Path) -> None:
    with pytest.raises(AnalysisError, match=r"births: .* gave no data"):
        land(tmp_path, OLD, parts())


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (lambda f: next(f.glob("part-*")).write_bytes(b"a\n9\n"), "was altered after it was fetched"),
        (lambda f: next(f.glob("part-*")).unlink(), "is missing"),
        (lambda f: (f / "manifest.json").write_text("{"), "is damaged"),
        (lambda f: (f / "manifest.json").write_text('{"dataset": "births"}'), "keys differ"),
        (lambda f: (f / "manifest.json").unlink(), "no data under"),
    ],
)
def test_damage_is_told_with_what_to_do(tmp_path: Path, harm, message: str) -> None:
    folder = tmp_path / "births"
    land(folder, OLD, parts(b"a\n1\n"))
    harm(folder)
    with pytest.raises(AnalysisError, match=message) as failure:
        read_manifest(folder)
    assert "births" in str(failure.value)
    assert "analysis data births" in str(failure.value)
    assert str(tmp_path) not in str(failure.value)


def test_a_forged_manifest_is_noticed(tmp_path: Path) -> None:
    land(tmp_path, OLD, parts(b"a\n1\n", b"a\n2\n"))
    data = json.loads((tmp_path / "manifest.json").read_text())
    data["parts"].reverse()
    (tmp_path / "manifest.json").write_text(json.dumps(data))
    with pytest.raises(AnalysisError, match="its hash is wrong"):
        read_manifest(tmp_path)


def test_leftovers_of_a_killed_run_are_removed(tmp_path: Path) -> None:
    land(tmp_path, OLD, parts(b"a\n1\n"))
    (tmp_path / "part-0009-deadbeef.csv").write_bytes(b"orphan")
    (tmp_path / ".part-0001-deadbeef.csv.4711.tmp").write_bytes(b"half")
    (tmp_path / "notes.txt").write_text("not ours")
    land(tmp_path, OLD, parts(b"a\n1\n"))
    assert files(tmp_path) == {"manifest.json", read_manifest(tmp_path).parts[0].name, "notes.txt"}


def test_two_processes_do_not_land_the_same_dataset(tmp_path: Path) -> None:
    with landing(tmp_path), pytest.raises(AnalysisError, match="another process"):
        land(tmp_path, OLD, parts(b"a\n1\n"))


def killed_at(step: int, folder: Path) -> bool:
    """Land NEW in a child that dies just before its ``step``-th touch of the disk; False when it got through."""
    child = os.fork()
    if child == 0:
        seen = 0

        def count(function):
            def counted(*args, **kwargs):
                nonlocal seen
                seen += 1
                if seen == step:
                    os.kill(os.getpid(), signal.SIGKILL)
                return function(*args, **kwargs)

            return counted

        try:
            os.fsync, Path.replace, Path.unlink = count(os.fsync), count(Path.replace), count(Path.unlink)
            land(folder, NEW, parts(b"a\n2\n", b"a\n3\n"))
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def test_killed_at_every_touch_of_the_disk(tmp_path: Path) -> None:
    contents = {OLD.retrieved_at: b"a\n1\n", NEW.retrieved_at: b"a\n2\na\n3\n"}
    seen = set()
    for step in range(1, 100):
        folder = tmp_path / str(step)
        land(folder, OLD, parts(b"a\n1\n"))
        died = killed_at(step, folder)
        now = read_manifest(folder)
        assert b"".join((folder / part.name).read_bytes() for part in now.parts) == contents[now.retrieved_at]
        seen.add(now.retrieved_at)
        again = land(folder, NEW, parts(b"a\n2\n", b"a\n3\n"))
        assert again.parts == tuple(read_manifest(folder).parts)
        assert files(folder) == {"manifest.json", *(part.name for part in again.parts)}
        if not died:
            break
    assert seen == {OLD.retrieved_at, NEW.retrieved_at}
    assert step > 8, "the child died too seldom for this test to mean anything"


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.binary(max_size=50), min_size=1, max_size=4), st.lists(st.binary(max_size=50), min_size=1, max_size=4)
)
def test_editions_are_equal_only_if_their_parts_are(tmp_path_factory, first: list[bytes], second: list[bytes]) -> None:
    folder = tmp_path_factory.mktemp("edition")
    one = land(folder, OLD, parts(*first))
    two = land(folder, NEW, parts(*second))
    assert (one.sha256 == two.sha256) == (first == second)
    assert edition_digest(two.parts) == two.sha256
    assert [(folder / part.name).read_bytes() for part in two.parts] == second
