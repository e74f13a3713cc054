"""Where a participant works: a folder of its own with the notebooks, and the environment its programs get."""

from __future__ import annotations

import json
import os
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

from bench.notebooks import VARIED, Run, load, put, runs, with_district, write

ROOT = Path(__file__).resolve().parents[1]
PROGRAMS = Path(sys.executable).parent
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")

_PASSED = ("LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
_NO_NEWS = {
    "PLOOMBER_STATS_ENABLED": "false",
    "PLOOMBER_VERSION_CHECK_DISABLED": "true",
    "DVC_NO_ANALYTICS": "1",
    "DO_NOT_TRACK": "1",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
}


@dataclass(frozen=True)
class Size:
    """How large the test set is: notebooks, further values of the varied one, workers."""

    notebooks: int = 12
    values: int = 30
    workers: int = 2

    @property
    def runs(self) -> tuple[Run, ...]:
        """Every run of the set."""
        return runs(self.notebooks, self.values)


@dataclass(frozen=True)
class Cache:
    """The folder outside the project in which everything of the bench lies."""

    folder: Path

    @property
    def home(self) -> Path:
        """The home folder of every program that is measured, so that none writes into the user's."""
        return self.folder / "home"

    @property
    def kernels(self) -> Path:
        """The data folder of Jupyter with one kernel, of the project's own interpreter."""
        return self.folder / "jupyter"

    @property
    def results(self) -> Path:
        """One line of JSON for each thing measured."""
        return self.folder / "results.jsonl"

    def venv(self, peer: str) -> Path:
        """The environment of one peer."""
        return self.folder / "venvs" / peer

    def work(self, participant: str) -> Path:
        """The folder of one participant."""
        return self.folder / "work" / participant


@dataclass(frozen=True)
class Site:
    """The folder of one participant, with its notebooks in ``notebooks``."""

    cache: Cache
    participant: str
    size: Size
    folder: Path = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "folder", self.cache.work(self.participant))

    @property
    def notebooks(self) -> Path:
        """The notebooks as their author wrote them."""
        return self.folder / "notebooks"

    @property
    def out(self) -> Path:
        """Where most participants are told to put their results."""
        return self.folder / "out"

    def lay(self) -> None:
        """An empty folder with the notebooks and what makes it a checkout of the project."""
        shutil.rmtree(self.folder, ignore_errors=True)
        write(self.notebooks, tuple(run.notebook for run in self.size.runs if run.district is None))
        shutil.copytree(ROOT / "data" / "catalog", self.folder / "data" / "catalog")
        # The project's own list of editions names notebooks that are not in this folder.
        (self.folder / "data" / "catalog" / "editions.yml").unlink(missing_ok=True)
        for name in ("pyproject.toml", "requirements.lock"):
            shutil.copy(ROOT / name, self.folder / name)

    def copies(self, folder: Path) -> None:
        """Write every run as a notebook of its own, for tools that know no parameters."""
        folder.mkdir(parents=True, exist_ok=True)
        varied = load(self.notebooks / f"{VARIED}.ipynb")
        for run in self.size.runs:
            plain = load(self.notebooks / f"{run.notebook}.ipynb")
            put(folder / f"{run.name}.ipynb", with_district(varied, run.district) if run.district else plain)

    def environment(self, *, parallel: bool = True) -> dict[str, str]:
        """What the programs of this participant find around them.

        Two workers get one thread each for linear algebra; one worker alone may use what the machine has.
        """
        kept = {name: os.environ[name] for name in _PASSED if name in os.environ}
        own = self.cache.venv(self.participant) / "bin"
        path = ":".join([str(own)] * own.is_dir() + [str(PROGRAMS), "/usr/local/bin", "/usr/bin", "/bin"])
        around = {
            "PATH": path,
            "HOME": str(self.cache.home),
            "JUPYTER_PATH": str(self.cache.kernels),
            "ANALYSIS_ROOT": str(self.folder),
            "ANALYSIS_SOURCE": "sample",
            "BENCH_WORKERS": str(self.size.workers),
        }
        return kept | _NO_NEWS | around | (dict.fromkeys(THREADS, "1") if parallel else {})


def lay_kernel(cache: Cache) -> None:
    """The kernel every peer starts: the interpreter of the project, under the name that notebooks ask for."""
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    specification = {"argv": argv, "display_name": "Angeleno (Python 3)", "language": "python"}
    folder = cache.kernels / "kernels" / "angeleno"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "kernel.json").write_text(json.dumps(specification, indent=1), encoding="utf-8")
    cache.home.mkdir(parents=True, exist_ok=True)
