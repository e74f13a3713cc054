"""The process that stands by between two commands, so that the second one starts at once.

What a build needs takes longer to import than one notebook to run. So whoever runs notebooks from the command line
leaves this process behind: it has imported what runs and prints them, and has a warm process with the stack
(:mod:`analysis.report.warm.zygote`). It computes nothing and reads no data. The next command becomes a fork of it, with
the terminal, environment and folder of whoever called (:mod:`analysis.handover`), and no state passes from
one to the next. It ends when nobody needed it for some minutes, and before the next command if anything it had imported
was changed meanwhile.
"""

from __future__ import annotations

import gc
import os
import resource
import select
import signal
import socket
import sys
import threading
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from analysis import handover
from analysis.project import ONE_THREAD, SOURCES, AnalysisError
from analysis.report.kernel_environment import keep_warm
from analysis.report.warm import service
from analysis.report.warm.channel import packed, receive_with_files
from analysis.report.warm.zygote import threads

LOOK_AROUND = 30.0
"""Seconds after which it looks, with nothing to do, whether it is still of use."""

PATIENCE = 10.0
"""Seconds whoever called has to say what for."""


@dataclass
class Standby:
    """The process: the checkout, the stamp of what it imported, its socket, and the commands under way by number."""

    root: str
    stamp: str
    address: str
    listener: socket.socket
    minutes: float
    commands: dict[int, socket.socket] = field(default_factory=dict)
    needed: float = field(default_factory=time.monotonic)
    leaving: bool = False

    @property
    def outdated(self) -> bool:
        """Whether anything it has imported was changed."""
        return handover.stamp(self.root) != self.stamp

    def serve(self) -> None:
        """Carry out commands, one fork each, until nobody needs it any more."""
        woken, wake = socket.socketpair()
        for end in (woken, wake):
            end.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
        while True:
            watched = [self.listener, woken, *self.commands.values()]
            ready, _, _ = select.select(watched, [], [], min(LOOK_AROUND, 60 * self.minutes))
            if woken in ready:
                woken.recv(4096)
                self._reap()
            for pid, line in list(self.commands.items()):
                if line in ready and not _listens(line):
                    _end(pid)  # whoever asked for it is gone
            if self.listener in ready:
                self._accept((woken, wake))
            if not (ready or self.commands) and (self._idle() or self.outdated):
                self._leave()
            if self.leaving and not self.commands:
                return

    def _idle(self) -> bool:
        return time.monotonic() - self.needed >= 60 * self.minutes

    def _leave(self) -> None:
        """Take no more commands: the next one finds nobody, and starts another."""
        if not self.leaving:
            os.unlink(self.address)
        self.leaving = True

    def _accept(self, own: tuple[socket.socket, ...]) -> None:
        connection, _ = self.listener.accept()
        connection.settimeout(PATIENCE)
        files: list[int] = []
        try:
            request, files = receive_with_files(connection)
            if request["kind"] == "command" and not self.outdated:
                self._begin(connection, request, files, own)
                return
            if request["kind"] != "about" or self.outdated:
                self._leave()
            answer = {"is": "outdated"} if request["kind"] != "end" else {"is": "ended"}
            connection.sendall(packed(answer if self.leaving else self._about()))
        except (EOFError, OSError):
            pass  # whoever called is gone, or has nothing to say
        finally:
            for file in files:
                os.close(file)
        connection.close()

    def _about(self) -> dict[str, Any]:
        try:
            zygote = keep_warm(self.root, SOURCES)
            modules = len(zygote.about()["modules"]) if zygote is not None else 0
        except service.NoWarmth as error:
            return {"is": "cold", "why": str(error)}
        megabytes = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        return {"is": "warm", "pid": os.getpid(), "modules": modules, "megabytes": megabytes, "minutes": self.minutes}

    def _begin(
        self, connection: socket.socket, request: dict[str, Any], files: list[int], own: tuple[socket.socket, ...]
    ) -> None:
        self._keep_warm()
        pid = os.fork()
        if pid == 0:
            for each in (self.listener, connection, *own, *self.commands.values()):
                each.close()
            _carry_out(request, files)
        with suppress(OSError):
            os.setpgid(pid, pid)
        self.commands[pid] = connection
        with suppress(OSError):  # whoever called is gone: that is seen at the next look
            connection.sendall(packed({"is": "begun", "pid": pid}))

    def _keep_warm(self) -> None:
        with suppress(service.NoWarmth):  # a build that finds none starts its own, and says why it cannot
            keep_warm(self.root, SOURCES)

    def _reap(self) -> None:
        for pid, connection in list(self.commands.items()):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if not ended:
                continue
            del self.commands[pid]
            with suppress(OSError):  # nobody waits for it any more
                connection.sendall(packed({"code": os.waitstatus_to_exitcode(status)}))
            connection.close()
            self.needed = time.monotonic()
            self._keep_warm()


