"""The same inputs give the same pages, byte for byte, wherever the checkout lies."""

from __future__ import annotations

from pathlib import Path

from sites import build_sample


def pages(checkout: Path) -> dict[str, bytes]:
    """Every published file of the sample, by its name within the reports folder; the ledger alone knows the clock."""
    folder = checkout / "reports" / "sample"
    kept = [*folder.glob("*.html"), *folder.glob("downloads/*")]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(kept)}


def test_two_builds_in_two_folders_are_byte_identical(root: Path, sample_site: Path, tmp_path: Path) -> None:
    first = pages(sample_site)
    second = pages(build_sample(root, tmp_path / "another" / "much longer folder name"))
    assert sorted(first) == sorted(second)
    assert "index.html" in first
    different = [name for name in first if first[name] != second[name]]
    assert different == []


def test_pages_name_no_folder_of_this_machine(sample_site: Path) -> None:
    named = [name for name, content in pages(sample_site).items() if str(sample_site).encode() in content]
    assert named == []
