"""Shapes: tracts, council districts, neighborhood councils, and who overlaps whom.

Areas are measured in the city's projected reference system. People are shared out
by area, because no counts by block are held: inside a tract they are taken to live
evenly. Where a district's border cuts an unevenly settled tract this is wrong by
as much as the settlement is uneven.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.project import AnalysisError
from analysis.refine.contracts import GEOID, Field, Table
from analysis.refine.parsing import listed, numbers
from analysis.refine.vintages import check_vintage, geoids, joined_geoids, recoded_2010

if TYPE_CHECKING:
    from analysis.refine.workbench import Workbench

# Lines of two publishers never quite agree: a smaller share of a tract than this is a drawing difference.
SLIVER = 0.01

AREA = Field("area_km2", "number", "Area, measured in the city's projected reference system", "km2", minimum=0)
GEOMETRY = Field("geometry", "geometry", "Outline in longitude and latitude (EPSG:4326)", "degrees")


def slug(name: str) -> str:
    """A name as small letters, digits and hyphens.

    >>> slug("Westchester/Playa"), slug("P.I.C.O.")
    ('westchester-playa', 'p-i-c-o')
    """
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def projected(shapes: Any, crs: str) -> tuple[Any, float]:
    """Valid outlines in a projected reference system, and how many square metres its square unit has."""
    import shapely
    from pyproj import CRS

    system = CRS.from_user_input(crs)
    if not system.is_projected:
        raise AnalysisError(f"projected_crs {crs!r} in data/catalog/cities.yml is not projected: areas need one")
    metres = system.axis_info[0].unit_conversion_factor
    return shapely.make_valid(shapes.to_crs(system).geometry.to_numpy()), metres**2


def area_km2(shapes: Any, crs: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Area of each outline in square kilometres, to a square metre."""
    import shapely

    outlines, square_metres = projected(shapes, crs)
    found: np.ndarray[Any, np.dtype[np.float64]] = (shapely.area(outlines) * square_metres / 1e6).round(6)
    return found


def outlines(bench: Workbench, dataset: str, columns: list[str]) -> Any:
    """A raw layer without the rows that have no outline."""
    raw = bench.raw(dataset, [*columns, "geometry"])
    empty = raw.geometry.isna() | raw.geometry.is_empty
    bench.tally(dataset, "dropped", "row without an outline", raw.loc[empty, columns[0]])
    return raw[~empty]


def build_tract_shapes(bench: Workbench) -> Any:
    """Outlines of the census tracts, by code."""
    import geopandas

    dataset = "tract_shapes_2010"
    raw = outlines(bench, dataset, ["GEOID10", "LABEL"])
    code = geoids(raw["GEOID10"], dataset)
    here = code.str.startswith(bench.city.county_fips)
    bench.tally(dataset, "dropped", f"tract outside {bench.city.county}", code[~here], topic="outside")
    now = recoded_2010(code)
    bench.tally(dataset, "changed", "tract code corrected by the Census Bureau after 2010", code[here & (now != code)])
    raw, now = raw[here], now[here]
    frame = geopandas.GeoDataFrame(
        {
            "geoid": now,
            "name": "Census Tract " + raw["LABEL"].astype("str").str.strip(),
            "area_km2": area_km2(raw, bench.city.projected_crs),
        },
        geometry=raw.geometry,
        crs=raw.crs,
    )
    bench.tally(dataset, "kept", "tract outline read", frame["geoid"])
    return frame.sort_values("geoid", ignore_index=True)


def build_council_districts(bench: Workbench) -> Any:
    """Outlines of the council districts, by number."""
    import geopandas

    dataset = "council_districts_2012"
    raw = outlines(bench, dataset, ["DISTRICT"])
    number = numbers(raw["DISTRICT"], dataset)
    if number.isna().any() or number.duplicated().any():
        raise AnalysisError(
            f"{dataset}: column 'DISTRICT' must number every district once, but reads {listed(raw['DISTRICT'], 20)}: "
            "look at the layer before mapping anything on it"
        )
    number = number.astype("int64")
    noun = bench.city.district_noun.title()
    frame = geopandas.GeoDataFrame(
        {
            "area_id": [f"cd-{each:02d}" for each in number],
            "number": number,
            "name": [f"{noun} {each}" for each in number],
            "area_km2": area_km2(raw, bench.city.projected_crs),
        },
        geometry=raw.geometry,
        crs=raw.crs,
    )
    return frame.sort_values("area_id", ignore_index=True)


