"""The same job written by hand for each library, in a process of its own: ``python rows_rivals.py NAME CSV AREAS OUT``.

Each is written as someone who knows the library would for this one job: lazily or in many
threads where it can, repeated keys settled only among the rows that repeat, the areas
prepared, points tested in two threads with the interpreter's lock released. Compression is
zstd at its lowest level for all. No checks, no accounting, no hashes.

The job: keep rows with a number and a readable time of creation; of a number that repeats
the row changed last (a missing time is the earliest; of equals the first); a closing before
the creation, a point at (0, 0), a blank are missing; a missing kind is 'Not stated'. Write
Parquet, requests by day and kind, requests by area.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import shapely

THREADS = len(os.sched_getaffinity(0))
FORM = "%Y-%m-%dT%H:%M:%S.000"
TEXTS = {"requesttype": "kind", "status": "status", "requestsource": "source", "owner": "owner", "zipcode": "zip"}
TIMES = {"createddate": "created", "updateddate": "updated", "closeddate": "closed"}
READ = ("srnumber", *TIMES, *TEXTS, "latitude", "longitude")
ORDER = ("request_id", "created", "updated", "closed", "kind", "status", "source", "owner", "zip", "latitude",
         "longitude")  # fmt: skip


def count_by_area(path: Path, x: Any, y: Any) -> tuple[Any, Any]:
    """Areas and how many of the points lie in each; several threads, prepared shapes, boxes first."""
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    shapes = np.array([shapely.geometry.shape(feature["geometry"]) for feature in features])
    tree = shapely.STRtree(shapes)
    tree.query(shapes[0])  # it finishes itself at its first question
    packed, own = shapely.to_wkb(shapes), threading.local()

    def prepare() -> None:
        """Prepared shapes are not made for threads (libgeos issue 825): each has its own."""
        own.shapes = shapely.from_wkb(packed)
        shapely.prepare(own.shapes)

    known = np.isfinite(x) & np.isfinite(y)
    x, y = x[known], y[known]

    def piece(start: int) -> Any:
        here, there = x[start : start + 250_000], y[start : start + 250_000]
        point, area = tree.query(shapely.points(here, there))
        inside = shapely.intersects_xy(own.shapes[area], here[point], there[point])
        first = np.full(len(here), len(shapes))
        np.minimum.at(first, point[inside], area[inside])
        return np.bincount(first, minlength=len(shapes) + 1)

    with ThreadPoolExecutor(THREADS, initializer=prepare) as pool:
        counts = sum(pool.map(piece, range(0, len(x), 250_000)))[:-1]
    names = np.array([f"{feature['properties']['area']:011d}" for feature in features])
    return names[counts > 0], counts[counts > 0]


def with_pandas(csv: Path, areas: Path, out: Path) -> None:
    """pandas on Arrow strings, read by Arrow's threads."""
    import pandas as pd

    raw = pd.read_csv(csv, usecols=list(READ), dtype="str", engine="pyarrow", keep_default_na=False, na_values=[""])
    text = {name: raw.pop(name).str.strip() for name in ("srnumber", *TEXTS)}
    frame = pd.DataFrame({"request_id": text["srnumber"]})
    for name, ours in TIMES.items():
        frame[ours] = pd.to_datetime(raw.pop(name), format=FORM, errors="coerce").astype("datetime64[us]")
    for name, ours in TEXTS.items():
        frame[ours] = text[name].astype("category")
    frame["latitude"] = pd.to_numeric(raw.pop("latitude"), errors="coerce")
    frame["longitude"] = pd.to_numeric(raw.pop("longitude"), errors="coerce")
    frame = frame[frame["request_id"].notna() & frame["created"].notna()]
    again = frame["request_id"].duplicated(keep=False)
    best = frame.loc[again, ["request_id", "updated"]].sort_values("updated", ascending=False, kind="stable")
    losers = best.index[best["request_id"].duplicated()]
    frame = frame.drop(losers)
    frame["closed"] = frame["closed"].where(frame["closed"] >= frame["created"])
    zero = (frame["latitude"].abs() + frame["longitude"].abs() > 0) | frame["latitude"].isna()
    frame.loc[~zero, ["latitude", "longitude"]] = np.nan
    frame["kind"] = frame["kind"].cat.add_categories("Not stated").fillna("Not stated")
    frame[list(ORDER)].to_parquet(out / "requests.parquet", index=False, compression="zstd")
    took = (frame["closed"] - frame["created"]).dt.total_seconds()
    grouped = frame.assign(date=frame["created"].dt.floor("D"), took=took).groupby(["date", "kind"], observed=True)
    daily = grouped["took"].agg(requests="size", closed="count", seconds="sum").reset_index()
    daily.astype({"kind": "str", "seconds": "int64"}).to_parquet(out / "daily.parquet", index=False)
    names, counts = count_by_area(areas, frame["longitude"].to_numpy(), frame["latitude"].to_numpy())
    pd.DataFrame({"area": names, "requests": counts}).to_parquet(out / "areas.parquet", index=False)


