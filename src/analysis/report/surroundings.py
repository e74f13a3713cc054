"""What holds for every report of a build, as content: settings, catalogue, environment, code."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.project import Project
from analysis.report.fingerprint import Mark, Now, all_modules, dataset_hash, environment

SETTINGS = ("cities.yml", "policy.yml", "quality.yml", "style.yml")
"""Files of ``data/catalog`` that can change any result."""

PAGE_SETTINGS = ("datasets.es.yml", "glossary.yml", "references.yml", "terms.es.yml")
"""Files of ``data/catalog`` that change pages only."""


@dataclass(frozen=True)
class Surroundings:
    """The state of the checkout when a build began.

    ``datasets`` has the hash of every catalogue entry by id, ``modules`` the hash of the bytes of every module.
    """

    settings: dict[str, Mark]
    environment: dict[str, str]
    datasets: dict[str, str]
    modules: dict[str, str]


def surroundings(project: Project, now: Now) -> Surroundings:
    """Read the state of the checkout."""
    return Surroundings(
        settings={name: now.mark(project.catalog / name) for name in SETTINGS},
        environment=environment(project),
        datasets=dataset_hashes(project),
        modules=all_modules(now),
    )


def dataset_hashes(project: Project) -> dict[str, str]:
    """The hash of every entry of the catalogue by id, without the place where it is defined."""
    from analysis.catalog import load_catalog

    return {name: dataset_hash(entry) for name, entry in sorted(load_catalog(project).items())}