def build_neighborhood_councils(bench: Workbench) -> Any:
    """Outlines of the neighborhood councils of 2020, by name; a council that stands twice is kept once."""
    import geopandas

    dataset = "neighborhood_councils_2020"
    raw = outlines(bench, dataset, ["Name", "region"])
    name = raw["Name"].str.strip()
    again = name.duplicated() & raw.geometry.to_wkb().duplicated()
    bench.tally(dataset, "dropped", "council that stands twice with the same outline", name[again], topic="repeat")
    raw, name = raw[~again], name[~again]
    area_id = "nc-" + name.map(slug)
    twice = name[area_id.duplicated(keep=False)]
    if len(twice):
        raise AnalysisError(
            f"{dataset}: column 'Name' gives two outlines to {listed(sorted(set(twice)))}: "
            "decide whether to merge or rename them in refine/geographies.py"
        )
    before = set(bench.raw("neighborhood_councils_2018", ["Name"])["Name"].str.strip())
    frame = geopandas.GeoDataFrame(
        {
            "area_id": area_id,
            "name": name,
            "region": raw["region"].astype("str").str.strip(),
            "in_2018": name.isin(before),
            "area_km2": area_km2(raw, bench.city.projected_crs),
        },
        geometry=raw.geometry,
        crs=raw.crs,
    )
    bench.tally(dataset, "flagged", "council without a namesake in the edition of 2018", name[~name.isin(before)])
    bench.tally("neighborhood_councils_2018", "flagged", "council without a namesake in 2020", before - set(name))
    return frame.sort_values("area_id", ignore_index=True)


def overlaps(tracts: Any, areas: Any, crs: str) -> pd.DataFrame:
    """Every pair of a tract and an area that share ground: geoid, area_id, shared km2, share of the tract."""
    import shapely

    left, square_metres = projected(tracts, crs)
    right, _ = projected(areas, crs)
    one, other = shapely.STRtree(right).query(left, predicate="intersects")
    shared = shapely.area(shapely.intersection(left[one], right[other]))
    return pd.DataFrame(
        {
            "geoid": tracts["geoid"].to_numpy()[one],
            "area_id": areas["area_id"].to_numpy()[other],
            "area_name": areas["name"].to_numpy()[other],
            "area_km2": (shared * square_metres / 1e6).round(6),
            "weight_area": np.minimum(shared / shapely.area(left)[one], 1.0).round(6),
        }
    )


def build_tract_areas(bench: Workbench) -> pd.DataFrame:
    """Shares of tracts in districts and neighborhood councils, with the people estimated to live there."""
    tracts = bench.refined("tract_shapes")
    people = residents_2010(bench, tracts["geoid"])
    kinds = {"council_district": "council_districts", "neighborhood_council": "neighborhood_councils"}
    frames = []
    for kind, table in kinds.items():
        found = overlaps(tracts, bench.refined(table), bench.city.projected_crs)
        touching = found["weight_area"] > 0
        sliver = touching & (found["weight_area"] < SLIVER)
        lost = found.loc[sliver, "weight_area"] * people.reindex(found.loc[sliver, "geoid"]).to_numpy()
        bench.tally("tract_shapes_2010", "dropped",
                    f"sliver: less than 1 percent of the tract in a {kind.replace('_', ' ')} "
                    f"({lost.sum():,.0f} people by area)", found.loc[sliver, "geoid"])  # fmt: skip
        found = found[touching & ~sliver]
        found.insert(0, "kind", kind)
        frames.append(found)
    frame = pd.concat(frames, ignore_index=True)
    frame["people"] = (frame["weight_area"] * people.reindex(frame["geoid"]).to_numpy()).round(6)
    everyone = frame.groupby("area_id")["people"].transform("sum")
    frame["weight_population"] = (frame["people"] / everyone.where(everyone > 0)).round(9)
    inside = frame[frame["kind"] == "council_district"].groupby("geoid")["weight_area"].sum()
    frame["in_city"] = np.minimum(inside.reindex(frame["geoid"]).fillna(0.0).to_numpy(), 1.0).round(6)
    _tally_losses(bench, tracts["geoid"], inside, people, frame)
    return frame.sort_values(["geoid", "area_id"], ignore_index=True)


def residents_2010(bench: Workbench, tracts: pd.Series) -> pd.Series:
    """Residents counted in 2010 by tract; says which tracts of the census have no outline."""
    dataset = "sf1_2010"
    raw = bench.raw(dataset, ["state", "county", "tract", "P001001"])
    code = recoded_2010(joined_geoids(raw, dataset))
    here = code.str.startswith(bench.city.county_fips)
    people = pd.Series(numbers(raw["P001001"], dataset)[here].to_numpy(), index=code[here].to_numpy())
    check_vintage(tracts, people.index, dataset="tract_shapes_2010", vintage="2010")
    absent = people[~people.index.isin(set(tracts))]
    reason = f"tract of the census without an outline ({absent.sum():,.0f} residents in all)"
    bench.tally(dataset, "dropped", reason, absent.index)
    return people