def with_polars(csv: Path, areas: Path, out: Path) -> None:
    """polars, lazily, on its streaming engine."""
    import polars as pl

    blank = {name: pl.col(name).str.strip_chars() for name in ("srnumber", *TEXTS)}
    times = {ours: pl.col(name).str.to_datetime(FORM, time_unit="us", strict=False) for name, ours in TIMES.items()}
    number = {name: pl.col(name).cast(pl.Float64, strict=False) for name in ("latitude", "longitude")}
    point = (number["latitude"].abs() + number["longitude"].abs()) > 0
    rows = (
        pl.scan_csv(csv, infer_schema=False)
        .select(
            blank["srnumber"].alias("request_id"),
            times["created"].alias("created"),
            times["updated"].alias("updated"),
            pl.when(times["closed"] >= times["created"]).then(times["closed"]).alias("closed"),
            blank["requesttype"].fill_null("Not stated").alias("kind"),
            *(blank[name].alias(ours) for name, ours in TEXTS.items() if ours != "kind"),
            *(pl.when(point).then(value).alias(name) for name, value in number.items()),
        )
        .filter(pl.col("request_id").is_not_null() & pl.col("created").is_not_null())
        .collect(engine="streaming")
    )
    again = rows["request_id"].is_duplicated()
    best = rows.filter(again).sort("updated", descending=True, nulls_last=True, maintain_order=True)
    rows = pl.concat([rows.filter(~again), best.unique("request_id", keep="first")])
    rows.write_parquet(out / "requests.parquet", compression="zstd", compression_level=1)
    took = (pl.col("closed") - pl.col("created")).dt.total_seconds()
    daily = rows.lazy().group_by(pl.col("created").dt.truncate("1d").alias("date"), "kind")
    daily.agg(
        requests=pl.len().cast(pl.Int64), closed=pl.col("closed").count().cast(pl.Int64), seconds=took.sum()
    ).collect(engine="streaming").write_parquet(out / "daily.parquet")
    x, y = (rows[name].fill_null(float("nan")).to_numpy() for name in ("longitude", "latitude"))
    names, counts = count_by_area(areas, x, y)
    pl.DataFrame({"area": names, "requests": counts}).write_parquet(out / "areas.parquet")


