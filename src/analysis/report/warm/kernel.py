"""The kernel in a fork: ipykernel's own, with a pipe in place of its sockets.

Everything a cell can see is ipykernel's: the shell, its magics, display, tracebacks, comms. Only what carries messages
away differs, so an executed notebook is the same as from a kernel started afresh (``tests/report/test_warm.py``).
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import ipykernel.iostream
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from IPython.core.profiledir import ProfileDir
from jupyter_client.jsonutil import json_default
from jupyter_client.session import Session
from tornado.ioloop import IOLoop
from traitlets.config import Config

from analysis.report.warm.channel import Inbox, arrived, packed

SHELL, IOPUB = "shell", "iopub"


class PipeSession(Session):
    """A session whose messages go down a pipe, as JSON with the name of their channel.

    To wake whoever listens takes longer than to say something, so what is not waited for travels with what follows.
    """

    write: Callable[[bytes, bool], None] | None = None
    _PATIENT = ("execute_input", "execute_reply")

    def send(self, stream: Any, msg_or_type: Any, content: Any = None, parent: Any = None, *_: Any, **more: Any) -> Any:
        """Send one message; binary buffers do not travel, nothing that is stored in a notebook has any."""
        msg = msg_or_type
        if not isinstance(msg_or_type, dict):
            metadata = more.get("metadata")
            msg = self.msg(msg_or_type, content=content, parent=parent, header=more.get("header"), metadata=metadata)
        if self.write is not None:
            told = {key: msg[key] for key in ("header", "msg_id", "msg_type", "parent_header", "content", "metadata")}
            channel = SHELL if stream == SHELL else IOPUB
            self.write(packed({"channel": channel, **told}, _plain), msg["msg_type"] in self._PATIENT)
        return msg


def _plain(value: Any) -> Any:
    try:
        return json_default(value)
    except TypeError:
        return str(value)


class Captured(ipykernel.iostream.OutStream):
    """``sys.stdout`` and ``sys.stderr`` of a cell: what Python writes, and what anything else writes to the descriptor.

    ipykernel watches the descriptor with a thread. Here the descriptor is a file, looked into before every write and
    flush, so that what a subprocess or a C library said keeps its place among what Python says.
    """

    def __init__(self, session: Session, name: str, descriptor: int) -> None:
        super().__init__(session, _AtOnce(), name, watchfd=False)  # type: ignore[no-untyped-call]
        self._descriptor = descriptor
        self._seen = os.fstat(descriptor).st_size

    def fileno(self) -> int:
        """The descriptor itself, for programs that write there."""
        return self._descriptor

    def write(self, string: str) -> int | None:  # type: ignore[override]
        """Add text behind whatever came through the descriptor meanwhile."""
        self._drain()
        return super().write(string)

    def flush(self) -> None:
        """Send what is held."""
        self._drain()
        self._flush()  # type: ignore[no-untyped-call]

    def _drain(self) -> None:
        size = os.fstat(self._descriptor).st_size
        if size > self._seen:
            data = os.pread(self._descriptor, size - self._seen, self._seen)
            self._seen += len(data)
            super().write(data.decode(errors="replace"))


class _AtOnce(ipykernel.iostream.IOPubThread):
    """Stands where ipykernel has a thread that sends; here sending is immediate and needs none."""

    def __init__(self) -> None:
        self.thread = None  # type: ignore[assignment]
        self.io_loop = SimpleNamespace(call_later=lambda *_: None)  # type: ignore[assignment]

    def schedule(self, f: Callable[[], object]) -> None:
        """Do it now."""
        f()


class WarmKernel(IPythonKernel):
    """ipykernel's kernel without sockets and threads."""

    _execute_sleep = 0.0

    def _abort_queues(self, subshell_id: str | None = None) -> None:
        """Nothing is queued: the next cell is asked for when this one has ended."""

    @property
    def _supports_kernel_subshells(self) -> bool:
        return False


def prepared(profile: str) -> WarmKernel:
    """A kernel with its shell, ready to be forked; imports made after this find a notebook's shell."""
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.enable_tip = False  # a tip of the day draws from the random state
    config.IPKernelApp.exec_PYTHONSTARTUP = False
    app: Any = IPKernelApp.instance(config=config)
    app.init_pdb()
    session = PipeSession(check_pid=False, key=b"")
    log = logging.getLogger("ipykernel")
    with _no_debugger():
        kernel = WarmKernel.instance(
            parent=app,
            session=session,
            profile_dir=_profile(profile),
            iopub_socket=IOPUB,
            shell_channel_thread=SimpleNamespace(parent_thread=threading.main_thread()),
            log=log,
        )
    app.kernel, app.shell = kernel, kernel.shell
    app.init_shell()
    app.init_path()
    app.init_extensions()
    return kernel


