"""How a notebook is executed: as a papermill engine, in a fork of a warm process or in a kernel started afresh.

Which kernels happen to be installed on the machine does not matter, nor do the user's start-up files, plotting
settings or secrets: the kernel gets a bare environment and an empty profile. :class:`AnalysisEngine` is known to
papermill as ``papermill --engine analysis``. A fork (:mod:`analysis.report.warm`) is ready in milliseconds; where the
platform has none, and with ``ANALYSIS_ISOLATED=1``, a new interpreter is started, and the executed notebook is the
same.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, papermill_engines
from papermill.log import logger
from traitlets import default

from analysis.publish.wording import KERNEL_WORDS
from analysis.report.kernel_environment import bare_environment, first_lines, isolated, warm_process
from analysis.report.warm import service
from analysis.report.warm.service import last_lines

NAME = "analysis"
KERNEL = "angeleno"
_LONGEST_SOCKET_FOLDER = 80
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


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
            *(f"--IPKernelApp.exec_lines={line}" for line in first_lines().splitlines()),
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


class _Client(PapermillNotebookClient):  # type: ignore[misc]
    """Runs the cells, and says of each, once it has ended, how long it took and what it said."""

    def __init__(self, nb_man: Any, log_file: Any = None, **options: Any) -> None:
        super().__init__(nb_man, **options)
        self._told = log_file
        if log_file is not None:
            self.on_cell_start = self._begin
            self.on_cell_executed = self._end

    def papermill_execute_cells(self) -> None:
        """Execute the cells until one fails, as papermill does, but in one go of the event loop."""
        run_sync(self._execute_cells)()

    async def _execute_cells(self) -> None:
        others = asyncio.all_tasks()
        try:
            for index, cell in enumerate(self.nb.cells):
                try:
                    self.nb_man.cell_start(cell, index)
                    await self.async_execute_cell(cell, index)
                except CellExecutionError as error:
                    self.nb_man.cell_exception(cell, cell_index=index, exception=error)
                    break
                finally:
                    self.nb_man.cell_complete(cell, cell_index=index)
        finally:
            await _ended(asyncio.all_tasks() - others)

    def _begin(self, cell: Any, cell_index: int) -> None:
        self._begun = time.perf_counter()

    def _end(self, cell: Any, cell_index: int, execute_reply: Any) -> None:
        seconds = time.perf_counter() - self._begun
        lines = cell.source.strip().splitlines()
        print(f"cell {cell_index + 1}  {seconds:.3f} s  {lines[0] if lines else ''}", file=self._told)
        for output in cell.outputs:
            if output.output_type == "stream":
                print(output.text.rstrip(), file=self._told)
            elif output.output_type == "error":
                print(_ANSI.sub("", "\n".join(output.traceback)), file=self._told)
        self._told.flush()


async def _ended(tasks: set[asyncio.Task[Any]]) -> None:
    """End what still listens to a cell that took too long: nbclient leaves it to whenever garbage is collected."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


class AnalysisEngine(Engine):  # type: ignore[misc]
    """Papermill engine: one fresh, bare kernel a notebook."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: Any, kernel_name: str, log_output: bool = False, start_timeout: int = 60, **options: Any
    ) -> None:
        """Execute the cells of ``nb_man`` in order; stops at the first that fails (papermill then raises).

        ``cell_timeout`` is the longest a cell may take, in seconds; ``kernel_cwd`` the kernel's working directory;
        ``log_file`` an open text file that is told of each cell; ``words`` the notebook's words in other languages.
        What the run used (``cpu`` seconds, ``megabytes`` at most, ``modules`` it imported that were not warm) is left
        in the notebook's papermill metadata.
        Raises KernelDied with the kernel's last words when it ends of itself, CellTooSlow when a cell does not end.
        """
        options |= {"log_output": log_output, "start_timeout": start_timeout}
        if isolated():
            _run_isolated(nb_man, options)
            return
        try:
            _run_warm(nb_man, options)
        except service.NoWarmth:
            service.forget()  # the warm process was killed: one more try, with another
            _run_warm(nb_man, options)

    @classmethod
    def nb_kernel_name(cls, nb: Any, name: str | None = None) -> str:
        """Our kernel, whatever the notebook's metadata say."""
        return KERNEL

    @classmethod
    def nb_language(cls, nb: Any, language: str | None = None) -> str:
        """Python, whatever the notebook's metadata say."""
        return "python"


def _run_warm(nb_man: Any, options: Mapping[str, Any]) -> None:
    from analysis.report.warm.client import manager_class

    managers = manager_class(warm_process(cell.source for cell in nb_man.nb.cells if cell.cell_type == "code"))
    client = _client(nb_man, managers, options)
    # The manager is made here, so that it is still at hand when the client has let go of it.
    client.km = manager = managers(kernel_name=KERNEL)
    client.owns_km = True
    try:
        with _endings(nb_man, options, manager.last_words):
            client.execute(env=_environment(options, ""), cwd=options.get("kernel_cwd"))
    finally:
        manager.put_away()
    nb_man.nb.metadata.papermill["used"] = manager.used


def _run_isolated(nb_man: Any, options: Mapping[str, Any]) -> None:
    with tempfile.TemporaryDirectory(prefix="analysis-") as profile:
        client = _client(nb_man, type("Manager", (OwnKernelManager,), {"profile": profile}), options)
        words = Path(profile) / "stderr.txt"
        env = _environment(options, profile)
        with words.open("wb") as stderr, _endings(nb_man, options, lambda: last_lines(words)):
            client.execute(env=env, cwd=options.get("kernel_cwd"), stderr=stderr)


def _environment(options: Mapping[str, Any], profile: str) -> dict[str, str]:
    words = options.get("words")
    return bare_environment(os.environ, profile) | ({KERNEL_WORDS: words} if words else {})


def _client(nb_man: Any, manager_class: type, options: Mapping[str, Any]) -> _Client:
    return _Client(
        nb_man,
        kernel_name=KERNEL,
        kernel_manager_class=manager_class,
        log=logger,
        log_output=options["log_output"],
        log_file=options.get("log_file"),
        startup_timeout=options["start_timeout"],
        timeout=options.get("cell_timeout"),
        coalesce_streams=True,
    )


@contextmanager
def _endings(nb_man: Any, options: Mapping[str, Any], last_words: Callable[[], str]) -> Iterator[None]:
    """Tell the ways a run can break by what they mean."""
    try:
        yield
    except CellTimeoutError as error:
        limit = options.get("cell_timeout")
        raise CellTooSlow(f"ran longer than {limit} seconds and was stopped", nb_man) from error
    except (DeadKernelError, RuntimeError) as error:
        reason = last_words() or str(error)
        raise KernelDied(f"the kernel died, most often for want of memory ({reason})", nb_man) from error


def register() -> None:
    """Make the engine known to papermill in this process, whether or not the package's metadata are up to date."""
    papermill_engines.register(NAME, AnalysisEngine)