def with_pyarrow(csv: Path, areas: Path, out: Path) -> None:
    """pyarrow's reader and compute functions, all threads."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.csv
    import pyarrow.parquet as pq

    kinds = {name: pa.string() for name in READ}
    options = pa.csv.ConvertOptions(
        include_columns=list(READ), column_types=kinds, strings_can_be_null=True, null_values=[""]
    )
    raw = pa.csv.read_csv(csv, convert_options=options, read_options=pa.csv.ReadOptions(block_size=8 << 20))
    form = r"^\d{4}-\d\d-\d\dT"
    columns: dict[str, Any] = {"request_id": pc.utf8_trim_whitespace(raw["srnumber"])}
    for name, ours in TIMES.items():
        plausible = pc.if_else(
            pc.match_substring_regex(raw[name], form), pc.utf8_slice_codeunits(raw[name], 0, 19), None
        )
        moment = pc.strptime(plausible, format="%Y-%m-%dT%H:%M:%S", unit="us", error_is_null=True)
        # A day that does not exist rolls over into the next month.
        real = pc.equal(pc.day(moment), pc.utf8_slice_codeunits(plausible, 8, 10).cast(pa.int64()))
        columns[ours] = pc.if_else(real, moment, None)
    columns["closed"] = pc.if_else(pc.greater_equal(columns["closed"], columns["created"]), columns["closed"], None)
    for name, ours in TEXTS.items():
        columns[ours] = pc.utf8_trim_whitespace(raw[name])
    columns["kind"] = pc.fill_null(columns["kind"], "Not stated")
    values = {name: raw[name].cast(pa.float64()) for name in ("latitude", "longitude")}
    point = pc.greater(pc.add(pc.abs(values["latitude"]), pc.abs(values["longitude"])), 0)
    columns |= {name: pc.if_else(point, value, None) for name, value in values.items()}
    del raw
    rows = pa.table({name: columns[name] for name in ORDER})
    rows = rows.filter(pc.and_(pc.is_valid(rows["request_id"]), pc.is_valid(rows["created"])))
    counted = rows.select(["request_id"]).group_by("request_id").aggregate([([], "count_all")])
    twice = counted.filter(pc.greater(counted["count_all"], 1))["request_id"]
    again = pc.is_in(rows["request_id"], twice.combine_chunks())
    suspects = rows.filter(again).append_column("place", pa.array(range(pc.sum(again).as_py())))
    best = suspects.sort_by([("request_id", "ascending"), ("updated", "descending"), ("place", "ascending")])
    ids = best["request_id"].combine_chunks()
    first = (
        pa.concat_arrays([pa.array([True]), pc.not_equal(ids[1:], ids[:-1])]) if len(ids) else pa.array([], pa.bool_())
    )
    rows = pa.concat_tables([rows.filter(pc.invert(again)), best.filter(first).drop_columns("place")])
    coded = ["kind", "status", "source", "owner", "zip"]
    pq.write_table(rows, out / "requests.parquet", compression="zstd", use_dictionary=coded)
    seconds = pc.divide(pc.subtract(rows["closed"].cast(pa.int64()), rows["created"].cast(pa.int64())), 1_000_000)
    day = pc.floor_temporal(rows["created"], unit="day")
    daily = pa.table({"date": day, "kind": rows["kind"], "took": seconds}).group_by(["date", "kind"])
    daily = daily.aggregate([([], "count_all"), ("took", "count"), ("took", "sum")])
    daily = daily.rename_columns(["date", "kind", "requests", "closed", "seconds"])
    pq.write_table(daily.set_column(4, "seconds", pc.fill_null(daily["seconds"], 0)), out / "daily.parquet")
    names, counts = count_by_area(areas, rows["longitude"].to_numpy(), rows["latitude"].to_numpy())
    pq.write_table(pa.table({"area": names, "requests": counts}), out / "areas.parquet")


def with_duckdb(csv: Path, areas: Path, out: Path) -> None:
    """DuckDB in SQL, with its default memory and all threads."""
    import duckdb
    import pyarrow as pa
    import pyarrow.parquet as pq

    connection = duckdb.connect()
    kinds = ", ".join(f"'{name}': 'VARCHAR'" for name in csv.open().readline().strip().split(","))
    times = {ours: f"try_strptime({name}, '{FORM}')" for name, ours in TIMES.items()}
    latitude, longitude = (f"try_cast(trim({name}) AS DOUBLE)" for name in ("latitude", "longitude"))
    point = f"abs({latitude}) + abs({longitude}) > 0"
    connection.execute(f"""
        CREATE TEMP TABLE requests AS
        SELECT trim(srnumber) AS request_id, {times["created"]} AS created, {times["updated"]} AS updated,
               CASE WHEN {times["closed"]} >= {times["created"]} THEN {times["closed"]} END AS closed,
               coalesce(trim(requesttype), 'Not stated') AS kind, trim(status) AS status, trim(requestsource) AS source,
               trim(owner) AS owner, trim(zipcode) AS zip,
               CASE WHEN {point} THEN {latitude} END AS latitude, CASE WHEN {point} THEN {longitude} END AS longitude
        FROM read_csv('{csv}', columns = {{{kinds}}}, header = true, auto_detect = false, delim = ',', quote = '"')
        WHERE srnumber IS NOT NULL AND {times["created"]} IS NOT NULL""")
    connection.execute("""
        CREATE TEMP TABLE losers AS SELECT place FROM (
            SELECT rowid AS place,
                   row_number() OVER (PARTITION BY request_id ORDER BY updated DESC NULLS LAST, rowid) AS number
            FROM requests
            WHERE request_id IN (SELECT request_id FROM requests GROUP BY request_id HAVING count(*) > 1)
        ) WHERE number > 1""")
    connection.execute("DELETE FROM requests WHERE rowid IN (SELECT place FROM losers)")
    target = out / "requests.parquet"
    connection.execute(f"COPY requests TO '{target}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)")
    connection.execute(f"""
        COPY (SELECT date_trunc('day', created)::TIMESTAMP AS date, kind, count(*) AS requests, count(closed) AS closed,
                     coalesce(sum(epoch_us(closed) - epoch_us(created)) // 1000000, 0)::BIGINT AS seconds
              FROM requests GROUP BY ALL) TO '{out / "daily.parquet"}'""")
    points = connection.execute(
        "SELECT longitude, latitude FROM requests WHERE longitude IS NOT NULL AND latitude IS NOT NULL"
    ).fetchnumpy()
    names, counts = count_by_area(areas, np.asarray(points["longitude"]), np.asarray(points["latitude"]))
    pq.write_table(pa.table({"area": names, "requests": counts}), out / "areas.parquet")


RIVALS = {"pandas": with_pandas, "polars": with_polars, "pyarrow": with_pyarrow, "duckdb": with_duckdb}

if __name__ == "__main__":
    RIVALS[sys.argv[1]](*(Path(each) for each in sys.argv[2:5]))
