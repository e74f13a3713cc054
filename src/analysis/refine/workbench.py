"""What a table is built with: its raw inputs, other tables, the city, and the tally of what was left out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.catalog import Catalog, City, city, load_catalog
from analysis.project import AnalysisError, Project
from analysis.provenance import Tally
from analysis.refine.contracts import Table
from analysis.refine.parsing import require
from analysis.sources.manifest import Manifest, read_manifest
from analysis.sources.reading import read_raw

ACTIONS = ("dropped", "changed", "flagged", "kept")
TOPICS = ("", "outside", "repeat", "revision", "missing", "replaced")
EXAMPLES = 5


@dataclass
class Shelf:
    """The raw datasets and the catalogue of one source, each read once."""

    project: Project
    source: str
    _raw: dict[str, Any] = field(default_factory=dict)
    _manifests: dict[str, Manifest] = field(default_factory=dict)

    @cached_property
    def catalog(self) -> Catalog:
        """Every dataset the project knows."""
        return load_catalog(self.project)

    @cached_property
    def city(self) -> City:
        """The city this source speaks of."""
        return city(self.project, self.source)

    def manifest(self, dataset: str, verify: bool = False) -> Manifest:
        """The manifest of a raw dataset; ``verify`` compares every byte with it."""
        if dataset not in self._manifests or verify:
            self._manifests[dataset] = read_manifest(self.project.raw(self.source, dataset), verify=verify)
        return self._manifests[dataset]

    def raw(self, dataset: str) -> Any:
        """A raw dataset as text, as a copy that may be changed."""
        if dataset not in self._raw:
            manifest = self.manifest(dataset, verify=True)
            folder = self.project.raw(self.source, dataset)
            self._raw[dataset] = read_raw(self.catalog[dataset], manifest, folder)
        return self._raw[dataset].copy()


@dataclass
class Workbench:
    """The inputs of one table and the tally of its build.

    Only declared inputs can be read: an undeclared one would never make the table stale.
    """

    table: Table
    shelf: Shelf
    tallies: list[Tally] = field(default_factory=list)

    @property
    def city(self) -> City:
        """The city this source speaks of."""
        return self.shelf.city

    def raw(self, dataset: str, columns: Sequence[str] = ()) -> Any:
        """A raw dataset as a frame of text that has at least these columns.

        Raises AnalysisError when it was not fetched, is damaged, or lacks a column.
        """
        self._declared(dataset, self.table.inputs)
        frame = self.shelf.raw(dataset)
        require(frame, dataset, columns)
        return frame

    def verified(self, dataset: str) -> Manifest:
        """The manifest of a raw dataset that is read piece by piece, after every byte was compared with it.

        Raises AnalysisError when it was not fetched or is damaged.
        """
        self._declared(dataset, self.table.inputs)
        return self.shelf.manifest(dataset, verify=True)

    def refined(self, name: str) -> Any:
        """Another refined table."""
        from analysis.refine.storage import read_table

        self._declared(name, self.table.tables)
        return read_table(self.shelf.project, self.shelf.source, name)

    def refined_file(self, name: str) -> Path:
        """The Parquet file of another refined table, for one that is too large to be a frame."""
        from analysis.refine.storage import parquet_path

        self._declared(name, self.table.tables)
        return parquet_path(self.shelf.project, self.shelf.source, name)

    def file(self, name: str) -> Path:
        """A catalogue file with typed figures."""
        self._declared(name, self.table.files)
        return self.shelf.project.catalog / name

    def tally(self, dataset: str, action: str, reason: str, keys: Iterable[object], topic: str = "") -> None:
        """Count rows that were dropped, changed, flagged or kept; nothing is noted for none.

        ``keys`` name the rows (codes, places, dates), never people; the first five are kept
        as examples. ``topic`` is what the grade of the dataset should make of it.
        """
        names = [key.date().isoformat() if isinstance(key, pd.Timestamp) else str(key) for key in keys]
        self.count(dataset, action, reason, len(names), names, topic)

    def count(
        self, dataset: str, action: str, reason: str, rows: int, examples: Iterable[object], topic: str = ""
    ) -> None:
        """Count rows that nobody can list: their number and the keys of the first; nothing is noted for none."""
        if action not in ACTIONS:
            raise AnalysisError(f"{self.table.name}: unknown action {action!r}: use one of {', '.join(ACTIONS)}")
        if topic not in TOPICS:
            raise AnalysisError(f"{self.table.name}: unknown topic {topic!r}: use one of {', '.join(TOPICS)}")
        if rows:
            names = dict.fromkeys(str(each) for each in examples)
            self.tallies.append(Tally(dataset, action, reason, rows, tuple(names)[:EXAMPLES], topic))

    def _declared(self, name: str, among: Sequence[str]) -> None:
        if name not in among:
            raise AnalysisError(
                f"table {self.table.name}: {name!r} is read but not declared: add it to the table's declaration"
            )
