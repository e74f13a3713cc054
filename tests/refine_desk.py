"""A project whose raw folders are filled by hand, in the wire formats, with rows of an invented county."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from analysis.catalog import load_catalog
from analysis.project import Project
from analysis.refine.building import refine_tables
from analysis.refine.crosswalk import CROSSWALK, ORIGINALS, PAIRS
from analysis.sample.workbook import workbook
from analysis.sources.manifest import Edition, NewPart, land

ROOT = Path(__file__).resolve().parents[1]
PORTAL = ROOT.parent / "shared" / "portal" / "serve.py"

# Old tracts of the planted crosswalk: one that stays, one that is cut 1 : 3, one that is merged into the larger part,
# one that nobody lives in. The tracts of 2010 have a code of their own where something changed.
OLD = ("99001000100", "99001000200", "99001000300", "99001000400")
NEW = ("99001000100", "99001000201", "99001000202", "99001000400")
# Median income, rent and value of the three old tracts that are lived in.
DOLLARS = ((30000, 40000, 90000), (400, 600, 800), (90000, 150000, 300000))
SHARES = np.array([[1.0, 0, 0, 0], [0, 0.25, 0, 0], [0, 0.75, 1.0, 0], [0, 0, 0, 1.0]])


@dataclass(frozen=True)
class Desk:
    """A project with an empty raw folder, and ways to put invented rows there in the wire formats."""

    project: Project

    def census(self, dataset: str, codes: Sequence[str], values: Mapping[str, Sequence[Any]]) -> None:
        """A Census API answer; variables that are not given are 0 everywhere."""
        source = load_catalog(self.project)[dataset].source
        names = list(source.variables)  # type: ignore[union-attr]
        rows: list[list[Any]] = [["NAME", *names, "state", "county", "tract"]]
        for row, code in enumerate(codes):
            cells = [str(values[name][row]) if name in values else "0" for name in names]
            rows.append([f"Tract {code}", *cells, code[:2], code[2:5], code[5:]])
        self.put(dataset, "census", "json", json.dumps(rows).encode(), len(codes), rows[0])

    def table(self, dataset: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """A CSV file, in the encoding and with the delimiter of the catalogue."""
        source = load_catalog(self.project)[dataset].source
        out = io.StringIO()
        names = list(rows[0])
        writer = csv.DictWriter(out, names, delimiter=source.delimiter, lineterminator="\n")  # type: ignore[union-attr]
        writer.writeheader()
        writer.writerows(rows)
        content = out.getvalue().encode(source.encoding)  # type: ignore[union-attr]
        self.put(dataset, "file", "csv", content, len(rows), names)

    def layer(self, dataset: str, rows: Sequence[Mapping[str, Any]], shapes: Sequence[Any] = ()) -> None:
        """An ArcGIS answer: features with GeoJSON geometry (None for none)."""
        geometry = shapes or [None] * len(rows)
        features = [
            {"type": "Feature", "properties": dict(row), "geometry": shape}
            for row, shape in zip(rows, geometry, strict=True)
        ]
        content = json.dumps({"type": "FeatureCollection", "features": features}).encode()
        self.put(dataset, "arcgis", "geojson", content, len(rows), list(rows[0]))

    def socrata(self, dataset: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """A SODA answer: rows of text, keys without a value left out."""
        named = [{":id": f"row-{number}", **row} for number, row in enumerate(rows)]
        names = list(dict.fromkeys(name for row in named for name in row))
        self.put(dataset, "socrata", "json", json.dumps(named).encode(), len(rows), names)

    def sheet(self, dataset: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """A workbook with the sheet and the columns of the catalogue; what is not given is empty."""
        source: Any = load_catalog(self.project)[dataset].source
        cells = [[row.get(name) for name in source.columns] for row in rows]
        self.put(dataset, "file", "xlsx", workbook(source.sheet, source.columns, cells), len(rows), source.columns)

    def put(self, dataset: str, kind: str, suffix: str, content: bytes, rows: int, columns: Sequence[str]) -> None:
        """Land bytes as the current edition of a dataset."""
        address = f"https://sample.invalid/{dataset}"
        edition = Edition(dataset, "sample", kind, address, "2020-01-01T00:00:00Z", columns=tuple(columns))
        land(self.project.raw("sample", dataset), edition, [NewPart(suffix, content, address, rows)])

    def build(self, *only: str) -> dict[str, str]:
        """Refine some tables of the sample; what happened by table."""
        return {state.name: state.state for state in refine_tables(self.project, "sample", only)}

    def read(self, table: str) -> Any:
        """The rows of a table that was built."""
        from analysis.refine.storage import read_table

        return read_table(self.project, "sample", table)

    def tallies(self, table: str) -> dict[tuple[str, str, str], int]:
        """What the build of a table counted: rows by dataset, action and reason."""
        from analysis.refine.storage import read_meta

        meta = read_meta(self.project, "sample", table)
        assert meta is not None
        return {(one["dataset"], one["action"], one["reason"]): one["rows"] for one in meta["accounting"]}

    def census_tracts(self, seed: int = 0) -> dict[str, dict[str, np.ndarray[Any, Any]]]:
        """All seven datasets of ``tract_periods`` with planted shares; returns the old tracts' values by vintage."""
        draw = np.random.default_rng(seed)
        truth = {}
        for vintage, pairs in PAIRS.items():
            old = {name: draw.integers(50, 2000, len(OLD)) * (np.arange(len(OLD)) < 3) for name in pairs.values()}
            medians = {"1990": ("P080A001", "H043A001", "H061A001"), "2000": ("P053001", "H063001", "H085001")}[vintage]
            for name, dollars in zip(medians, DOLLARS, strict=True):
                old[name] = np.array([*dollars, 0])
            for dataset in ORIGINALS[vintage]:
                self.census(dataset, OLD, {name: values.tolist() for name, values in old.items()})
            self.crosswalk(vintage, old)
            truth[vintage] = old
        self.census("acs5_2018", NEW, {"B19013_001E": [41000, 52000, 250001, -666666666],
                                       "B19013_001M": [900, 1200, -333333333, -222222222],
                                       "B03002_001E": [1000, 400, 2600, 0], "B03002_001M": [90, 60, -555555555, 12],
                                       "B25064_001E": [900, 3501, 99, -666666666],
                                       "B25064_001M": [20, -333333333, -333333333, -222222222],
                                       "B15003_022E": [100, 50, 300, 0], "B15003_023E": [10, 5, 30, 0]})  # fmt: skip
        self.census("acs5_2012", NEW, {"B25064_001E": [850, 2001, 1100, -666666666],
                                       "B25064_001M": [20, -333333333, 30, -222222222]})  # fmt: skip
        return truth

    def crosswalk(self, vintage: str, old: Mapping[str, Any], bent: str = "") -> None:
        """The crosswalk file of a vintage: every column, medians too, as sums of share times value.

        The tract ``bent`` gets figures that no shares explain, as from beyond the county.
        """
        draw = np.random.default_rng(1)
        rows = []
        for position, code in enumerate(NEW):
            row: dict[str, Any] = {"": position, "FIPS": f"{int(code)}.0"}
            row |= {column: float(SHARES[position] @ old[name]) for column, name in PAIRS[vintage].items()}
            if code == bent:
                row |= {column: float(draw.integers(10, 3000)) for column in PAIRS[vintage]}
            ids = sum(int(each) for each, share in zip(OLD, SHARES[position], strict=True) if share)
            tail = {"state": code[:2], "county": code[2:5], "tract": code[5:], "trtid_base": ids}
            rows.append(row | tail | {"trtid90" if vintage == "1990" else "trtid00": f"{ids}.0"})
        rows.append({**rows[0], "FIPS": "99003000100.0"})
        self.table(CROSSWALK[vintage], rows)


def new_desk(folder: Path) -> Desk:
    """A desk over a copy of the catalogue."""
    shutil.copytree(ROOT / "data" / "catalog", folder / "data" / "catalog")
    shutil.copy2(ROOT / "pyproject.toml", folder)
    (folder / "notebooks").mkdir()
    return Desk(Project(folder))


class portal_address:
    """The portal on a free port, for the length of a ``with``."""

    def __enter__(self) -> str:
        self.server = subprocess.Popen([sys.executable, str(PORTAL), "--port", "0"], stdout=subprocess.PIPE, text=True)
        assert self.server.stdout is not None
        return self.server.stdout.readline().split("portal:")[1].strip()

    def __exit__(self, *_: object) -> None:
        self.server.terminate()
        self.server.wait(timeout=10)
