"""How a notebook is executed: as a papermill engine, in a kernel that this interpreter starts itself.

Which kernels happen to be installed on the machine does not matter, nor do the user's start-up files, plotting
settings or secrets: the kernel gets a bare environment and an empty profile. :class:`AnalysisEngine` is registered as
``papermill --engine analysis``; another way of running cells only has to be another papermill engine.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, papermill_engines
from papermill.log import logger
from traitlets import default

NAME = "analysis"
KERNEL = "angeleno"

# What a process needs to run at all. Everything else stays outside: no key or password can reach a notebook.
_PASSED = (
    "PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "WINDIR", "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH", "VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH", "PROJ_DATA", "PROJ_LIB", "GDAL_DATA",
    "COVERAGE_PROCESS_START", "MPLCONFIGDIR", "XDG_CACHE_HOME", "ANALYSIS_SOURCE", "ANALYSIS_ROOT",
)  # fmt: skip
_FIXED = {
    "TZ": "UTC",
    "LC_ALL": "C.UTF-8",
    "LANG": "C.UTF-8",
    "PYTHONHASHSEED": "0",
    "PYTHONNOUSERSITE": "1",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    # One thread a worker: workers do not fight for cores, and sums come out in one order.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
}
_LONGEST_SOCKET_FOLDER = 80
_SEEDED = "import random as _r, numpy as _n; _r.seed(0); _n.random.seed(0); del _r, _n"


def bare_environment(outside: Mapping[str, str], profile: str) -> dict[str, str]:
    """The environment of a kernel: what a process needs, what we fix, and an empty IPython profile.

    >>> bare_environment({"PATH": "/bin", "CENSUS_API_KEY": "abc"}, "/tmp/p")["TZ"]  # pragma: allowlist secret
    'UTC'
    >>> "CENSUS_API_KEY" in bare_environment({"CENSUS_API_KEY": "secret"}, "/tmp/p")  # pragma: allowlist secret
    False
    """
    kept = {name: outside[name] for name in _PASSED if name in outside}
    settings = {"IPYTHONDIR": profile, "JUPYTER_CONFIG_DIR": profile, "MATPLOTLIBRC": _own_matplotlibrc()}
    return {**kept, **_FIXED, **{name: value for name, value in settings.items() if value}}


def _own_matplotlibrc() -> str:
    """The settings file matplotlib ships, so that one in the user's home is not read."""
    found = importlib.util.find_spec("matplotlib")
    folder = Path(found.origin).parent if found and found.origin else None
    return str(folder / "mpl-data" / "matplotlibrc") if folder else ""


class RunBroken(Exception):
    """A run that ended without an error of a cell; ``index`` is of the cell it came to, from 0, or -1."""

    def __init__(self, reason: str, nb_man: Any) -> None:
        super().__init__(reason)
        done = [i for i, cell in enumerate(nb_man.nb.cells) if cell.metadata.get("papermill", {}).get("start_time")]
        self.index = max(done, default=-1)


class KernelDied(RunBroken):
    """A kernel that ended without being asked to."""


class CellTooSlow(RunBroken):
    """A cell that took longer than it may."""


class OwnKernelManager(AsyncKernelManager):
    """Starts a kernel of the running interpreter, whatever kernels are installed under whatever name.

    Files and sockets of the connection lie in ``profile``; two builds share no port and nothing is open to others.
    """

    profile = ""

    @property
    def kernel_spec(self) -> KernelSpec:
        """The specification of our kernel, never one from disk."""
        argv = [
            sys.executable,
            *("-m", "ipykernel_launcher", "-f", "{connection_file}"),
            "--HistoryManager.enabled=False",
            "--InteractiveShell.enable_tip=False",  # a tip of the day draws from the random state
            f"--IPKernelApp.exec_lines={_SEEDED}",
            "--IPKernelApp.exec_PYTHONSTARTUP=False",
        ]
        return KernelSpec(argv=argv, display_name="Angeleno (Python 3)", language="python", name=KERNEL)

    @default("connection_file")
    def _connection_file(self) -> str:
        return str(Path(self.profile) / "kernel.json")

    @default("transport")
    def _transport(self) -> str:
        # A socket's path may not be longer than about 100 bytes; a deep temporary folder falls back to a local port.
        return "ipc" if len(self.profile) < _LONGEST_SOCKET_FOLDER else "tcp"


class AnalysisEngine(Engine):  # type: ignore[misc]
    """Papermill engine: one fresh, bare kernel a notebook."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: Any, kernel_name: str, log_output: bool = False, start_timeout: int = 60, **options: Any
    ) -> None:
        """Execute the cells of ``nb_man`` in order; stops at the first that fails (papermill then raises).

        ``cell_timeout`` is the longest a cell may take, in seconds; ``kernel_cwd`` the kernel's working directory.
        Raises KernelDied with the kernel's last words when it ends of itself, CellTooSlow when a cell does not end.
        """
        with tempfile.TemporaryDirectory(prefix="analysis-") as profile:
            client = PapermillNotebookClient(
                nb_man,
                kernel_name=KERNEL,
                kernel_manager_class=type("Manager", (OwnKernelManager,), {"profile": profile}),
                log=logger,
                log_output=log_output,
                startup_timeout=start_timeout,
                timeout=options.get("cell_timeout"),
                coalesce_streams=True,
            )
            words = Path(profile) / "stderr.txt"
            env = bare_environment(os.environ, profile)
            with words.open("wb") as stderr:
                try:
                    client.execute(env=env, cwd=options.get("kernel_cwd"), stderr=stderr)
                except CellTimeoutError as error:
                    limit = options.get("cell_timeout")
                    raise CellTooSlow(f"ran longer than {limit} seconds and was stopped", nb_man) from error
                except (DeadKernelError, RuntimeError) as error:
                    last = words.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-3:]
                    reason = "; ".join(last) or str(error)
                    raise KernelDied(f"the kernel died, most often for want of memory ({reason})", nb_man) from error

    @classmethod
    def nb_kernel_name(cls, nb: Any, name: str | None = None) -> str:
        """Our kernel, whatever the notebook's metadata say."""
        return KERNEL

    @classmethod
    def nb_language(cls, nb: Any, language: str | None = None) -> str:
        """Python, whatever the notebook's metadata say."""
        return "python"


def register() -> None:
    """Make the engine known to papermill in this process."""
    papermill_engines.register(NAME, AnalysisEngine)
