"""The warm process: imports the stack once, computes nothing, and forks whoever is to run.

Started by :mod:`analysis.report.warm.service` as ``python -P -m analysis.report.warm.zygote``, with its orders as JSON
on standard input. It has one thread for as long as it lives: a fork of a process whose libraries have computed (an
OpenMP pool, a database connection) hangs, one that has only imported does not. An import that starts a thread is undone
by starting anew without it.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import resource
import select
import signal
import socket
import sys
import sysconfig
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from analysis.project import AnalysisError
from analysis.report.warm.channel import packed, receive_with_files
from analysis.report.warm.rehearsal import rehearse
from analysis.report.warm.shelf import Shelf, note_digests, noting_needs, of_package, put_away

LIFELINE = 0
"""Standard input: when its other end closes, whoever started this process is gone."""


@dataclass
class Orders:
    """What the warm process is told at its start.

    ``modules`` are imported in this order, ``without`` never; ``address`` is the socket to listen on, ``profile`` a
    folder for the shell, ``first_lines`` run in every kernel before its first cell.
    """

    address: str
    profile: str
    modules: list[str]
    without: list[str]
    first_lines: str


@dataclass
class Warm:
    """The warm process's state, all of it shared with its forks by memory alone.

    ``kernels`` is the module of that name: it lies on the shelf, out of the sight of imports.
    """

    kernels: Any
    kernel: Any
    shelf: Shelf
    base: frozenset[str]
    without: list[str]
    failed: list[str]
    children: dict[int, int] = field(default_factory=dict)


def threads() -> int:
    """How many threads the system sees in this process; 1 where it cannot be asked."""
    tasks = Path("/proc/self/task")
    return sum(1 for _ in tasks.iterdir()) if tasks.is_dir() else 1


def warmed(orders: Orders) -> Warm:
    """Import everything, then take this package's modules out of sight.

    The shell exists first: pandas looks for one when it is imported, to choose how wide it prints.
    """
    from analysis.report.warm import kernel as kernels

    gc.disable()  # imports make hardly any garbage, and looking for it takes a fifth of their time
    kernel = kernels.prepared(orders.profile)
    failed: list[str] = []
    digests: dict[str, str] = {}
    with noting_needs() as needs:
        for name in orders.modules:
            if name in orders.without or _left():
                continue
            quiet = _said()
            try:
                importlib.import_module(name)
            except Exception as error:  # noqa: BLE001 - whatever a module raises, the cell that imports it will raise
                failed.append(f"{name}: {type(error).__name__}: {error}")
            if threads() > 1 or _said() != quiet:
                _again(orders, name)
            if of_package(name):
                note_digests(digests)
    rehearse()
    if threads() > 1:
        raise AnalysisError("a library started a thread at its first use: see analysis.report.warm.rehearsal")
    note_digests(digests)
    shelf = put_away(needs, digests)
    gc.freeze()  # forks share these pages as long as the collector does not write into them
    gc.enable()
    return Warm(kernels, kernel, shelf, frozenset(sys.modules), orders.without, failed)


def _said() -> int:
    """How much this process has written to its log."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    return os.fstat(2).st_size


def _again(orders: Orders, culprit: str) -> None:
    """Start anew without a module whose import starts threads or says something.

    A fork would lose the threads, and the words belong into the cell that imports it.
    """
    told = {**vars(orders), "without": [*orders.without, culprit]}
    os.environ["ANALYSIS_ZYGOTE_ORDERS"] = json.dumps(told)
    os.execv(sys.executable, [sys.executable, "-P", "-m", "analysis.report.warm.zygote"])


def _left() -> bool:
    ready, _, _ = select.select([LIFELINE], [], [], 0)
    return bool(ready)


def serve(warm: Warm, listener: socket.socket) -> None:
    """Answer requests, one fork each, until whoever started this process is gone; then end every fork."""
    woken, wake = socket.socketpair()
    for end in (woken, wake):
        end.setblocking(False)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
    while True:
        watched: list[Any] = [listener, woken, LIFELINE]
        ready, _, _ = select.select(watched, [], [])
        if woken in ready:
            woken.recv(4096)
            _reap(warm)
        if LIFELINE in ready:
            for pid in warm.children:
                _kill(pid)
            os._exit(0)
        if listener in ready:
            _accept(warm, listener, (listener, woken, wake))