def _listens(line: socket.socket) -> bool:
    try:
        return bool(line.recv(1, socket.MSG_DONTWAIT))
    except BlockingIOError:
        return True
    except OSError:
        return False


def _end(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def _carry_out(request: dict[str, Any], files: list[int]) -> None:
    """The life of a fork: the command, with everything of whoever called; it never returns."""
    code = 1
    try:
        os.setpgid(0, 0)
        service.inherit()
        _put_on(request, files)
        code = _ran()
    except BaseException:  # noqa: BLE001 - nothing may climb into the loop of the process that stands by
        traceback.print_exc()
    finally:
        os._exit(code)


def _put_on(request: dict[str, Any], files: list[int]) -> None:
    """Signals, environment, folder and streams of whoever called."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    os.umask(request["umask"])
    os.chdir(request["folder"])
    for source, target in zip(files, (0, 1, 2), strict=True):
        os.dup2(source, target)
        os.close(source)
    for name, file in (("stdin", 0), ("stdout", 1), ("stderr", 2)):
        before = getattr(sys, name)
        lines = file == 2 or os.isatty(file)  # by lines for errors and a terminal, as Python does
        stream = os.fdopen(
            file,
            "w" if file else "r",
            buffering=1 if lines else -1,
            encoding=before.encoding,
            errors=before.errors,
            closefd=False,
        )
        setattr(sys, name, stream)
    sys.argv = ["analysis", *request["words"]]


def _ran() -> int:
    """The exit code of the command in ``sys.argv``."""
    import atexit

    from analysis.cli import main

    code: object = 0
    try:
        main()
    except SystemExit as leaving:
        code = leaving.code
        if isinstance(code, str):
            print(code, file=sys.stderr)
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(BrokenPipeError):
            stream.flush()
    return code if isinstance(code, int) else 0 if code is None else 1


def get_ready(root: str) -> None:
    """Import what every command that runs notebooks needs; compute nothing."""
    os.environ.setdefault(*service.NO_THREAD)
    gc.disable()
    keep_warm(root, SOURCES)
    from analysis.report import build, effort  # noqa: F401
    from analysis.report.execution import makers
    from analysis.report.light_imports import import_for_building
    from analysis.report.printing import get_ready as get_ready_to_print

    import_for_building()
    makers()
    get_ready_to_print()
    if threads() > 1:
        raise AnalysisError("a library started a thread when it was imported; nothing can be forked from here")
    gc.freeze()
    gc.enable()


def main() -> None:
    """Listen at once, so that whoever started this can ask; answer once everything is imported."""
    root, place = sys.argv[1:]
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    stamp = handover.stamp(root)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with suppress(FileNotFoundError):
        os.unlink(place)
    listener.bind(place)
    listener.listen(16)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    standby = Standby(root, stamp, place, listener, handover.minutes(os.environ) or handover.MINUTES)
    try:
        get_ready(root)
        standby.serve()
    finally:
        if not standby.leaving:
            os.unlink(place)
        service.forget()


if __name__ == "__main__":
    main()
