"""The house style: colours for light and dark pages, ramps, sizes and the words drawings say by themselves.

All of it is data, ``data/catalog/style.yml``; this module reads and checks it,
and turns it into the style sheet of a page (:func:`css`).
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from analysis.plain_yaml import read_yaml
from analysis.project import AnalysisError, current_project
from analysis.publish.colour import hexadecimal, ramp, rgb, square
from analysis.publish.wording import language

SECTIONS = ("typefaces", "sizes", "colours", "more_contrast", "series", "text_of", "text_on", "parts", "ramps", "words")
STEPS = range(2, 8)
ARMS = ("fall-3", "fall-2", "fall-1", "middle", "rise-1", "rise-2", "rise-3")


@dataclass(frozen=True)
class Style:
    """The house style; a colour is a token with one value for light and one for dark pages.

    ``tokens`` holds the palette and every step of every ramp (``seq5-0`` … ``rise-3``, ``group-1`` …).
    """

    typefaces: Mapping[str, str]
    sizes: Mapping[str, int]
    palette: Mapping[str, tuple[str, str]]
    more_contrast: Mapping[str, tuple[str, str]]
    steps: Mapping[str, tuple[str, str]]
    series: tuple[str, ...]
    text_of: Mapping[str, str]
    text_on: Mapping[str, str]
    parts: tuple[str, ...]
    words: Mapping[str, Mapping[str, Any]]

    @property
    def tokens(self) -> dict[str, tuple[str, str]]:
        """Every colour by name: palette and ramp steps."""
        return {**self.palette, **self.steps}


def _pair(where: str, value: object) -> tuple[str, str]:
    if not (isinstance(value, list) and len(value) == 2):
        raise AnalysisError(f"style.yml: {where} needs two colours, [light, dark]")
    light, dark = (hexadecimal(rgb(str(colour))) for colour in value)
    return light, dark


def _steps(ramps: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Every step of every ramp as a token."""
    steps: dict[str, tuple[str, str]] = {}
    sequential = ramps["sequential"]
    for n in STEPS:
        pairs = zip(ramp(sequential["light"], n), ramp(sequential["dark"], n), strict=True)
        steps |= {f"seq{n}-{i}": pair for i, pair in enumerate(pairs)}
    for arm in ("fall", "rise"):
        pairs = zip(ramp(ramps[arm]["light"], 3), ramp(ramps[arm]["dark"], 3), strict=True)
        steps |= {f"{arm}-{i}": pair for i, pair in enumerate(pairs, start=1)}
    pairs = zip(square(ramps["pair"]["light"]), square(ramps["pair"]["dark"]), strict=True)
    steps |= {f"pair-{i}": shades for i, shades in enumerate(pairs)}
    steps["middle"] = _pair("ramps.middle", ramps["middle"])
    groups = zip(ramps["groups"]["light"], ramps["groups"]["dark"], strict=True)
    steps |= {f"group-{i}": _pair("ramps.groups", list(pair)) for i, pair in enumerate(groups, start=1)}
    return steps


@functools.cache
def read_style(path: Path) -> Style:
    """Read and check a style file; raises :class:`AnalysisError` naming what is wrong in it."""
    data = read_yaml(path.read_text(encoding="utf-8"))
    missing = [name for name in SECTIONS if name not in data]
    unknown = sorted(set(data) - set(SECTIONS))
    if missing or unknown:
        raise AnalysisError(f"style.yml: missing {missing}, unknown {unknown}; expected {', '.join(SECTIONS)}")
    palette = {name: _pair(f"colours.{name}", pair) for name, pair in data["colours"].items()}
    steps = _steps(data["ramps"])
    pairs = [*data["text_of"].items(), *((on, text) for on, text in data["text_on"].items() if on not in steps)]
    texts = [*data["text_on"].values(), *(n for pair in pairs for n in pair)]
    for name in [*data["series"], *data["parts"], *data["more_contrast"], *texts]:
        if name not in palette:
            raise AnalysisError(f"style.yml: {name!r} is not under colours")
    return Style(
        typefaces=data["typefaces"],
        sizes=data["sizes"],
        palette=palette,
        more_contrast={name: _pair(f"more_contrast.{name}", pair) for name, pair in data["more_contrast"].items()},
        steps=steps,
        series=tuple(data["series"]),
        text_of=data["text_of"],
        text_on=data["text_on"],
        parts=tuple(data["parts"]),
        words=data["words"],
    )


def style() -> Style:
    """The style of the current project."""
    return read_style(current_project().catalog / "style.yml")


def words() -> Mapping[str, Any]:
    """What drawings say by themselves, in the language being spoken."""
    known = style().words
    if language() not in known:
        raise AnalysisError(f"style.yml has no words in {language()!r}; it has {', '.join(sorted(known))}")
    return known[language()]


