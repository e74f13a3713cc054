"""The same notebook for a district: its page speaks of that district alone, also where nothing is named."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from sites import analysis


@pytest.fixture
def site(sample_site: Path, tmp_path: Path) -> Path:
    """A built site of this test's own: what it issues stays out of the one that is shared."""
    return Path(shutil.copytree(sample_site, tmp_path / "site"))


def test_district_12_shows_no_data_of_district_2(site: Path) -> None:
    done = analysis(site, "report", "01", "--source", "sample", "-p", "area=cd-12")
    assert done.returncode == 0, done.stdout + done.stderr
    page = (site / "reports" / "sample" / "01_neighborhood_change--cd-12.html").read_text()
    assert "Council District 12" in page
    assert not re.search(r"Council District (?!12\b)\d", page)


def test_an_unknown_area_stops_with_the_known_ones(site: Path) -> None:
    done = analysis(site, "report", "01", "--source", "sample", "-p", "area=cd-99")
    assert done.returncode == 1
    assert "there is no area 'cd-99'" in done.stdout + done.stderr
    assert not (site / "reports" / "sample" / "01_neighborhood_change--cd-99.html").exists()


def test_a_misspelt_parameter_stops_with_the_right_one(site: Path) -> None:
    done = analysis(site, "report", "01", "--source", "sample", "-p", "aria=city")
    assert done.returncode == 1
    assert "area" in done.stdout + done.stderr
