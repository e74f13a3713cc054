"""Pages name no folder of the machine; that they are the same everywhere is tested where notebooks are executed."""

from __future__ import annotations

from pathlib import Path


def test_pages_name_no_folder_of_this_machine(sample_site: Path) -> None:
    folder = sample_site / "reports" / "sample"
    files = [*folder.rglob("*.html"), *folder.glob("downloads/*")]
    assert len(files) > 20
    assert [file.name for file in files if str(sample_site).encode() in file.read_bytes()] == []
