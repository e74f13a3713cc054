"""Starting the warm process, and asking it for forks.

One warm process serves a whole build: the workers of the build inherit its address. Without one, the first notebook run
starts one for this process (so does ``papermill --engine analysis``), and it ends with it.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.project import AnalysisError
from analysis.report.warm.channel import Inbox, send_with_files

PATIENCE = 180.0
"""Seconds a warm process may take to import the stack."""

# Arrow's allocator would start a thread of its own when pandas is imported.
NO_THREAD = ("JE_ARROW_MALLOC_CONF", "background_thread:false")
_MEMORY = {
    # A fresh process hands memory back and asks for it again, page by page; this one keeps it, and takes large pages.
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=33554432"
    ":glibc.malloc.trim_threshold=536870912:glibc.malloc.top_pad=33554432",
    # Arrow has an allocator of its own, which a fork would fill anew beside the one that is full already.
    "ARROW_DEFAULT_MEMORY_POOL": "system",
}


class NoWarmth(AnalysisError):
    """The warm process could not be started, or ended while it was needed."""


def possible() -> bool:
    """Whether this platform can run notebooks in forks: Linux only; elsewhere system libraries forbid it."""
    return sys.platform == "linux" and hasattr(os, "fork") and hasattr(socket, "SCM_RIGHTS")


def last_lines(path: Path) -> str:
    """The last three lines of a file; empty where there is none."""
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    return "; ".join(text.strip().splitlines()[-3:])


@dataclass(frozen=True)
class Fork:
    """One fork: ``connection`` to talk over, ``status`` a pipe that says how it ended, ``folder`` its own."""

    connection: socket.socket
    status: int
    folder: Path

    def last_words(self) -> str:
        """The end of what it wrote to standard error."""
        return last_lines(self.folder / "stderr.txt")

    def ended(self, within: float) -> int | None:
        """Its exit code, negative for a signal; None when it has not ended in that many seconds."""
        import select

        ready, _, _ = select.select([self.status], [], [], within)
        told = os.read(self.status, 64).decode().strip() if ready else ""
        return int(told) if told else None

    def close(self) -> None:
        """Let go of it; a fork that still runs is killed by that."""
        self.connection.close()
        os.close(self.status)
        shutil.rmtree(self.folder, ignore_errors=True)


class Zygote:
    """A warm process: started at once, warm a little later; asking waits until it is."""

    def __init__(
        self,
        modules: Sequence[str],
        environment: Mapping[str, str],
        first_lines: str = "",
        without: Sequence[str] = (),
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="analysis-"))
        self.first_lines = first_lines
        self.modules, self.without = frozenset(modules), frozenset(without)
        self.started_ahead = False
        self._owner = os.getpid()
        self._log = (self.folder / "log.txt").open("wb")
        settings = {
            "IPYTHONDIR": str(self.folder),
            "JUPYTER_CONFIG_DIR": str(self.folder),
            **dict([NO_THREAD]),
            **_MEMORY,
        }
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "analysis.report.warm.zygote"],
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=self._log,
            env={**environment, **settings},
            start_new_session=True,
        )
        orders = {
            "address": self.address, "profile": str(self.folder), "modules": list(modules), "without": list(without),
        }  # fmt: skip
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps({**orders, "first_lines": first_lines}).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise NoWarmth(f"the warm process ended at its start: {self.words()}") from None

    @property
    def owned(self) -> bool:
        """Whether this process started it."""
        return self._owner == os.getpid()

    @property
    def alive(self) -> bool:
        """Whether it can still be asked, as far as can be seen from here."""
        return self.folder.is_dir() and (not self.owned or self._process.poll() is None)

    @property
    def address(self) -> str:
        """The socket it listens on, in a folder that only this user may enter."""
        return str(self.folder / "zygote")

    def words(self) -> str:
        """The end of its log."""
        return last_lines(self.folder / "log.txt")

    def fork(self, kind: str, environment: Mapping[str, str], folder: str, **more: Any) -> Fork:
        """A fork to talk to. ``kind`` is kernel, or call with ``function`` and ``arguments``.

        Raises NoWarmth when the warm process is gone.
        """
        place = Path(tempfile.mkdtemp(prefix="analysis-"))
        own = {"IPYTHONDIR": str(place), "JUPYTER_CONFIG_DIR": str(place)}
        request = {"kind": kind, "profile": str(place), "folder": folder, "environment": {**environment, **own}, **more}
        request.setdefault("first_lines", self.first_lines)
        status, told = os.pipe()
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND
        files = [os.open(place / f"{name}.txt", flags, 0o600) for name in ("stdout", "stderr")]
        try:
            connection = self._connected()
            send_with_files(connection, request, [*files, told])
        except OSError as error:
            os.close(status)
            shutil.rmtree(place, ignore_errors=True)
            raise NoWarmth(f"the warm process is gone ({error.strerror}): {self.words()}") from None
        finally:
            for file in (*files, told):
                os.close(file)
        return Fork(connection, status, place)

    def about(self) -> dict[str, Any]:
        """What it says of itself: ``threads``, ``modules`` imported, ``without`` (not to import early), ``failed``."""
        connection = self._connected()
        inbox = Inbox()
        send_with_files(connection, {"kind": "about"}, [])
        while data := _received(connection):
            for message in inbox.fed(data):
                connection.close()
                found: dict[str, Any] = message
                return found
        raise NoWarmth(f"the warm process said nothing: {self.words()}")

    def _connected(self) -> socket.socket:
        until = time.monotonic() + PATIENCE
        while True:
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                connection.connect(self.address)
            except OSError:
                connection.close()
                if time.monotonic() > until or not self.alive:
                    raise NoWarmth(f"the warm process ended or did not get warm: {self.words()}") from None
                time.sleep(0.01)
            else:
                return connection

    def disown(self) -> None:
        """Let go of the line that keeps it alive, in a process forked from its owner."""
        if not self.owned and self._process.stdin is not None:
            self._process.stdin.close()

    def call(self, function: str, environment: Mapping[str, str], folder: str, **arguments: Any) -> Any:
        """What a function of this package, named ``module:function``, returns in a fork, as JSON.

        Raises AnalysisError with its message where it raised one, or where the fork ended before it had an answer.
        """
        fork = self.fork("call", environment, folder, function=function, arguments=arguments)
        try:
            return self._answer(fork, function)
        finally:
            fork.close()

    def _answer(self, fork: Fork, function: str) -> Any:
        inbox = Inbox()
        while data := _received(fork.connection):
            for message in inbox.fed(data):
                if message["channel"] == "result":
                    return message["content"]
                if message["channel"] == "error":
                    told = message["content"]
                    raise AnalysisError(told["message"] if told["ours"] else f"{function}: {told['trace']}")
        raise AnalysisError(f"{function} ended before it had an answer ({fork.ended(1.0)}): {fork.last_words()}")

    def close(self) -> None:
        """End it, and with it every fork that still runs."""
        if not self.owned:
            return  # a worker forked from the owner closes nothing of the owner's
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def _received(connection: socket.socket) -> bytes:
    try:
        return connection.recv(1 << 16)
    except ConnectionResetError:
        return b""


_current: Zygote | None = None


def inherited() -> Zygote | None:
    """The warm process this process was born with, if it was forked by a build that has one."""
    return _current if _current is not None and not _current.owned else None


def begin(
    modules: Sequence[str], environment: Mapping[str, str], first_lines: str, without: Sequence[str] = ()
) -> Zygote:
    """Start the warm process of this process, in place of one it may have."""
    global _current
    forget()
    _current = Zygote(modules, environment, first_lines, without)
    atexit.register(_current.close)
    return _current


def at_hand() -> Zygote | None:
    """The warm process of this process, if it has one that lives."""
    return _current if _current is not None and _current.alive else None


def ahead() -> Zygote | None:
    """The warm process that was started for this process before it knew what it would build, if it lives."""
    return _current if _current is not None and _current.started_ahead and _current.alive else None


def inherit() -> None:
    """Called by a worker after it was forked: it uses the warm process it was born with, and does not keep it alive."""
    if _current is not None:
        _current.disown()


def forget() -> None:
    """End this process's warm process, so that the next run starts one that knows the code as it is then."""
    global _current
    if _current is not None:
        atexit.unregister(_current.close)
        _current.close()
        _current = None
