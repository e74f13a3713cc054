"""Figures."""
from analysis.publish.figures.timeline import timeline
