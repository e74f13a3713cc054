"""Figures in the house style, one function per form; each takes a tidy frame and returns a :class:`Drawing`.

Title, subtitle and source stand on the page around a figure, never inside it: a
drawing holds marks, axes, direct labels and annotations. Uncertainty is drawn
wherever it is given, what is not measurably different is grey, and red means
harm. ``drawing.alt`` says in a sentence what the figure shows.

=====================  ===============================================================
:func:`timeline`       measures over time: ribbon, events, revisions, incomplete tail; steps for survival curves
:func:`small_multiples`  many small time lines on one scale
:func:`dotrange`       estimates with intervals against a reference (forest plot)
:func:`dumbbell`       two periods, one row a place
:func:`slope`          two periods, one line a place
:func:`bars`           lengths from zero
:func:`distribution`   spread within groups: strips of dots, or ridges
:func:`scatter`        two measures, with a fitted trend and its band
:func:`multiverse`     every defensible choice: sorted estimates over their choices
:func:`heat_table`     rows by columns, tinted by number
:func:`share_bars`     parts of one hundred percent
:func:`waffle`         one hundred squares
:func:`funnel`         stages of a process, who went on and who left
:func:`lineage`        datasets into tables into whitepapers
:func:`event_study`    effects by period around an event, what led up to it set apart
:func:`control_chart`  values with center line and limits, those outside as diamonds
:func:`curve`          a measure over a running number: decision curve, partial dependence
:func:`calibration`    what happened against the probability that was given
:func:`drawn`          anything else, drawn with Matplotlib or seaborn
=====================  ===============================================================
"""

from __future__ import annotations

from analysis.publish.figures.bars import bars
from analysis.publish.figures.change import dumbbell, slope
from analysis.publish.figures.choices import multiverse
from analysis.publish.figures.control_chart import control_chart
from analysis.publish.figures.curves import calibration, curve
from analysis.publish.figures.distribution import distribution
from analysis.publish.figures.dotrange import dotrange
from analysis.publish.figures.event_study import event_study
from analysis.publish.figures.freehand import drawn
from analysis.publish.figures.funnel import funnel
from analysis.publish.figures.heat import heat_table
from analysis.publish.figures.lineage import lineage
from analysis.publish.figures.multiples import small_multiples
from analysis.publish.figures.scatter import scatter
from analysis.publish.figures.shares import share_bars, waffle
from analysis.publish.figures.sheet import Drawing
from analysis.publish.figures.timeline import timeline

__all__ = [
    "Drawing",
    "bars",
    "calibration",
    "control_chart",
    "curve",
    "distribution",
    "dotrange",
    "drawn",
    "dumbbell",
    "event_study",
    "funnel",
    "heat_table",
    "lineage",
    "multiverse",
    "scatter",
    "share_bars",
    "slope",
    "small_multiples",
    "timeline",
    "waffle",
]
