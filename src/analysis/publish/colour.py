"""Arithmetic of colour: contrast, distance, what a colour-blind reader or a grey printer sees.

The house palette is data (``data/catalog/style.yml``); these functions are what
its tests hold it to, and what the ramps of the maps are computed with.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from analysis.project import AnalysisError

Vision = Literal["normal", "protan", "deutan", "tritan", "grey"]
Triple = tuple[float, float, float]

# Complete dichromacy in linear RGB, Machado, Oliveira and Fernandes (2009), table 1, severity 1.0.
_MACHADO: dict[str, npt.NDArray[np.float64]] = {
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritan": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_WHITE = np.array([0.95047, 1.0, 1.08883])


def rgb(colour: str) -> Triple:
    """Red, green and blue from 0 to 1 of a colour written ``#rrggbb``.

    >>> rgb("#ff0033")
    (1.0, 0.0, 0.2)
    """
    text = colour.removeprefix("#")
    if len(text) != 6:
        raise AnalysisError(f"colour {colour!r}: write it as #rrggbb")
    try:
        red, green, blue = (int(text[at : at + 2], 16) / 255 for at in (0, 2, 4))
    except ValueError:
        raise AnalysisError(f"colour {colour!r}: write it as #rrggbb") from None
    return red, green, blue


def hexadecimal(channels: npt.ArrayLike) -> str:
    """The inverse of :func:`rgb`; channels outside 0 to 1 are cut.

    >>> hexadecimal((1.2, 0, 0.2))
    '#ff0033'
    """
    return "#" + "".join(f"{round(255 * min(max(float(c), 0.0), 1.0)):02x}" for c in np.asarray(channels))


def _linear(colour: str) -> npt.NDArray[np.float64]:
    channels = np.array(rgb(colour))
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def _gamma(linear: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    cut = np.clip(linear, 0, 1)
    return np.where(cut <= 0.0031308, cut * 12.92, 1.055 * cut ** (1 / 2.4) - 0.055)


def luminance(colour: str) -> float:
    """Relative luminance, 0 black to 1 white (WCAG 2.2).

    >>> round(luminance("#ffffff"), 3), round(luminance("#1696d2"), 3)
    (1.0, 0.266)
    """
    return float(np.array([0.2126, 0.7152, 0.0722]) @ _linear(colour))


def contrast(first: str, second: str) -> float:
    """Contrast ratio, 1 to 21 (WCAG 2.2, success criteria 1.4.3 and 1.4.11).

    >>> round(contrast("#000000", "#ffffff"), 1), round(contrast("#767676", "#ffffff"), 2)
    (21.0, 4.54)
    """
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def seen_by(colour: str, vision: Vision) -> str:
    """The colour as a reader with that vision sees it; ``grey`` is a monochrome print.

    >>> seen_by("#ff0000", "deutan"), seen_by("#1696d2", "grey")
    ('#a39000', '#8d8d8d')
    """
    if vision == "normal":
        return hexadecimal(rgb(colour))
    if vision == "grey":
        return hexadecimal([float(_gamma(np.array([luminance(colour)]))[0])] * 3)
    return hexadecimal(_gamma(_MACHADO[vision] @ _linear(colour)))


def lab(colour: str) -> Triple:
    """CIE L*a*b* under D65: lightness 0 to 100, green–red, blue–yellow.

    >>> tuple(round(c, 1) for c in lab("#ff0000"))
    (53.2, 80.1, 67.2)
    """
    ratio = (_XYZ @ _linear(colour)) / _WHITE
    x, y, z = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    return float(116 * y - 16), float(500 * (x - y)), float(200 * (y - z))


def from_lab(lightness: float, a: float, b: float) -> str:
    """The colour nearest to L*a*b* coordinates on a screen.

    >>> from_lab(*lab("#54adea"))
    '#54adea'
    """
    y = (lightness + 16) / 116
    cubes = np.array([y + a / 500, y, y - b / 200])
    ratio = np.where(cubes**3 > 216 / 24389, cubes**3, (116 * cubes - 16) * 27 / 24389)
    return hexadecimal(_gamma(np.linalg.solve(_XYZ, ratio * _WHITE)))


def distance(first: str, second: str, vision: Vision = "normal") -> float:
    """How different two colours look: CIEDE2000, 1 just noticeable, 10 clearly apart.

    Source: Sharma, Wu and Dalal (2005), "The CIEDE2000 color-difference formula".

    >>> round(distance("#17375e", "#1696d2"), 1), round(distance("#ff0000", "#808000", "deutan"), 1)
    (34.7, 7.4)
    """
    return difference(lab(seen_by(first, vision)), lab(seen_by(second, vision)))


def difference(first: Triple, second: Triple) -> float:
    """CIEDE2000 of two L*a*b* triples.

    >>> round(difference((50, 2.6772, -79.7751), (50, 0, -82.7485)), 4)
    2.0425
    """
    (l1, a1, b1), (l2, a2, b2) = first, second
    mean_chroma = (math.hypot(a1, b1) + math.hypot(a2, b2)) / 2
    stretch = 1 + 0.5 * (1 - math.sqrt(mean_chroma**7 / (mean_chroma**7 + 25.0**7)))
    c1, c2 = math.hypot(stretch * a1, b1), math.hypot(stretch * a2, b2)
    h1, h2 = math.degrees(math.atan2(b1, stretch * a1)) % 360, math.degrees(math.atan2(b2, stretch * a2)) % 360
    turn = 0.0 if c1 * c2 == 0 else (h2 - h1 + 180) % 360 - 180
    if turn == -180:
        turn = 180.0
    mean_hue = h1 + h2 if c1 * c2 == 0 else (h1 + h2) / 2 + (0 if abs(h1 - h2) <= 180 else 180)
    delta_hue = 2 * math.sqrt(c1 * c2) * math.sin(math.radians(turn / 2))
    lightness, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    weight = (
        1
        - 0.17 * math.cos(math.radians(mean_hue - 30))
        + 0.24 * math.cos(math.radians(2 * mean_hue))
        + 0.32 * math.cos(math.radians(3 * mean_hue + 6))
        - 0.20 * math.cos(math.radians(4 * mean_hue - 63))
    )
    of_light = (l2 - l1) / (1 + 0.015 * (lightness - 50) ** 2 / math.sqrt(20 + (lightness - 50) ** 2))
    of_chroma = (c2 - c1) / (1 + 0.045 * chroma)
    of_hue = delta_hue / (1 + 0.015 * chroma * weight)
    rotation = (
        -2
        * math.sqrt(chroma**7 / (chroma**7 + 25.0**7))
        * math.sin(math.radians(60 * math.exp(-(((mean_hue % 360 - 275) / 25) ** 2))))
    )
    return math.sqrt(of_light**2 + of_chroma**2 + of_hue**2 + rotation * of_chroma * of_hue)


def ramp(anchors: Sequence[str], steps: int) -> tuple[str, ...]:
    """``steps`` colours along a path through ``anchors``, evenly spaced in lightness; the ends are kept exactly.

    >>> ramp(["#ffffff", "#000000"], 3)
    ('#ffffff', '#777777', '#000000')
    """
    if steps < 2:
        return (hexadecimal(rgb(anchors[-1])),)
    points = np.array([lab(anchor) for anchor in anchors])
    lights = points[:, 0]
    if not (np.all(np.diff(lights) > 0) or np.all(np.diff(lights) < 0)):
        raise AnalysisError(f"ramp {', '.join(anchors)}: lightness must rise or fall all the way")
    order = np.argsort(lights)
    wanted = np.linspace(lights[0], lights[-1], steps)
    a, b = (np.interp(wanted, lights[order], points[order, column]) for column in (1, 2))
    middle = [from_lab(float(lt), float(x), float(y)) for lt, x, y in zip(wanted, a, b, strict=True)][1:-1]
    return (hexadecimal(rgb(anchors[0])), *middle, hexadecimal(rgb(anchors[-1])))


def square(corners: Sequence[str]) -> tuple[str, ...]:
    """Nine colours between four corners (little of both, much of the first, of the second, of both), evenly in L*a*b*.

    Row by row, from little to much of the second; within a row from little to much of the first.

    >>> square(["#ffffff", "#0000ff", "#ff0000", "#000000"])[::4]
    ('#ffffff', '#a55280', '#000000')
    """
    none, first, second, both = (np.array(lab(corner)) for corner in corners)
    mixed = [
        (1 - u) * (1 - v) * none + u * (1 - v) * first + (1 - u) * v * second + u * v * both
        for v in (0.0, 0.5, 1.0)
        for u in (0.0, 0.5, 1.0)
    ]
    return tuple(from_lab(*(float(part) for part in colour)) for colour in mixed)
