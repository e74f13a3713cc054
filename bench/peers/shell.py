"""papermill and nbconvert from a shell loop, one run after another."""

from __future__ import annotations

from collections.abc import Sequence

from bench.peers.peer import Peer
from bench.site import Site

HEAD = "#!/bin/sh\nset -e\nmkdir -p out\n"


class Shell(Peer):
    """What most people write first."""

    name = "shell"
    label = "papermill and nbconvert from a shell loop"
    knows_stale = False
    parallel = False

    def prepare(self, site: Site) -> None:
        """One script; a loop over the notebooks, and one over the districts."""
        once = [run.notebook for run in site.size.runs if run.district is None]
        varied = [run for run in site.size.runs if run.district]
        lines = [
            f"for n in {' '.join(once)}; do",
            "  papermill --no-progress-bar notebooks/$n.ipynb out/$n.ipynb",
            "  jupyter nbconvert --log-level WARN --to html out/$n.ipynb",
            "done",
        ]
        if varied:
            name = varied[0].notebook
            lines += [
                f"for d in {' '.join(str(run.district) for run in varied)}; do",
                f"  papermill --no-progress-bar notebooks/{name}.ipynb out/{name}--district-$d.ipynb -p district $d",
                f"  jupyter nbconvert --log-level WARN --to html out/{name}--district-$d.ipynb",
                "done",
            ]
        (site.folder / "build.sh").write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")

    def command(self, site: Site) -> Sequence[str]:
        return ["sh", "build.sh"]
