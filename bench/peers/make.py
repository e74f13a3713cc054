"""make over the two commands, with pattern rules."""

from __future__ import annotations

from collections.abc import Sequence

from bench.notebooks import VARIED
from bench.peers.peer import Peer
from bench.site import Site

RULES = """\
all: $(RUNS:%=out/%.html)
out/%.html: out/%.ipynb
\tjupyter nbconvert --log-level WARN --to html $<
out/VARIED--district-%.ipynb: notebooks/VARIED.ipynb | out
\tpapermill --no-progress-bar $< $@ -p district $*
out/%.ipynb: notebooks/%.ipynb | out
\tpapermill --no-progress-bar $< $@
out:
\tmkdir -p out
.PHONY: all
.SECONDARY:
"""


class Make(Peer):
    """GNU make."""

    name = "make"
    label = "make -j2 over the two commands"

    def prepare(self, site: Site) -> None:
        """One Makefile."""
        names = " ".join(run.name for run in site.size.runs)
        (site.folder / "Makefile").write_text(f"RUNS := {names}\n" + RULES.replace("VARIED", VARIED), encoding="utf-8")

    def command(self, site: Site) -> Sequence[str]:
        return ["make", f"-j{site.size.workers}"]