def _tally_losses(
    bench: Workbench, tracts: pd.Series, inside: pd.Series, people: pd.Series, frame: pd.DataFrame
) -> None:
    """What the crosswalk leaves out: tracts beyond the city, and the outer part of tracts on its border."""
    outside = tracts[~tracts.isin(inside.index)]
    bench.tally("tract_shapes_2010", "kept",
                f"tract outside the city ({people.reindex(outside).sum():,.0f} residents)", outside)  # fmt: skip
    cut = inside[(inside < 1 - SLIVER) & (inside > 0)]
    beyond = ((1 - cut) * people.reindex(cut.index)).sum()
    bench.tally("tract_shapes_2010", "flagged",
                f"tract partly outside the city ({beyond:,.0f} people by area are beyond it)", cut.index)  # fmt: skip
    served = frame[frame["kind"] == "neighborhood_council"].groupby("geoid")["weight_area"].sum()
    gap = inside[served.reindex(inside.index).fillna(0.0) < inside - SLIVER]
    bench.tally("neighborhood_councils_2020", "flagged", "city tract partly outside every neighborhood council",
                gap.index)  # fmt: skip


TABLES = (
    Table(
        name="tract_shapes",
        title="Outlines of the census tracts of 2010",
        key=("geoid",),
        fields=(
            GEOID,
            Field("name", "text", "Name of the tract as printed on maps", "name"),
            AREA,
            GEOMETRY,
        ),
        build=build_tract_shapes,
        inputs=("tract_shapes_2010",),
        spatial=True,
    ),
    Table(
        name="council_districts",
        title="Outlines of the council districts",
        key=("area_id",),
        fields=(
            Field("area_id", "text", "District, cd-01 to cd-15", "code", pattern=r"^cd-\d{2}$"),
            Field("number", "integer", "Number of the district", "number", minimum=1),
            Field("name", "text", "Name of the district", "name"),
            AREA,
            GEOMETRY,
        ),
        build=build_council_districts,
        inputs=("council_districts_2012",),
        spatial=True,
    ),
    Table(
        name="neighborhood_councils",
        title="Outlines of the neighborhood councils certified in 2020",
        key=("area_id",),
        fields=(
            Field("area_id", "text", "Neighbourhood council, nc- and its name", "code", pattern=r"^nc-[a-z0-9-]+$"),
            Field("name", "text", "Name of the neighborhood council", "name"),
            Field("region", "text", "Service region of the city department that serves the councils", "name",
                  nullable=True),
            Field("in_2018", "truth", "The edition of 2018 has a council of the same name", "yes or no"),
            AREA,
            GEOMETRY,
        ),
        build=build_neighborhood_councils,
        inputs=("neighborhood_councils_2018", "neighborhood_councils_2020"),
        spatial=True,
    ),
    Table(
        name="tract_areas",
        title="Which share of each tract lies in which council district and neighborhood council",
        key=("geoid", "area_id"),
        fields=(
            GEOID,
            Field("kind", "text", "Kind of the area", "label", choices=("council_district", "neighborhood_council")),
            Field("area_id", "text", "The district or neighborhood council", "code",
                  pattern=r"^(cd|nc)-[a-z0-9-]+$"),
            Field("area_name", "text", "Name of the district or neighborhood council", "name"),
            Field("area_km2", "number", "Area that tract and district share", "km2", minimum=0),
            Field("weight_area", "number",
                  "Share of the tract that lies in the area: multiply a tract's count by it, then add up over tracts",
                  "share", "area of the tract", minimum=0, maximum=1),
            Field("people", "number",
                  "Residents of 2010 estimated to live in the shared part: population times weight_area", "people",
                  "residents of the tract in 2010", minimum=0),
            Field("weight_population", "number",
                  "Share of the area's residents who live in this tract, 1 over all tracts of the area: "
                  "weigh a tract's rate by it to get the area's rate; missing where nobody lives", "share",
                  "estimated residents of the area in 2010", nullable=True, minimum=0, maximum=1),
            Field("in_city", "number", "Share of the tract that lies in any council district", "share",
                  "area of the tract", minimum=0, maximum=1),
        ),
        build=build_tract_areas,
        inputs=("sf1_2010",),
        tables=("council_districts", "neighborhood_councils", "tract_shapes"),
    ),
)  # fmt: skip
