"""The sample, written once a test run, and its raw parts as they lie on disk."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from analysis.project import Project
from analysis.sample import TRUTH, write_sample
from analysis.sources.manifest import Manifest


@dataclass(frozen=True)
class Sample:
    """A written sample: the project it lies in, its manifests and the truth."""

    project: Project
    manifests: dict[str, Manifest]
    truth: dict[str, Any]

    def parts(self, dataset: str) -> list[bytes]:
        """The bytes of a dataset's parts, in order."""
        folder = self.project.raw("sample", dataset)
        return [(folder / part.name).read_bytes() for part in self.manifests[dataset].parts]

    def table(self, dataset: str) -> list[dict[str, str]]:
        """A delimited file as rows of text."""
        (content,) = self.parts(dataset)
        return list(csv.DictReader(io.StringIO(content.decode())))

    def census(self, dataset: str) -> dict[str, dict[str, str]]:
        """A Census table by tract code of six digits, chunks put together."""
        rows: dict[str, dict[str, str]] = {}
        for content in self.parts(dataset):
            header, *body = json.loads(content)
            for cells in body:
                row = dict(zip(header, cells, strict=True))
                rows.setdefault(row["tract"], {}).update(row)
        return rows

    def features(self, dataset: str) -> list[dict[str, Any]]:
        """The features of a layer, all pages."""
        return [feature for content in self.parts(dataset) for feature in json.loads(content)["features"]]


@pytest.fixture(scope="session")
def empty_project(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Project]:
    """Make a project folder that has the catalogue and no data."""

    def make(name: str) -> Project:
        folder = tmp_path_factory.mktemp(name)
        shutil.copytree(root / "data" / "catalog", folder / "data" / "catalog")
        return Project(folder)

    return make


@pytest.fixture(scope="session")
def sample(refined_sample: Project) -> Sample:
    """The sample that all workers share."""
    manifests = {manifest.dataset: manifest for manifest in write_sample(refined_sample)}
    truth = json.loads((refined_sample.raw("sample") / TRUTH).read_text(encoding="utf-8"))
    return Sample(refined_sample, manifests, truth)