class _Profile(ProfileDir):
    """A profile without folders for logs, connections and start-up files, of which a fork has none."""

    def check_dirs(self) -> None:
        """Nothing to make."""


def _profile(folder: str) -> Any:
    return _Profile(location=str(Path(folder) / "profile_default"))


@contextmanager
def _no_debugger() -> Iterator[None]:
    """ipykernel imports a debugger with every kernel, which takes long and starts threads; nobody debugs a build."""
    name = "ipykernel.debugger"
    held = sys.modules.get(name)
    sys.modules[name] = SimpleNamespace(_is_debugpy_available=False, Debugger=object)  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[name]
        if held is not None:
            sys.modules[name] = held


class Conversation:
    """What a fork says and hears from its start to its end."""

    def __init__(self, kernel: WarmKernel, connection: Any, first_lines: str) -> None:
        self._kernel = kernel
        self._connection = connection
        self._inbox = Inbox()
        self._requests: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self._lock = threading.Lock()
        self._held = b""
        self._first_lines = first_lines

    def hold(self) -> dict[str, Any] | None:
        """Run until asked to stop; returns the last request, None when the other side left or a cell asked to exit."""
        session: Any = self._kernel.session
        session.write = self._write
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        threading.Thread(target=_end_with, args=(self._connection,), daemon=True, name="lifeline").start()
        try:
            return loop.run_until_complete(self._answer())
        except RuntimeError as error:
            if "stopped before" not in str(error):
                raise
            return None  # exit() in a cell stops the loop, as it stops a kernel

    def _write(self, message: bytes, patient: bool = False) -> None:
        """Send a message and what was held before it; one that is ``patient`` is held."""
        with self._lock:
            self._held += message
            if not patient:
                message, self._held = self._held, b""
                self._connection.sendall(message)

    async def _answer(self) -> dict[str, Any] | None:
        kernel: Any = self._kernel
        kernel.io_loop = IOLoop.current()
        asyncio.get_running_loop().add_reader(self._connection.fileno(), self._hear)
        exec(self._first_lines, {})  # they leave no name behind, so no shell has to see them
        self._write(packed({"channel": "ready", "content": {"language_info": kernel.language_info}}))
        while True:
            request = await self._requests.get()
            if request is None or request["type"] != "execute":
                return request
            await self._execute(request)

    def _hear(self) -> None:
        data = arrived(self._connection)
        if data is None:
            return
        if not data:
            asyncio.get_running_loop().remove_reader(self._connection.fileno())
            self._requests.put_nowait(None)
            return
        for request in self._inbox.fed(data):
            self._requests.put_nowait(request)

    async def _execute(self, request: dict[str, Any]) -> None:
        """One cell, between the messages that ipykernel would send around it."""
        kernel: Any = self._kernel
        header = kernel.session.msg_header("execute_request")
        parent = {
            "header": {**header, "msg_id": request["id"]},
            "msg_id": request["id"],
            "msg_type": "execute_request",
            "parent_header": {},
            "metadata": {},
            "content": {
                "code": request["code"], "silent": False, "store_history": request["store_history"],
                "user_expressions": {}, "allow_stdin": False, "stop_on_error": request["stop_on_error"],
            },
        }  # fmt: skip
        kernel.set_parent([], parent, channel="shell")
        kernel.pre_handler_hook()
        try:
            await kernel.execute_request(SHELL, [], parent)
        except KeyboardInterrupt:
            kernel.log.error("KeyboardInterrupt caught in kernel.")
        finally:
            kernel.post_handler_hook()
        sys.stdout.flush()
        sys.stderr.flush()
        kernel._publish_status("idle", "shell")


def settled_in(kernel: WarmKernel, profile: str, out: int, err: int) -> None:
    """Give a fork what a kernel of its own would have: streams, profile, environment of the shell, signals."""
    app: Any = kernel.parent
    shell: Any = kernel.shell
    session: Any = kernel.session
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # heard only while a cell runs, as in ipykernel
    sys.stdout = Captured(session, "stdout", out)
    sys.stderr = Captured(session, "stderr", err)
    app.patch_io()
    shell.init_environment()
    shell.ipython_dir = profile
    shell.profile_dir = _profile(profile)


def _end_with(connection: Any) -> None:
    """Wait, beside the cells, until the other side is gone: nobody is left to run for."""
    import select

    poll = select.poll()
    poll.register(connection.fileno(), select.POLLHUP | select.POLLERR | getattr(select, "POLLRDHUP", 0))
    poll.poll()
    os.killpg(os.getpgrp(), signal.SIGKILL)


__all__ = ["Conversation", "WarmKernel", "prepared", "settled_in"]
