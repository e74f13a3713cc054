"""What libraries set up at their first use, set up once: a fork would pay for it in every notebook.

Nothing here leaves more behind than what the libraries keep for themselves: fonts that were looked up, a parser of
formulas, the list of installed plug-ins, words. No figure, no frame, no random state, no thread (the warm process
looks). A library that the notebooks do not import is left alone.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from io import BytesIO, StringIO


def rehearse() -> None:
    """Use once what is there to be used."""
    for library, use in _USES.items():
        if library in sys.modules:
            use()


def _draw() -> None:
    """A small figure that pyplot never hears of: fonts, markers, legends, formulas, PNG and SVG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    figure = Figure(figsize=(2, 1))
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.plot([1, 2], [1, 10], marker="o", label="$10^2$")
    axes.set(title="title", xlabel="x", ylabel="y", xticks=[1], yticks=[1])
    axes.legend(title="title")
    figure.savefig(BytesIO(), format="png", bbox_inches="tight")
    FigureCanvasSVG(figure)
    figure.savefig(StringIO(), format="svg")


def _recognise() -> None:
    """Ask whether a list is a frame: scikit-learn asks so of all it gets, and the first answer lists all plug-ins."""
    from narwhals.dependencies import is_into_dataframe

    is_into_dataframe([1.0])


def _show() -> None:
    """Show a frame as text and as HTML."""
    import pandas as pd

    frame = pd.DataFrame({"a": [1.5], "b": ["x"]}, index=pd.to_datetime(["2020-01-01"]))
    repr(frame)
    frame._repr_html_()  # type: ignore[operator]


def _word() -> None:
    """Read the words in which findings are told."""
    from analysis.publish.wording import wording

    wording("en")


_USES: dict[str, Callable[[], None]] = {
    "pandas": _show,
    "matplotlib": _draw,
    "narwhals": _recognise,
    "analysis.publish.wording": _word,
}
