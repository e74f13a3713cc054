"""From a raw CSV file to a clean table, groups and counts by area: this project against hand-written rivals.

    python bench/rows.py                      5 million rows, all contenders, three rounds
    python bench/rows.py --rows 1 5 20 --only ours duckdb --rounds 3

Each run is a process of its own; its wall time and the most memory it held come from the
system. Contenders take turns within a round, so that whatever else the machine does falls
on all of them; ratios are medians over rounds of the ratio within a round. Every result is
compared with every other before a figure is printed. Results go to ``bench/ROWS.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent
CONTENDERS = ("ours", "duckdb", "polars", "pyarrow", "pandas")
MILLION = 1_000_000
TEMPLATE = """subject: trial
title: Trial
datasets:
  - id: trial_requests
    title: Synthetic service requests
    description: Rows of no place.
    use_for: Measuring.
    do_not_use_for: Anything else.
    publisher: Nobody
    landing_page: https://sample.invalid/
    licence: Apache-2.0
    steward: Nobody
    sensitivity: public
    cadence: never
    source: {kind: file, address: "https://sample.invalid/rows.csv", format: csv, columns: []}
    key: [srnumber]
    geography: point
    period: {start: "2015", end: "2025"}
    known_dirt: []
"""


@dataclass(frozen=True)
class Run:
    """One process: seconds of wall time and of all processors, and the most memory in megabytes."""

    contender: str
    millions: int
    round: int
    wall: float
    processor: float
    memory: float


def prepare(folder: Path, millions: int) -> None:
    """The CSV file, the areas and a project that holds both as if they had been fetched; made once."""
    import geopandas
    import rows_data

    from analysis.project import Project
    from analysis.refine.storage import parquet_path
    from analysis.sources.manifest import Manifest, Part, edition_digest

    folder.mkdir(parents=True, exist_ok=True)
    csv, areas, root = (folder / name for name in (f"rows-{millions}.csv", "areas.geojson", f"project-{millions}"))
    if (root / "ready").exists():
        return
    shutil.rmtree(root, ignore_errors=True)
    digest = rows_data.write_rows(csv, millions * MILLION)
    rows_data.write_areas(areas)
    project = Project(root)
    shutil.copytree(HERE.parent / "data" / "catalog", project.catalog)
    (project.catalog / "trial.yml").write_text(TEMPLATE, encoding="utf-8")
    raw = project.raw("sample", "trial_requests")
    raw.mkdir(parents=True)
    part = Part(
        f"part-0001-{digest[:8]}.csv", csv.stat().st_size, digest, millions * MILLION, "https://sample.invalid/"
    )
    os.link(csv, raw / part.name)
    manifest = Manifest(
        "trial_requests", "sample", "file", part.address, {}, "2026-01-05T00:00:00Z", 200, None, None, part.rows,
        part.bytes, 1, edition_digest([part]), (part,), rows_data.COLUMNS,
    )  # fmt: skip
    (raw / "manifest.json").write_text(manifest.as_json(), encoding="utf-8")
    shapes = rows_data.areas()
    frame = geopandas.GeoDataFrame(
        {"geoid": [f"{n:011d}" for n in range(len(shapes))], "name": "", "area_km2": 1.0}, geometry=shapes, crs=4326
    )
    path = parquet_path(project, "sample", "tract_shapes")
    path.parent.mkdir(parents=True)
    frame.to_parquet(path)
    (root / "ready").touch()


def measured(contender: str, folder: Path, millions: int, number: int, polars: Path) -> Run | None:
    """Run one contender in a fresh process and read from the system what it took; None where a rival crashed."""
    csv, root = folder / f"rows-{millions}.csv", folder / f"project-{millions}"
    out = folder / f"out-{contender}-{millions}"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    command = [sys.executable, str(HERE / "rows_ours.py"), str(root), str(out)]
    if contender != "ours":
        areas = folder / "areas.geojson"
        command = [sys.executable, str(HERE / "rows_rivals.py"), contender, str(csv), str(areas), str(out)]
    environment = {**os.environ, "PYTHONPATH": str(polars) if contender == "polars" else ""}
    begun = time.perf_counter()
    process = subprocess.Popen(command, env=environment)
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        print(f"{contender} failed with {process.returncode} on {millions} million rows", flush=True)
        if contender == "ours":
            raise SystemExit(1)
        return None
    if contender == "ours":
        shutil.copy(root / "data" / "processed" / "sample" / "trial_requests.parquet", out / "requests.parquet")
    return Run(contender, millions, number, wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def fingerprint(out: Path) -> dict[str, object]:
    """What a contender made, whatever the order of its rows: counts and sums of hashes over the common columns."""
    import duckdb
    from rows_rivals import ORDER

    found: dict[str, object] = {}
    for name, columns in (
        ("requests", ORDER),
        ("daily", ("date", "kind", "requests", "closed", "seconds")),
        ("areas", ("area", "requests")),
    ):
        types = {"date": "TIMESTAMP", "created": "TIMESTAMP", "updated": "TIMESTAMP", "closed": "TIMESTAMP",
                 "latitude": "DOUBLE", "longitude": "DOUBLE"}  # fmt: skip
        if name != "requests":
            types["closed"] = "BIGINT"
        cells = ", ".join(f"hash({column}::{types.get(column, 'VARCHAR')})" for column in columns)
        query = f"SELECT count(*), sum(hash({cells})::HUGEINT) FROM read_parquet('{out / name}.parquet')"
        found[name] = duckdb.sql(query).fetchall()[0]
    return found


def compare(folder: Path, millions: int, contenders: list[str]) -> None:
    """Stop when two contenders made different things."""
    prints = {name: fingerprint(folder / f"out-{name}-{millions}") for name in contenders}
    first = prints[contenders[0]]
    for name, made in prints.items():
        if made != first:
            raise SystemExit(f"{name} made something else than {contenders[0]}: {made} against {first}")
    print(f"{millions} million rows: all results equal: {first}", flush=True)


def table(runs: list[Run]) -> str:
    """Medians by size and contender, and the ratio to ours within each round."""
    lines = ["| rows, millions | contender | wall, s | processor, s | peak memory, MB | times ours (range) |",
             "|---:|---|---:|---:|---:|---:|"]  # fmt: skip
    ours = {(run.millions, run.round): run.wall for run in runs if run.contender == "ours"}
    for millions in sorted({run.millions for run in runs}):
        for name in CONTENDERS:
            here = [run for run in runs if run.millions == millions and run.contender == name]
            if not here:
                continue
            ratios = sorted(run.wall / ours[millions, run.round] for run in here if (millions, run.round) in ours)
            wall, processor, memory = (
                statistics.median(getattr(run, each) for run in here) for each in ("wall", "processor", "memory")
            )
            shown = f"{statistics.median(ratios):.2f} ({ratios[0]:.2f}–{ratios[-1]:.2f})" if ratios else "–"
            lines.append(f"| {millions} | {name} | {wall:.1f} | {processor:.1f} | {memory:,.0f} | {shown} |")
    return "\n".join(lines)


def main() -> None:
    """Measure, compare, write."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--rows", type=int, nargs="+", default=[5], help="millions of rows")
    words.add_argument("--only", nargs="+", choices=CONTENDERS, default=list(CONTENDERS))
    words.add_argument("--rounds", type=int, default=3)
    words.add_argument("--folder", type=Path, default=Path(os.environ.get("TMPDIR", "/tmp")) / "angeleno-rows")
    words.add_argument("--append", action="store_true", help="keep the runs measured before")
    asked = words.parse_args()
    polars = asked.folder / "polars"
    if "polars" in asked.only and not polars.is_dir():
        subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--target", str(polars), "polars"], check=True)
    for millions in asked.rows:
        # In a process of its own: a child's peak memory counts from what its parent held when it was started.
        make = f"import sys, pathlib; sys.path.insert(0, {str(HERE)!r}); import rows; " + (
            f"rows.prepare(pathlib.Path({str(asked.folder)!r}), {millions})"
        )
        subprocess.run([sys.executable, "-c", make], check=True)
    store = asked.folder / "runs.json"
    runs = [Run(**one) for one in json.loads(store.read_text())] if asked.append and store.exists() else []
    crashed: set[tuple[str, int]] = set()
    done = 1 + max((run.round for run in runs), default=-1)
    for number in range(done, done + asked.rounds):
        for millions in asked.rows:
            for name in asked.only:
                run = measured(name, asked.folder, millions, number, polars)
                if run is None:
                    crashed.add((name, millions))
                    continue
                runs.append(run)
                print(f"{run.millions:>3} M  {name:<8} {run.wall:6.2f} s  {run.memory:6.0f} MB", flush=True)
                store.write_text(json.dumps([asdict(each) for each in runs]))
    for millions in asked.rows:
        compare(asked.folder, millions, [name for name in asked.only if (name, millions) not in crashed])
    day = datetime.now(UTC).date().isoformat()
    machine = (
        f"{os.cpu_count()} processors, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    )
    print(f"{day}, {machine}\n\n{table(runs)}")


if __name__ == "__main__":
    main()
