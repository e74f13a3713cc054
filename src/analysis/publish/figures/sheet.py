"""A sheet of paper measured in pixels of the page, on which every form of figure is drawn.

Matplotlib draws; the sheet fixes the house's terms for it: x runs right and y
runs down in CSS pixels, colours are tokens of the house style, text is set in
the packaged Roboto and stays text. A form lays itself out twice, wide and
narrow, because shrinking a wide figure to a phone makes its words unreadable.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.publish import fonts, svg, theme
from analysis.publish.wording import Terms

Anchor = Literal["left", "center", "right"]
Layout = Literal["wide", "narrow"]


LEADING = 15.0
"""From one line of words in a drawing to the next, at 12 px."""


@dataclass(frozen=True)
class Drawing:
    """A finished drawing.

    ``svg`` is laid out for containers of 560 px and more, ``svg_narrow`` for phones. ``data`` holds the rows that
    were drawn, ``alt`` the sentence that says what they show. ``others`` has the drawing in other languages, each with
    the terms it was drawn with.
    """

    svg: str
    svg_narrow: str
    data: pd.DataFrame
    alt: str
    others: Mapping[str, tuple[Drawing, Terms]] = field(default_factory=dict)

    def named(self, name: str) -> Drawing:
        """The drawing with identifiers that begin with ``name``, for use beside others on a page."""
        return replace(
            self,
            svg=svg.identified(self.svg, f"{name}-w"),
            svg_narrow=svg.identified(self.svg_narrow, f"{name}-n"),
        )

    def with_alt(self, alt: str) -> Drawing:
        """The drawing with another description."""
        return replace(self, svg=svg.described(self.svg, alt), svg_narrow=svg.described(self.svg_narrow, alt), alt=alt)


@dataclass(frozen=True)
class Box:
    """A rectangle on the sheet: left, top, right, bottom in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box, room: float = 0.0) -> bool:
        """Whether the two overlap, or come nearer than ``room`` pixels.

        >>> Box(0, 0, 10, 10).meets(Box(9, 9, 20, 20)), Box(0, 0, 10, 10).meets(Box(11, 0, 20, 10))
        (True, False)
        """
        return (
            self.left < other.right + room
            and other.left < self.right + room
            and self.top < other.bottom + room
            and other.top < self.bottom + room
        )


