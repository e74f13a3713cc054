"""A figure that no form covers, drawn by its author with Matplotlib or seaborn in the house theme."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pandas as pd

from analysis.project import AnalysisError
from analysis.publish import fonts, svg, theme
from analysis.publish.figures.sheet import Drawing, Layout


def drawn(
    draw: Callable[[Any, Layout], None],
    data: pd.DataFrame,
    alt: str,
    *,
    height: float = 340.0,
    height_narrow: float = 300.0,
) -> Drawing:
    """Let ``draw(axes, layout)`` draw on Matplotlib axes, once ``"wide"`` and once ``"narrow"``.

    Colours must be those of the house (``theme.colour("navy")``; seaborn needs ``saturation=1``), because each has
    its twin for dark pages; pictures (``imshow``) are refused. ``data`` is the table behind the drawing, ``alt``
    says what it shows.

    >>> frame = pd.DataFrame({"x": [1, 2], "y": [3, 5]})
    >>> figure = drawn(lambda axes, layout: axes.plot(frame["x"], frame["y"]), frame, "A line that rises from 3 to 5.")
    >>> "s-navy" in figure.svg
    True
    """
    if len(alt.split()) < 3:
        raise AnalysisError("a drawing needs `alt`, a sentence that says what it shows")
    wide = _drawn(draw, "wide", height, alt)
    return Drawing(wide, _drawn(draw, "narrow", height_narrow, alt), data.reset_index(drop=True), svg.printable(alt))


def _drawn(draw: Callable[[Any, Layout], None], layout: Layout, height: float, alt: str) -> str:
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    fonts.register()
    width = theme.style().sizes[layout]
    written = io.StringIO()
    with matplotlib.rc_context(theme.matplotlib_style()):
        figure = Figure(figsize=(width / 72, height / 72), dpi=72, layout="constrained")
        FigureCanvasSVG(figure)
        draw(figure.add_subplot(), layout)
        figure.savefig(written, format="svg", transparent=True, metadata={"Date": None})
    return svg.house(written.getvalue(), alt, form="drawn", layout=layout)
