"""When does it get dark? Sunset and the end of civil twilight, for the veil-of-darkness test.

Solar equations of the U.S. National Oceanic and Atmospheric Administration (after Meeus,
Astronomical Algorithms), good to about a minute between the polar circles; refraction
and a flat horizon are assumed. One point is enough for a city: 30 km east or west is a minute and a half.
"""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.project import AnalysisError

Floats = npt.NDArray[np.float64]

# Centre of the sun below the horizon, in degrees: upper limb gone with refraction; civil twilight over.
SUNSET, CIVIL_DUSK = 0.833, 6.0


@dataclass(frozen=True, eq=False)
class SunTimes:
    """Clock times by date, aware of their zone (daylight saving time included).

    ``table``, indexed by date: sunset, civil_dusk (NaT where the sun does not go that low).
    ``earliest_dusk`` and ``latest_dusk`` are minutes after midnight over all dates: between them
    lies the part of the evening that is dark on some dates and light on others.
    """

    table: pd.DataFrame
    earliest_dusk: float
    latest_dusk: float


def sun_times(dates: pd.DatetimeIndex, latitude: float, longitude: float, zone: str) -> SunTimes:
    """Sunset and civil dusk on local calendar dates at one point.

    ``latitude`` and ``longitude`` in degrees (north and east positive), ``zone`` such as
    "America/Los_Angeles".

    Raises AnalysisError for dates with a time zone, an unknown zone or impossible coordinates.

    >>> found = sun_times(pd.DatetimeIndex(["2020-12-21"]), 34.05, -118.25, "America/Los_Angeles")
    >>> found.table["civil_dusk"].iloc[0].strftime("%H:%M")
    '17:15'
    """
    if dates.tz is not None:
        raise AnalysisError("sun times: give calendar dates without a time zone")
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise AnalysisError(f"sun times: latitude {latitude} and longitude {longitude} are not degrees")
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise AnalysisError(f"sun times: unknown time zone {zone!r}, use a name such as America/Los_Angeles") from error
    days = dates.normalize()
    table = pd.DataFrame(
        {name: _below(days, latitude, longitude, angle, zone) for name, angle in
         (("sunset", SUNSET), ("civil_dusk", CIVIL_DUSK))},
        index=days,
    )  # fmt: skip
    minutes = minutes_after_midnight(table["civil_dusk"])
    return SunTimes(table, float(minutes.min()), float(minutes.max()))


def minutes_after_midnight(times: pd.Series) -> pd.Series:
    """Clock time as minutes since the day began, as clocks show it.

    >>> minutes_after_midnight(pd.Series(pd.to_datetime(["2020-07-01 20:30:30"]))).tolist()
    [1230.5]
    """
    clock = times.dt.hour * 60.0 + times.dt.minute + times.dt.second / 60.0
    return pd.Series(clock, times.index)


def is_dark(moments: pd.Series, latitude: float, longitude: float, zone: str) -> pd.Series:
    """Whether civil twilight is over at each local moment (evenings; before noon is never dark here).

    ``moments``: clock times without a zone, read as local; NaT gives missing.

    >>> evening = pd.Series(pd.to_datetime(["2020-06-21 19:00", "2020-12-21 19:00"]))
    >>> is_dark(evening, 34.05, -118.25, "America/Los_Angeles").tolist()
    [False, True]
    """
    known = moments.dropna()
    days = pd.DatetimeIndex(known).normalize()
    dusk = sun_times(days.unique(), latitude, longitude, zone).table["civil_dusk"]
    after = minutes_after_midnight(known).to_numpy() >= minutes_after_midnight(dusk).reindex(days).to_numpy()
    return pd.Series(after, known.index, dtype="boolean").reindex(moments.index)


def _below(days: pd.DatetimeIndex, latitude: float, longitude: float, angle: float, zone: str) -> pd.DatetimeIndex:
    """Local time at which the sun is ``angle`` degrees below the horizon in the evening."""
    # Two rounds: the sun's position is first taken at local evening, then at the time found.
    minutes = np.full(len(days), 18 * 60.0 - longitude * 4)
    for _ in range(3):
        declination, equation = _sun(_julian_century(days, minutes))
        sine = np.sin(np.radians(latitude)) * np.sin(declination)
        cosine = np.cos(np.radians(latitude)) * np.cos(declination)
        ratio = (np.cos(np.radians(90 + angle)) - sine) / cosine
        with np.errstate(invalid="ignore"):
            hour_angle = np.degrees(np.arccos(np.where(np.abs(ratio) <= 1, ratio, np.nan)))
        minutes = 720 - 4 * (longitude - hour_angle) - equation
    seconds = pd.to_timedelta(np.round(minutes * 60), unit="s")
    return (days + seconds).tz_localize("UTC").tz_convert(zone)


def _julian_century(days: pd.DatetimeIndex, minutes: Floats) -> Floats:
    whole = (days - pd.Timestamp("2000-01-01")).days.to_numpy(dtype=float)
    return np.asarray((whole - 0.5 + np.nan_to_num(minutes) / 1440) / 36525)


def _sun(century: Floats) -> tuple[Floats, Floats]:
    """Declination in radians and equation of time in minutes."""
    longitude = np.radians((280.46646 + century * (36000.76983 + 0.0003032 * century)) % 360)
    anomaly = np.radians(357.52911 + century * (35999.05029 - 0.0001537 * century))
    eccentricity = 0.016708634 - century * (0.000042037 + 0.0000001267 * century)
    centre = (
        np.sin(anomaly) * (1.914602 - century * (0.004817 + 0.000014 * century))
        + np.sin(2 * anomaly) * (0.019993 - 0.000101 * century)
        + np.sin(3 * anomaly) * 0.000289
    )
    node = np.radians(125.04 - 1934.136 * century)
    apparent = longitude + np.radians(centre - 0.00569 - 0.00478 * np.sin(node))
    tilt = 23 + (26 + (21.448 - century * (46.815 + century * (0.00059 - 0.001813 * century))) / 60) / 60
    tilt = np.radians(tilt + 0.00256 * np.cos(node))
    declination = np.arcsin(np.sin(tilt) * np.sin(apparent))
    half = np.tan(tilt / 2) ** 2
    equation = 4 * np.degrees(
        half * np.sin(2 * longitude)
        - 2 * eccentricity * np.sin(anomaly)
        + 4 * eccentricity * half * np.sin(anomaly) * np.cos(2 * longitude)
        - 0.5 * half**2 * np.sin(4 * longitude)
        - 1.25 * eccentricity**2 * np.sin(2 * anomaly)
    )
    return np.asarray(declination), np.asarray(equation)
