"""The shape of a catalogue entry.

Plain frozen dataclasses: whoever reads the catalogue gets checked values and no
YAML. ``kind`` of a source decides which connector fetches it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from analysis.project import AnalysisError

SENSITIVITIES = ("public", "internal", "restricted")
CADENCES = ("hourly", "daily", "weekly", "monthly", "quarterly", "yearly", "ten-yearly", "irregular", "never")
FORMATS = ("csv", "tsv", "xlsx", "zip", "geojson", "json")


@dataclass(frozen=True)
class CensusSource:
    """A table of the Census API: variables over one geography."""

    kind: ClassVar[str] = "census"
    address: str
    geography_for: str
    geography_in: str
    variables: Mapping[str, str]


@dataclass(frozen=True)
class SocrataSource:
    """A dataset of a Socrata portal, by its SODA 2.1 resource address."""

    kind: ClassVar[str] = "socrata"
    address: str
    select: str | None = None
    where: str | None = None


@dataclass(frozen=True)
class ArcgisSource:
    """A layer or table of an ArcGIS feature service."""

    kind: ClassVar[str] = "arcgis"
    address: str
    geometry: bool
    where: str = "1=1"
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class FileSource:
    """A file at an address.

    ``columns`` are its headings, all of them, so that a heading renamed by the
    publisher stops the fetch; their order does not matter, ``""`` is a column
    without a heading. ``more_columns`` is a pattern for headings that come and go
    (a table with one column a day). ``header_row`` counts from 1.
    """

    kind: ClassVar[str] = "file"
    address: str
    format: str
    encoding: str = "utf-8"
    delimiter: str = ","
    sheet: str | None = None
    member: str | None = None
    header_row: int = 1
    columns: tuple[str, ...] = ()
    more_columns: str | None = None


@dataclass(frozen=True)
class DatabaseSource:
    """One read-only query on a database whose address is in an environment variable."""

    kind: ClassVar[str] = "database"
    url_variable: str
    query: str
    chunk_rows: int = 50_000

    @property
    def address(self) -> str:
        """The name of the variable, never its value: the value holds a password.

        >>> DatabaseSource("PERMITS_URL", "select 1").address
        'database:PERMITS_URL'
        """
        return f"database:{self.url_variable}"


Source = CensusSource | SocrataSource | ArcgisSource | FileSource | DatabaseSource


@dataclass(frozen=True)
class Period:
    """The time a dataset speaks of, as ISO dates or parts of them; ``end`` None is still growing.

    >>> str(Period("2020-05-01", "2023-11-30")), str(Period("2018", "2018")), str(Period("2016", None))
    ('2020-05-01 to 2023-11-30', '2018', '2016 onwards')
    """

    start: str
    end: str | None = None

    def __str__(self) -> str:
        if self.end is None:
            return f"{self.start} onwards"
        return self.start if self.start == self.end else f"{self.start} to {self.end}"


@dataclass(frozen=True)
class Dataset:
    """One entry of the catalogue.

    ``key`` names the raw columns that should identify a row (empty when nothing
    does), ``sensitivity`` says who may see rows, ``defined_at`` is ``file:line``.
    ``optional_reason`` says why the project goes on without the dataset where it
    cannot be fetched; without it a fetch that fails is an error.
    """

    id: str
    subject: str
    title: str
    description: str
    use_for: str
    do_not_use_for: str
    publisher: str
    landing_page: str
    licence: str
    steward: str
    sensitivity: str
    sensitivity_reason: str | None
    cadence: str
    optional_reason: str | None
    source: Source
    key: tuple[str, ...]
    geography: str
    vintage: str | None
    period: Period
    known_dirt: tuple[str, ...]
    defined_at: str

    @property
    def optional(self) -> bool:
        """Whether the project goes on without it."""
        return self.optional_reason is not None


@dataclass(frozen=True)
class Subject:
    """One file of the catalogue: a field of knowledge and its datasets, in file order."""

    id: str
    title: str
    datasets: tuple[str, ...]
    defined_at: str


@dataclass(frozen=True)
class Catalog(Mapping[str, Dataset]):
    """All entries by id, sorted by subject and place in the file.

    >>> Catalog({}, {})["rents"]
    Traceback (most recent call last):
    analysis.project.AnalysisError: no dataset 'rents' in data/catalog: the catalogue is empty
    """

    datasets: Mapping[str, Dataset]
    subjects: Mapping[str, Subject] = field(default_factory=dict)

    def __getitem__(self, key: str) -> Dataset:
        try:
            return self.datasets[key]
        except KeyError:
            raise AnalysisError(f"no dataset {key!r} in data/catalog: {self._advice(key)}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self.datasets)

    def __len__(self) -> int:
        return len(self.datasets)

    def __contains__(self, key: object) -> bool:
        # Mapping would ask __getitem__ and wait for a KeyError, which we do not raise.
        return key in self.datasets

    def _advice(self, key: str) -> str:
        if not self.datasets:
            return "the catalogue is empty"
        near = difflib.get_close_matches(key, self.datasets, n=3)
        return f"did you mean {' or '.join(near)}?" if near else f"known are {', '.join(sorted(self.datasets))}"
