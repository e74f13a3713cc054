"""Figures."""
from analysis.publish.figures.timeline import timeline
from analysis.publish.figures.dotrange import dotrange
from analysis.publish.figures.change import dumbbell, slope
from analysis.publish.figures.multiples import small_multiples
from analysis.publish.figures.bars import bars
from analysis.publish.figures.distribution import distribution
from analysis.publish.figures.scatter import scatter
from analysis.publish.figures.choices import multiverse
from analysis.publish.figures.heat import heat_table
from analysis.publish.figures.shares import share_bars, waffle
from analysis.publish.figures.lineage import lineage