class Sheet:
    """Paper of ``width`` by ``height`` pixels; later marks lie over earlier ones."""

    def __init__(self, layout: Layout, height: float) -> None:
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure

        fonts.register()
        self.layout: Layout = layout
        self.width: float = theme.style().sizes[layout]
        self.height = height
        # 72 dots an inch make Matplotlib's points, the page's pixels and the units of the SVG one and the same.
        self.figure: Any = Figure(figsize=(self.width / 72, height / 72), dpi=72)
        FigureCanvasSVG(self.figure)
        self.axes: Any = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set_xlim(0, self.width)
        self.axes.set_ylim(height, 0)
        self.axes.axis("off")
        self.texts: list[tuple[str, Box]] = []
        self._level = 0

    @property
    def narrow(self) -> bool:
        """Whether this is the layout for phones."""
        return self.layout == "narrow"

    def _put(self, artist: Any) -> None:
        """Lay a mark over all earlier ones; the sheet's edge does not cut it."""
        self._level += 1
        artist.set_zorder(1 + self._level / 10_000)
        artist.set_clip_on(False)
        self.axes.add_artist(artist)
        artist.set_clip_path(None)

    def line(
        self,
        xs: npt.ArrayLike,
        ys: npt.ArrayLike,
        token: str,
        width: float = 1.0,
        *,
        dashes: Sequence[float] | None = None,
        alpha: float | None = None,
        round_ends: bool = False,
    ) -> None:
        """A line through points; a NaN interrupts it."""
        from matplotlib.lines import Line2D

        drawn = Line2D(
            np.asarray(xs, dtype=float),
            np.asarray(ys, dtype=float),
            color=theme.colour(token),
            linewidth=width,
            alpha=alpha,
            solid_capstyle="round" if round_ends else "butt",
            solid_joinstyle="round",
            dash_capstyle="butt",
        )
        if dashes:
            drawn.set_dashes([n / width for n in dashes])
        self._put(drawn)

    def area(self, xs: npt.ArrayLike, ys: npt.ArrayLike, token: str, *, alpha: float | None = None) -> None:
        """A filled polygon."""
        from matplotlib.patches import Polygon

        corners = np.column_stack([np.asarray(xs, dtype=float), np.asarray(ys, dtype=float)])
        self._put(Polygon(corners, closed=True, facecolor=theme.colour(token), linewidth=0, alpha=alpha))

    def block(self, box: Box, token: str, *, alpha: float | None = None, rim: str | None = None) -> None:
        """A filled rectangle, with a rim of one pixel if ``rim`` names a colour."""
        from matplotlib.patches import Rectangle

        self._put(
            Rectangle(
                (box.left, box.top),
                box.right - box.left,
                box.bottom - box.top,
                facecolor=theme.colour(token) if token != "none" else "none",
                edgecolor=theme.colour(rim) if rim else "none",
                linewidth=1 if rim else 0,
                alpha=alpha,
            )
        )

    def dots(
        self,
        xs: npt.ArrayLike,
        ys: npt.ArrayLike,
        token: str,
        radius: float = 4.5,
        *,
        rim: str | None = "paper",
        rim_width: float = 1.5,
        alpha: float | None = None,
    ) -> None:
        """Round dots, with a rim in the colour of the page so that they stand off lines."""
        from matplotlib.lines import Line2D

        if not np.asarray(xs).size:
            return
        self._put(
            Line2D(
                np.asarray(xs, dtype=float),
                np.asarray(ys, dtype=float),
                linestyle="none",
                marker="o",
                markersize=2 * radius,
                markerfacecolor=theme.colour(token) if token != "none" else "none",
                markeredgecolor=theme.colour(rim) if rim else "none",
                markeredgewidth=rim_width if rim else 0,
                alpha=alpha,
            )
        )

    def curve(self, points: Sequence[tuple[float, float]], token: str, width: float, *, alpha: float = 1.0) -> None:
        """One cubic Bézier curve through start, two handles and end."""
        from matplotlib.patches import PathPatch
        from matplotlib.path import Path

        path = Path(list(points), [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4])
        self._put(
            PathPatch(
                path,
                facecolor="none",
                edgecolor=theme.colour(token),
                linewidth=width,
                alpha=None if alpha == 1 else alpha,
                capstyle="butt",
            )
        )

    def text(
        self,
        x: float,
        y: float,
        words: object,
        token: str = "ink",
        *,
        size: float | None = None,
        weight: int = 400,
        anchor: Anchor = "left",
        halo: bool = False,
        upward: bool = False,
    ) -> Box:
        """One line of text with its baseline at ``y``; returns the room it takes.

        ``upward`` turns it to read from bottom to top, starting at ``y``, centred on ``x``.
        """
        from matplotlib.text import Text

        shown = svg.printable(words)
        points = float(size or theme.style().sizes["text"])
        box = text_box(x, y, shown, points, weight, anchor)
        if upward:
            box = Box(x - 0.5 * points, y - (box.right - box.left), x + 0.5 * points, y)
        if not shown:
            return box
        self.texts.append((shown, box))
        drawn = Text(
            x,
            y,
            shown,
            color=theme.colour(token),
            fontsize=points,
            fontweight=weight,
            fontfamily="Roboto",
            horizontalalignment="center" if upward else anchor,
            verticalalignment="bottom" if upward else "baseline",
            rotation=90 if upward else 0,
            parse_math=False,  # a dollar sign is money here
        )
        if halo:
            drawn.set_gid(f"halo{self._level}")
        self._put(drawn)
        return box

    def lines_of_text(
        self,
        x: float,
        y: float,
        lines: Sequence[str],
        token: str = "ink",
        *,
        size: float | None = None,
        weight: int = 400,
        anchor: Anchor = "left",
        leading: float = 1.25,
        halo: bool = False,
    ) -> None:
        """Several lines of text, the first with its baseline at ``y``."""
        step = leading * float(size or theme.style().sizes["text"])
        for at, line in enumerate(lines):
            self.text(x, y + at * step, line, token, size=size, weight=weight, anchor=anchor, halo=halo)

    def svg(self, description: str, form: str) -> str:
        """The sheet as a drawing of the house."""
        import matplotlib

        written = io.StringIO()
        with matplotlib.rc_context(theme.matplotlib_style()):
            self.figure.savefig(written, format="svg", transparent=True, metadata={"Date": None})
        return svg.house(written.getvalue(), description, form=form, layout=self.layout)


def text_box(x: float, y: float, words: str, size: float, weight: int, anchor: Anchor) -> Box:
    """The room a line of text takes, from ascender to descender.

    >>> box = text_box(100, 50, "ab", 10, 400, "right")
    >>> round(box.left, 1), box.right, round(box.top, 1)
    (88.9, 100.0, 42.5)
    """
    width = fonts.text_width(words, size, weight)
    left = x - {"left": 0.0, "center": width / 2, "right": width}[anchor]
    return Box(left, y - 0.75 * size, left + width, y + 0.22 * size)


def both(form: str, draw: Callable[[Layout], Sheet], data: pd.DataFrame, alt: str) -> Drawing:
    """Draw the two layouts of one figure."""
    wide, narrow = draw("wide"), draw("narrow")
    return Drawing(wide.svg(alt, form), narrow.svg(alt, form), data.reset_index(drop=True), svg.printable(alt))
