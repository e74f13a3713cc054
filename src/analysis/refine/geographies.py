"""Shapes: tracts, council districts, neighbourhood councils, and who overlaps whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.refine.contracts import GEOID, Field, Table

if TYPE_CHECKING:
    import pandas as pd

    from analysis.refine.workbench import Workbench

AREA = Field("area_km2", "number", "Area, measured in the city's projected reference system", "km2", minimum=0)
GEOMETRY = Field("geometry", "geometry", "Outline in longitude and latitude (EPSG:4326)", "degrees")


def build_tract_shapes(bench: Workbench) -> pd.DataFrame:
    """Outlines of the census tracts."""
    raise NotImplementedError


def build_council_districts(bench: Workbench) -> pd.DataFrame:
    """Outlines of the council districts."""
    raise NotImplementedError


def build_neighborhood_councils(bench: Workbench) -> pd.DataFrame:
    """Outlines of the neighbourhood councils."""
    raise NotImplementedError


def build_tract_areas(bench: Workbench) -> pd.DataFrame:
    """Which share of each tract lies in which district and neighbourhood council."""
    raise NotImplementedError


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
        title="Outlines of the neighbourhood councils certified in 2020",
        key=("area_id",),
        fields=(
            Field("area_id", "text", "Neighbourhood council, nc- and its name", "code", pattern=r"^nc-[a-z0-9-]+$"),
            Field("name", "text", "Name of the neighbourhood council", "name"),
            Field("region", "text", "Service region of the Department of Neighborhood Empowerment", "name",
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
        title="Which share of each tract lies in which council district and neighbourhood council",
        key=("geoid", "area_id"),
        fields=(
            GEOID,
            Field("kind", "text", "Kind of the area", "label", choices=("council_district", "neighborhood_council")),
            Field("area_id", "text", "The district or neighbourhood council", "code",
                  pattern=r"^(cd|nc)-[a-z0-9-]+$"),
            Field("area_name", "text", "Name of the district or neighbourhood council", "name"),
            Field("area_km2", "number", "Area that tract and district share", "km2", minimum=0),
            Field("weight_area", "number",
                  "Share of the tract that lies in the area: multiply a tract's count by it, then add up over tracts",
                  "share", "area of the tract", minimum=0, maximum=1),
            Field("people", "number",
                  "Residents of 2010 estimated to live in the shared part: population times weight_area", "people",
                  "residents of the tract in 2010", nullable=True, minimum=0),
            Field("weight_population", "number",
                  "Share of the area's residents who live in this tract, 1 over all tracts of the area: "
                  "weigh a tract's rate by it to get the area's rate", "share",
                  "estimated residents of the area in 2010", nullable=True, minimum=0, maximum=1),
            Field("in_city", "number", "Share of the tract that lies in any council district", "share",
                  "area of the tract", minimum=0, maximum=1),
        ),
        build=build_tract_areas,
        inputs=("sf1_2010",),
        tables=("council_districts", "neighborhood_councils", "tract_shapes"),
    ),
)  # fmt: skip