def colour(token: str) -> str:
    """What to draw with so that the page shows ``token``, in light and in dark.

    A palette colour is its light value. A step of a ramp is a stand-in that only
    :mod:`analysis.publish.svg` understands, because ramps share their ends with the palette.

    >>> colour("navy")
    '#17375e'
    """
    known = style()
    if token in known.palette:
        return known.palette[token][0]
    if token in known.steps:
        return f"#fe{sorted(known.steps).index(token):04x}"
    raise AnalysisError(f"no colour {token!r} in style.yml; it has {', '.join(sorted(known.tokens))}")


def token_of(drawn: str) -> str:
    """The inverse of :func:`colour`; raises :class:`AnalysisError` for a colour outside the house style.

    >>> token_of("#17375E")
    'navy'
    """
    return token_of_style(style(), drawn.lower())


def token_of_style(known: Style, drawn: str) -> str:
    """The token of one style that is drawn as ``drawn`` (lower case)."""
    for token, (light, _) in known.palette.items():
        if light == drawn:
            return token
    if drawn.startswith("#fe00"):
        steps = sorted(known.steps)
        place = int(drawn[3:], 16)
        if place < len(steps):
            return steps[place]
    raise AnalysisError(
        f"a drawing uses {drawn}, which is not in the house style and would not work in dark mode: "
        "draw with theme.colour(name), and with saturation=1 in seaborn"
    )


def text_token(token: str) -> str:
    """The token to write text in that belongs to a mark drawn in ``token``.

    >>> text_token("blue"), text_token("navy")
    ('blue-text', 'navy')
    """
    return style().text_of.get(token, token)


def matplotlib_style() -> Any:
    """Matplotlib settings of the house theme, for ``matplotlib.rc_context`` and ``seaborn.set_theme(rc=…)``."""
    sizes = style().sizes
    return {
        "svg.fonttype": "none",
        "svg.hashsalt": "angeleno",
        "font.family": "Roboto",
        "font.size": sizes["text"],
        "figure.dpi": 72,
        "savefig.dpi": 72,
        "figure.facecolor": "none",
        "axes.facecolor": "none",
        "savefig.facecolor": "none",
        "axes.edgecolor": colour("axis"),
        "axes.labelcolor": colour("soft"),
        "axes.labelsize": sizes["small"],
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": False,
        "axes.prop_cycle": _cycle(),
        "grid.color": colour("grid"),
        "legend.frameon": False,
        "lines.linewidth": 2,
        "lines.solid_capstyle": "round",
        "text.color": colour("ink"),
        "text.parse_math": False,
        "xtick.color": colour("soft"),
        "ytick.color": colour("soft"),
        "xtick.labelsize": sizes["small"],
        "ytick.labelsize": sizes["small"],
    }


def _cycle() -> Any:
    from cycler import cycler

    return cycler(color=[colour(token) for token in style().series])


def _variables(pairs: Mapping[str, tuple[str, str]], dark: bool) -> str:
    return "".join(f"--c-{name}:{pair[dark]};" for name, pair in pairs.items())


def _rules(known: Style) -> list[str]:
    light, dark = _variables(known.tokens, False), _variables(known.tokens, True)
    strong, strong_dark = _variables(known.more_contrast, False), _variables(known.more_contrast, True)
    rules = [
        f":root{{color-scheme:light dark;{light}}}",
        f"@media screen and (prefers-color-scheme:dark){{:root:not([data-theme=light]){{{dark}}}}}",
        f"@media screen{{:root[data-theme=dark]{{color-scheme:dark;{dark}}}}}",
        "@media screen{:root[data-theme=light]{color-scheme:light}}",
        f"@media (prefers-contrast:more){{:root{{{strong}}}}}",
        "@media screen and (prefers-contrast:more) and (prefers-color-scheme:dark)"
        f"{{:root:not([data-theme=light]){{{strong_dark}}}}}",
    ]
    for name in known.palette:
        rules.append(f".f-{name}{{fill:var(--c-{name})}}.s-{name}{{stroke:var(--c-{name})}}")
    rules += [f".f-{name}{{fill:var(--c-{name})}}.b-{name}{{background:var(--c-{name})}}" for name in known.steps]
    return rules


def css() -> str:
    """The style sheet that drawings and maps need on a page, as text without markup.

    Custom properties ``--c-TOKEN`` for light, dark (the reader's system, or ``data-theme`` on the root), print
    (always light) and more contrast; classes ``f-TOKEN`` (fill), ``s-TOKEN`` (stroke), ``b-TOKEN`` (background of
    an HTML swatch); and the rule that shows the wide or the narrow drawing by the width of its container.

    >>> ".f-navy{fill:var(--c-navy)}" in css()
    True
    """
    layout = files("analysis.publish").joinpath("drawings.css").read_text(encoding="utf-8")
    return "\n".join([*_rules(style()), layout])
