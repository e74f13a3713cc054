"""Snakemake: the two commands in one rule, so that its own overhead is paid once a run."""

from __future__ import annotations

from collections.abc import Sequence

from bench.notebooks import VARIED
from bench.peers.peer import Peer
from bench.site import Site

RULES = """\
wildcard_constraints:
    notebook="[a-z0-9_]+",
    district="[a-z0-9]+",

rule all:
    input:
        expand("out/{run}.html", run=RUNS),

rule once:
    input:
        "notebooks/{notebook}.ipynb",
    output:
        notebook="out/{notebook}.ipynb",
        page="out/{notebook}.html",
    shell:
        "papermill --no-progress-bar {input} {output.notebook}"
        " && jupyter nbconvert --log-level WARN --to html {output.notebook}"

rule varied:
    input:
        "notebooks/VARIED.ipynb",
    output:
        notebook="out/VARIED--district-{district}.ipynb",
        page="out/VARIED--district-{district}.html",
    shell:
        "papermill --no-progress-bar {input} {output.notebook} -p district {wildcards.district}"
        " && jupyter nbconvert --log-level WARN --to html {output.notebook}"
"""


class Snakemake(Peer):
    """Snakemake, so many jobs at once."""

    name = "snakemake"
    label = "Snakemake, 2 jobs"
    packages = ("snakemake",)
    state = (".snakemake",)

    def prepare(self, site: Site) -> None:
        """One Snakefile."""
        listed = [run.name for run in site.size.runs]
        text = f"RUNS = {listed!r}\n\n{RULES.replace('VARIED', VARIED)}"
        (site.folder / "Snakefile").write_text(text, encoding="utf-8")

    def command(self, site: Site) -> Sequence[str]:
        return ["snakemake", "--cores", str(site.size.workers), "--quiet", "all"]
