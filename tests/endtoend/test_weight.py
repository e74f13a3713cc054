"""A page is mailed and opened on phones: it weighs no more than 700 kB, fonts, maps and findings included."""

from __future__ import annotations

from pathlib import Path

MOST = 700_000
"""Bytes of one page."""

MAP = 900_000
"""Bytes of the map of all measures, which carries the data of every paper's maps and is no paper."""


def test_pages_stay_within_their_weight(sample_site: Path) -> None:
    pages = sorted((sample_site / "reports" / "sample").glob("*.html"))
    assert len(pages) >= 14, "six papers in two languages, and the indexes"
    weights = {page.name: page.stat().st_size for page in pages}
    assert {name: size for name, size in weights.items() if size > (MAP if name.startswith("map.") else MOST)} == {}
