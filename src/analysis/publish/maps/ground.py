"""From the grid of a map back to the ground: degrees for a download, outlines of districts for a map of districts."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.project import AnalysisError
from analysis.publish.maps.outlines import Window

Floats = npt.NDArray[np.float64]
# A cubic of the place on the grid: a city of a hundred kilometres is met to a metre, and the grid is much coarser.
POWERS = tuple((i, j) for i in range(4) for j in range(4 - i))
WORST = 1e-4
"""Degrees (about ten metres) by which the cubic may miss."""


def degrees(frame: Window, crs: str) -> dict[str, Any]:
    """Longitude and latitude (WGS 84) as cubics of a point of the grid, as shares of the window's width and height.

    ``powers`` are exponents of the two shares, ``lon`` and ``lat`` their factors.
    Raises :class:`AnalysisError` where a window is so large that the cubic misses by ten metres.

    >>> found = degrees(Window(6358010.0, 1948695.0, 195.95, 808, 1200), "EPSG:2229")
    >>> [round(found[name][0], 3) for name in ("lon", "lat")]
    [-118.675, 34.345]
    """
    from pyproj import Transformer

    along = np.linspace(0, 1, 13)
    u, v = (part.ravel() for part in np.meshgrid(along, along))
    x = frame.left + u * frame.width * frame.unit
    y = frame.top - v * frame.height * frame.unit
    true = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(x, y)
    terms = np.column_stack([u**i * v**j for i, j in POWERS])
    factors = [np.linalg.lstsq(terms, ends, rcond=None)[0] for ends in true]
    missed = max(float(np.abs(terms @ found - ends).max()) for found, ends in zip(factors, true, strict=True))
    if not missed <= WORST:
        raise AnalysisError(f"map in {crs}: its window is too large to be given back in degrees")
    lon, lat = (np.round(found, 9).tolist() for found in factors)
    return {"powers": [list(pair) for pair in POWERS], "lon": lon, "lat": lat}
