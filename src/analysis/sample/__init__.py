"""The sample: an invented city in the publishers' own formats.

Meridia does not exist. Its raw files have the shapes and the dirt of the real ones,
its figures come from a model, and what was planted in them is known, so that every
page can be built without a network and every method can be tested against the truth.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.project import AnalysisError, Project

if TYPE_CHECKING:
    from analysis.sample.wire import Raw
    from analysis.sources.manifest import Manifest

__all__ = ["TRUTH", "generator_version", "is_current", "write_sample"]

TRUTH = "truth.json"
"""Planted effects and dirt counts, beside the datasets; only tests and 'How sure are we' may read it."""
_STAMP = "generator.json"
RETRIEVED_AT = "2026-01-05T00:00:00Z"
"""Date of every sample edition: fixed, or two machines would never agree."""


def write_sample(project: Project) -> list[Manifest]:
    """Write the raw files of the invented city under ``data/raw/sample``; returns the manifests by dataset.

    Takes a few seconds the first time and next to nothing when the files of this
    generator version are there (then only the manifests are read). The same code
    writes the same bytes on every machine.

    A second process that asks meanwhile waits for the first.

    Raises AnalysisError when the files cannot be written.
    """
    folder = project.raw("sample")
    held = _held(folder)
    if held is not None:
        return held
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        # Another process may have made it while this one waited.
        return _held(folder) or _made(folder)


def is_current(project: Project) -> bool:
    """Whether the raw files of this generator version are all there."""
    return _held(project.raw("sample")) is not None


def _made(folder: Path) -> list[Manifest]:
    from analysis.sources.manifest import Edition, NewPart, land

    manifests = []
    datasets = _datasets()
    for raw in datasets:
        address = f"https://sample.invalid/{raw.dataset}"
        edition = Edition(
            dataset=raw.dataset,
            source="sample",
            kind=raw.kind,
            address=address,
            retrieved_at=RETRIEVED_AT,
            parameters=raw.parameters,
            columns=raw.columns,
            rows=raw.rows,
        )
        parts = (NewPart(page.suffix, page.content, address + page.query, page.rows) for page in raw.pages)
        manifests.append(land(folder / raw.dataset, edition, parts))
    _write_truth(folder, datasets, manifests)
    return manifests


def generator_version() -> str:
    """Hash over the source of this package: what decides the bytes of the sample.

    >>> len(generator_version())
    64
    """
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _datasets() -> list[Raw]:
    from analysis.sample import (
        casefiles,
        certificates,
        citations,
        community,
        economy_panel,
        homeless_files,
        hospitals,
        layers,
        merchants,
        policies,
        register,
        requests,
        statistical_areas,
        tables,
    )

    made = [
        *tables.census_tables(),
        *tables.crosswalk_files(),
        layers.tract_layer(),
        layers.district_layer(),
        layers.council_layer_2018(),
        layers.council_layer_2020(),
        casefiles.city_file(),
        casefiles.place_layer(),
        hospitals.surge_file(),
        hospitals.availability_file(),
        hospitals.testing_file(),
        statistical_areas.population_file(),
        statistical_areas.race_file(),
        statistical_areas.poverty_file(),
        statistical_areas.age_file(),
        statistical_areas.crowding_file(),
        statistical_areas.area_file(),
        statistical_areas.tract_file(),
        community.early_table(),
        community.late_table(),
        community.measures_file(),
        policies.policy_file(),
        citations.citation_file(),
        economy_panel.panel_file(),
        certificates.certificate_file(),
        merchants.city_file(),
        merchants.county_file(),
        merchants.vintage_file(),
        merchants.zip_file(),
        merchants.city_ids(),
        merchants.county_ids(),
        register.all_file(),
        register.active_file(),
        *requests.request_tables(),
        homeless_files.count_2015(),
        homeless_files.count_2016(),
        homeless_files.count_2017(),
        homeless_files.city_layer(),
        homeless_files.shelter_layer(),
        homeless_files.request_file(),
    ]
    return sorted(made, key=lambda raw: raw.dataset)


def _held(folder: Path) -> list[Manifest] | None:
    """Manifests of the sample on disk if all of it is there and of this version, else None."""
    from analysis.sources.manifest import read_manifest

    try:
        stamp = json.loads((folder / _STAMP).read_text(encoding="utf-8"))
        manifests = [read_manifest(folder / name, verify=False) for name in sorted(stamp["datasets"])]
        parts = [(folder / m.dataset / part.name, part.bytes) for m in manifests for part in m.parts]
        whole = all(path.stat().st_size == size for path, size in parts) and (folder / TRUTH).is_file()
        same = stamp["version"] == generator_version()
        same = same and all(stamp["datasets"][m.dataset] == m.sha256 for m in manifests)
    except (OSError, ValueError, KeyError, TypeError, AnalysisError):
        # No stamp, or something is damaged: everything is made again.
        return None
    return manifests if same and whole else None


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Wait until no other process makes the sample: notebooks that run side by side all ask for it first."""
    try:
        import fcntl
    except ImportError:  # Windows has no flock; there notebooks run one after the other.
        yield
        return
    # A name of its own: callers may hold the folder's .lock while they wait for this.
    with (folder / ".making").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _write_truth(folder: Path, datasets: list[Raw], manifests: list[Manifest]) -> None:
    from analysis.sample.truth import truth_text

    _replace(folder / TRUTH, truth_text(datasets))
    stamp = {"version": generator_version(), "datasets": {manifest.dataset: manifest.sha256 for manifest in manifests}}
    # Written last: while it is missing or old, the sample counts as not made.
    _replace(folder / _STAMP, json.dumps(stamp, indent=1, sort_keys=True) + "\n")


def _replace(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        temporary.write_text(text, encoding="utf-8", newline="\n")
        temporary.replace(path)
    except OSError as error:
        raise AnalysisError(
            f"data/raw/sample cannot be written ({error.strerror}): make room, then run again"
        ) from None