def _kill(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        os.kill(pid, signal.SIGKILL)  # not yet the leader of a group of its own


def _reap(warm: Warm) -> None:
    while warm.children:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        told = warm.children.pop(pid, None)
        if told is not None:
            _say(told, f"{os.waitstatus_to_exitcode(status)}\n")


def _say(told: int, words: str) -> None:
    """How a fork ended, to whoever asked for it; nobody listens any more once its goodbye was heard."""
    with suppress(BrokenPipeError):
        os.write(told, words.encode())
    os.close(told)


def _accept(warm: Warm, listener: socket.socket, own: tuple[socket.socket, ...]) -> None:
    connection, _ = listener.accept()
    try:
        request, files = receive_with_files(connection)
    except EOFError:
        connection.close()
        return
    if request["kind"] == "about":
        about = {"threads": threads(), "modules": sorted(warm.base), "without": warm.without, "failed": warm.failed}
        connection.sendall(packed(about))
        connection.close()
        return
    out, err, told = files
    pid = os.fork()
    if pid:
        warm.children[pid] = told
        for file in (out, err):
            os.close(file)
        connection.sendall(packed({"channel": "forked", "pid": pid}))
        connection.close()
        return
    for each in own:
        each.close()
    os.close(told)
    for other in warm.children.values():
        os.close(other)
    _forked(warm, request, connection, out, err)


def _forked(warm: Warm, request: dict[str, Any], connection: socket.socket, out: int, err: int) -> None:
    """The life of a fork; it never returns."""
    code = 1
    try:
        os.setsid()
        _fresh(request, out, err)
        code = (_kernel if request["kind"] == "kernel" else _call)(warm, request, connection)
    except BaseException:  # noqa: BLE001 - nothing may climb into the warm process's loop
        traceback.print_exc(file=sys.__stderr__)
    finally:
        os._exit(code)


def _fresh(request: dict[str, Any], out: int, err: int) -> None:
    """Signals, environment, folder, streams, limits and modules as a process of its own would have them."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    os.chdir(request["folder"])
    null = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((null, 0), (out, 1), (err, 2)):
        os.dup2(source, target)
    if request.get("memory"):
        resource.setrlimit(resource.RLIMIT_DATA, (request["memory"], request["memory"]))


def _kernel(warm: Warm, request: dict[str, Any], connection: socket.socket) -> int:
    sys.meta_path.insert(0, warm.shelf)
    warm.kernels.settled_in(warm.kernel, request["profile"], 1, 2)
    talk = warm.kernels.Conversation(warm.kernel, connection, request["first_lines"])
    last = talk.hold()
    if last is None:
        return 0
    _run_exit_functions()
    new = sorted(name for name in _added(warm.base) if _installed(name) or _unforeseen(warm, name))
    connection.sendall(packed({"channel": "bye", "content": {**used(), "modules": new}}))
    return 0


# What belongs to a shell that runs cells; imported before there is one, it would not notice it.
_OF_THE_SHELL = ("IPython", "ipykernel", "matplotlib_inline", "comm", "debugpy", "pydevd", "_pydevd", "_pydev")

_INSTALLED = tuple(sysconfig.get_path(kind) for kind in ("stdlib", "purelib", "platlib"))


def _installed(name: str) -> bool:
    """Whether a module comes with Python or an installed package, so that the next warm process can import it."""
    origin = str(getattr(getattr(sys.modules[name], "__spec__", None), "origin", None) or "")
    root = name.partition(".")[0]
    return origin.startswith(_INSTALLED) and not of_package(name) and not root.startswith(_OF_THE_SHELL)


def _unforeseen(warm: Warm, name: str) -> bool:
    """Whether a module of this package was imported by the run itself, because it did not lie on the shelf."""
    return of_package(name) and name not in warm.shelf.digests


def _added(base: frozenset[str]) -> list[str]:
    """The modules imported since ``base``. The others' names are not even looked at: their memory stays shared."""
    newest = islice(reversed(sys.modules), max(0, len(sys.modules) - len(base)))
    return [name for name in newest if name not in base]


def used() -> dict[str, float]:
    """Seconds of processor and most megabytes this process has used, shared pages included."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {"cpu": usage.ru_utime + usage.ru_stime, "megabytes": usage.ru_maxrss / 1024}


def _run_exit_functions() -> None:
    import atexit

    atexit._run_exitfuncs()


def _call(warm: Warm, request: dict[str, Any], connection: socket.socket) -> int:
    """Run one function of this package in a fork, and send back what it returned as JSON."""
    sys.meta_path.insert(0, warm.shelf)
    module, _, function = request["function"].partition(":")
    try:
        result = getattr(importlib.import_module(module), function)(**request["arguments"])
        answer = {"channel": "result", "content": result, **used()}
    except Exception as error:  # noqa: BLE001 - told to whoever asked
        told = {"ours": isinstance(error, AnalysisError), "message": str(error), "trace": traceback.format_exc()}
        answer = {"channel": "error", "content": told, **used()}
    connection.sendall(packed(answer))
    return 0


def main() -> None:
    """Take orders, warm up, say so, and serve."""
    held = os.environ.pop("ANALYSIS_ZYGOTE_ORDERS", None)
    orders = Orders(**json.loads(held or sys.stdin.readline()))
    warm = warmed(orders)
    # Only now: whoever connects is served, and is not cut off when warming starts anew.
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(orders.address)
    listener.listen(64)
    serve(warm, listener)


if __name__ == "__main__":
    main()
