"""The place a source speaks of: the real city or the invented one."""

from __future__ import annotations

from dataclasses import dataclass, fields

from analysis.catalog.entries import Entry, read_entry
from analysis.project import SOURCES, AnalysisError, Project, checked_source, current_project, current_source


@dataclass(frozen=True)
class City:
    """A city and the county around it.

    ``county_fips`` has five digits and begins with ``state_fips``;
    ``projected_crs`` is what areas and distances are measured in.
    """

    city: str
    county: str
    state: str
    state_fips: str
    county_fips: str
    projected_crs: str
    timezone: str
    district_noun: str
    synthetic: bool
    description: str


def city(project: Project, source: str) -> City:
    """The city of a source, ``sample`` or ``live``.

    Raises AnalysisError with file and line when data/catalog/cities.yml is malformed.
    """
    checked_source(source)
    path = project.catalog / "cities.yml"
    if not path.is_file():
        raise AnalysisError("data/catalog/cities.yml is missing: it says which city each source speaks of")
    top = read_entry(path)
    top.only(SOURCES)
    return _city(top.entry(source))


def current_city() -> City:
    """The city of the source in use; what a notebook asks for names."""
    return city(current_project(), current_source())


def _city(entry: Entry) -> City:
    entry.only([item.name for item in fields(City)])
    state = entry.matching("state_fips", r"\d\d", 'two digits in quotes, such as "06"')
    return City(
        city=entry.text("city"),
        county=entry.text("county"),
        state=entry.text("state"),
        state_fips=state,
        county_fips=entry.matching("county_fips", state + r"\d{3}", f"five digits in quotes that begin with {state}"),
        projected_crs=entry.text("projected_crs"),
        timezone=entry.text("timezone"),
        district_noun=entry.text("district_noun"),
        synthetic=entry.flag("synthetic"),
        description=entry.text("description"),
    )
