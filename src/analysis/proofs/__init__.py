"""Proofs: what each method did in some hundred invented worlds whose truth is known, as recorded runs.

A *trial* invents a world from a seed, runs the very function that a report calls, and notes what came of it: the
estimate, whether the interval held the truth, whether the planted thing was found, whether something was announced in a
twin of the world where nothing is. ``analysis prove`` runs every trial over all its seeds, minutes of work that no page
could do while it is made, and writes one line a world to ``records/``.

A record cannot quietly go stale or be made up:

* it names the digest of all the code its trial runs (:mod:`analysis.proofs.meaning`); if a line of that code means
  something else, the page that quotes the record is not made until the trial has been run again;
* every build of a page lives through one world of each trial again, drawn by lot, and every run of the tests through
  several; a single world that turns out otherwise stops them.
"""

from __future__ import annotations

from analysis.proofs.record import recorded
from analysis.proofs.summary import Proof, Rate
from analysis.proofs.table import proof_table, shortfalls
from analysis.proofs.world import Trial, World

__all__ = ["Proof", "Rate", "Trial", "World", "proof_table", "recorded", "shortfalls"]
