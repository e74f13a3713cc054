"""Writing the sample: the same bytes everywhere, made once, mended when damaged."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import analysis.sample
from analysis.project import Project
from analysis.sample import TRUTH, generator_version, layers, write_sample

CONTRACT = {
    "sf3_1990", "sf1_2000", "sf3_2000", "sf1_2010", "acs5_2012", "acs5_2018", "acs5_2020", "crosswalk_1990_2010",
    "crosswalk_2000_2010", "tract_shapes_2010", "council_districts_2012", "neighborhood_councils_2018",
    "neighborhood_councils_2020", "covid_city_cases", "covid_testing", "covid_hospital_surge",
    "covid_hospital_availability", "covid_neighborhoods", "covid_place_population", "csa_race", "csa_poverty",
    "csa_age_65", "csa_crowded", "csa_area", "csa_tract_crosswalk", "policy_events",
    "covid_community_table_early", "covid_community_table_late", "policy_milestones_state",
    "businesses_all", "businesses_active", "certificates_of_occupancy", "city_ids", "county_ids", "covid_citations",
    "economy_panel", "small_business_city", "small_business_city_daily_2020", "small_business_county",
    "small_business_zip",
    "service_requests_2017", "service_requests_2018", "service_requests_2020",
    "homeless_count_2015", "homeless_count_2016", "homeless_count_2017", "homeless_count_2017_city_tracts",
    "homeless_shelters", "encampment_requests",
}  # fmt: skip
WRITE = "import sys; from pathlib import Path; from analysis.project import Project; \
from analysis.sample import write_sample; write_sample(Project(Path(sys.argv[1])))"


def _digests(folder: Path) -> dict[str, str]:
    files = [path for path in folder.rglob("*") if path.is_file() and path.name not in (".lock", ".making")]
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_it_has_every_dataset_of_the_first_notebooks(sample):
    assert set(sample.manifests) == CONTRACT
    assert set(sample.truth["dirt"]) == CONTRACT


def test_every_dataset_is_in_the_catalogue(sample, root):
    from analysis.catalog import load_catalog

    catalogue = load_catalog(Project(root))
    for name, manifest in sample.manifests.items():
        assert catalogue[name].source.kind == manifest.kind, name


def test_two_processes_at_once_write_the_bytes_of_everywhere(sample, empty_project):
    other = empty_project("elsewhere-with-a-longer-name")
    # Without the vector units that numpy found here, its sines and sums differ in their last bits, as elsewhere.
    older = {"NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL", "OPENBLAS_CORETYPE": "Nehalem"}
    environment = {**os.environ, **older, "PYTHONHASHSEED": "4711", "TZ": "Asia/Tokyo", "LC_ALL": "C"}
    running = [
        subprocess.Popen([sys.executable, "-c", WRITE, str(other.root)], stderr=subprocess.PIPE, env=environment)
        for _ in range(2)
    ]
    assert [(process.communicate(timeout=300)[1], process.returncode) for process in running] == [(b"", 0)] * 2
    ours, theirs = _digests(sample.project.raw("sample")), _digests(other.raw("sample"))
    assert ours.keys() == theirs.keys()
    assert [name for name in ours if ours[name] != theirs[name]] == []


def test_nothing_says_when_or_where_it_was_made(sample):
    for name, manifest in sample.manifests.items():
        assert (manifest.retrieved_at, manifest.source) == ("2026-01-05T00:00:00Z", "sample"), name
        assert manifest.address == f"https://sample.invalid/{name}"
    everything = b"".join(path.read_bytes() for path in sample.project.raw("sample").rglob("*.json"))
    assert str(sample.project.root).encode() not in everything
    assert os.fsencode(Path.home()) + b"/" not in everything


def test_a_second_call_makes_nothing(sample, monkeypatch):
    monkeypatch.setattr(analysis.sample, "_datasets", lambda: pytest.fail("made again"))
    assert write_sample(sample.project) == [sample.manifests[name] for name in sorted(sample.manifests)]


def test_importing_the_package_loads_no_heavy_library():
    heavy = "numpy pandas scipy shapely geopandas"
    code = f"import sys, analysis.sample; print([m for m in {heavy.split()} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert out.stdout.strip() == "[]"


@pytest.fixture(scope="module")
def first_dataset():
    """One dataset is enough to see whether it is made again."""
    return layers.district_layer()


@pytest.mark.parametrize("damage", ["part", "manifest", "truth", "stamp", "version"])
def test_what_is_damaged_or_old_is_made_again(empty_project, monkeypatch, first_dataset, damage):
    made = []
    monkeypatch.setattr(analysis.sample, "_datasets", lambda: made.append(1) or [first_dataset])
    project = empty_project(f"damaged-{damage}")
    folder = project.raw("sample")
    write_sample(project)
    before = _digests(folder)
    dataset = next(path for path in sorted(folder.iterdir()) if path.is_dir())
    if damage == "part":
        next(dataset.glob("part-*")).write_bytes(b"cut short")
    elif damage == "manifest":
        (dataset / "manifest.json").write_text("{", encoding="utf-8")
    elif damage == "truth":
        (folder / TRUTH).unlink()
    elif damage == "stamp":
        (folder / "generator.json").write_text(json.dumps({"version": generator_version()}), encoding="utf-8")
    else:
        monkeypatch.setattr(analysis.sample, "generator_version", lambda: "another")
    write_sample(project)
    assert len(made) == 2
    if damage != "version":
        assert _digests(folder) == before
    write_sample(project)
    assert len(made) == 2


def test_the_size_on_disk_is_modest(sample):
    # The register of 40,000 locations, and the panel that is one uncompressed sheet, have limits of their own.
    large = {"businesses_all": 18e6, "businesses_active": 4e6, "economy_panel": 9e6}
    # So have the street counts (two workbooks of one uncompressed sheet) and three editions of requests for services.
    large |= {"homeless_count_2016": 1.5e6, "homeless_count_2017": 1.5e6}
    large |= {f"service_requests_{year}": 2e6 for year in (2017, 2018, 2020)}
    for dataset, most in large.items():
        assert sample.manifests[dataset].bytes < most, dataset
    rest = sum(manifest.bytes for dataset, manifest in sample.manifests.items() if dataset not in large)
    assert rest < 15e6
    assert sample.manifests["tract_shapes_2010"].bytes < 1.5e6


def test_it_can_be_made_while_the_caller_holds_the_folder(empty_project):
    project = empty_project("held")
    code = f"""
import faulthandler, sys
from pathlib import Path
from analysis.project import Project
from analysis.refine.holding import held
from analysis import sample
from analysis.sample import layers
sample._datasets = lambda: [layers.district_layer()]  # one is enough to see whether it waits for itself
faulthandler.dump_traceback_later(120, exit=True)
with held(Path({str(project.raw("sample"))!r})):
    print(len(sample.write_sample(Project(Path({str(project.root)!r})))))
"""
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "1"
