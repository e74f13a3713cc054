"""A fork of the warm process as a Jupyter kernel: what nbclient asks of a manager and a client, over one socket."""

from __future__ import annotations

import asyncio
import os
import queue
import signal
import uuid
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import DeadKernelError

from analysis.report.warm.channel import Inbox, arrived, packed
from analysis.report.warm.service import Fork, Zygote

GOODBYE = 5.0
"""Seconds a kernel may take to end its own affairs."""


class WarmKernelManager(AsyncKernelManager):
    """Manages one fork; made for one run by :func:`manager_class`."""

    zygote: Zygote
    limits: Mapping[str, Any]
    fork: Fork | None = None
    pid = 0
    used: Mapping[str, Any] = MappingProxyType({})
    line: WarmClient | None = None

    ipykernel = False

    @property
    def has_kernel(self) -> bool:
        """Whether a fork was asked for."""
        return self.fork is not None

    async def start_kernel(self, *, extra_arguments: Any = (), **options: Any) -> None:  # type: ignore[override]
        """Ask for a fork in the working directory ``cwd`` with the environment ``env``."""
        self.fork = self.zygote.fork("kernel", options["env"], options.get("cwd") or os.getcwd(), **self.limits)

    def client(self, **_: Any) -> Any:
        """The one client of this kernel."""
        assert self.fork is not None
        self.line = WarmClient(self, self.fork)
        return self.line

    async def is_alive(self) -> bool:  # type: ignore[override]
        """Whether the other end of the line is still there."""
        return self.line is not None and not self.line.gone

    async def interrupt_kernel(self) -> None:  # type: ignore[override]
        """Interrupt the running cell."""
        if self.pid:
            os.kill(self.pid, signal.SIGINT)

    async def shutdown_kernel(self, now: bool = False, restart: bool = False) -> None:  # type: ignore[override]
        """Let the kernel end its affairs, at most for a few seconds; ``now`` ends it at once."""
        if now or self.line is None or self.line.gone or self.line.busy:
            return  # put_away closes the line, and that kills it
        try:
            self.line.send({"type": "shutdown"})
            self.used = await asyncio.wait_for(self.line.bye.get(), GOODBYE) or {}
        except TimeoutError:
            return  # an exit function of a cell hangs

    async def cleanup_resources(self, restart: bool = False) -> None:  # type: ignore[override]
        """Stop listening; :meth:`put_away` closes the line, once nobody asks for last words any more."""
        if self.line is not None:
            self.line.stop_channels()

    def last_words(self) -> str:
        """How the kernel ended, and the end of what it wrote to standard error."""
        if self.fork is None:
            return ""
        code = self.fork.ended(within=1.0)
        how = f"ended by signal {-code}" if code is not None and code < 0 else f"ended with code {code}"
        return f"{how}: {words}" if (words := self.fork.last_words()) else how

    def put_away(self) -> None:
        """Close the line, which kills a kernel that still runs, and remove its folder."""
        if self.fork is not None:
            self.fork.close()
            self.fork = None


class _Channel:
    """One channel of a client: messages as they come, or the news that no more will."""

    def __init__(self) -> None:
        self.waiting: asyncio.Queue[Any] = asyncio.Queue()

    async def get_msg(self, timeout: float | None = None) -> Any:
        """The next message. Raises queue.Empty after ``timeout`` seconds, DeadKernelError when the kernel is gone."""
        try:
            message = await asyncio.wait_for(self.waiting.get(), timeout)
        except TimeoutError:
            raise queue.Empty from None
        if message is None:
            raise DeadKernelError("Kernel died")
        return message


class WarmClient:
    """Sends cells to a fork and sorts what comes back onto the channels nbclient reads."""

    allow_stdin = False

    def __init__(self, manager: WarmKernelManager, fork: Fork) -> None:
        self._manager = manager
        self._fork = fork
        self._inbox = Inbox()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._cells = 0
        self.gone = False
        self.busy = False

    def start_channels(self) -> None:
        """Nothing to start: listening begins with the first wait, in the loop that waits."""
        self.shell_channel, self.iopub_channel = _Channel(), _Channel()
        self.bye: asyncio.Queue[Any] = asyncio.Queue()
        self._ready: asyncio.Queue[Any] = asyncio.Queue()

    def stop_channels(self) -> None:
        """Stop listening."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.remove_reader(self._fork.connection.fileno())
            self._loop = None

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait for the kernel to say that it is there."""
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._fork.connection.fileno(), self._hear)
        info = await asyncio.wait_for(self._ready.get(), timeout)
        if info is None:
            raise DeadKernelError("Kernel died before it was ready")
        self._info = info

    def execute(self, code: str, *, store_history: bool = True, stop_on_error: bool = True, **_: Any) -> str:
        """Send a cell; returns the id its answers will name."""
        number = uuid.uuid4().hex
        self.busy = True
        self._cells += 1
        # Its number, as long as the kernel has said nothing: it may die before that.
        begun = {"msg_type": "execute_input", "content": {"code": code, "execution_count": self._cells}}
        self.iopub_channel.waiting.put_nowait({"parent_header": {"msg_id": number}, **begun})
        self.send(
            {
                "type": "execute",
                "id": number,
                "code": code,
                "store_history": store_history,
                "stop_on_error": stop_on_error,
            }
        )
        return number

    def kernel_info(self) -> str:
        """What the kernel said of itself when it was ready, as an answer on the shell channel."""
        number = uuid.uuid4().hex
        self.shell_channel.waiting.put_nowait({"parent_header": {"msg_id": number}, "content": self._info})
        return number

    async def is_alive(self) -> bool:
        """Whether the other end of the line is still there."""
        return not self.gone

    def send(self, request: Mapping[str, Any]) -> None:
        """Send a request; a kernel that is gone is noticed by whoever waits for its answer."""
        try:
            self._fork.connection.sendall(packed(request))
        except OSError:
            self._end()

    def _hear(self) -> None:
        data = arrived(self._fork.connection)
        if data is None:
            return
        if not data:
            self._end()
            return
        for message in self._inbox.fed(data):
            self._sort(message)

    def _sort(self, message: Any) -> None:
        channel = message.pop("channel")
        if channel == "forked":
            self._manager.pid = message["pid"]
        elif channel == "ready":
            self._ready.put_nowait(message["content"])
        elif channel == "bye":
            self.bye.put_nowait(message["content"])
        else:
            self.busy = self.busy and channel != "shell"
            (self.shell_channel if channel == "shell" else self.iopub_channel).waiting.put_nowait(message)

    def _end(self) -> None:
        if self.gone:
            return
        self.gone = True
        self.stop_channels()
        for waiting in (self.shell_channel.waiting, self.iopub_channel.waiting, self._ready, self.bye):
            waiting.put_nowait(None)


def manager_class(zygote: Zygote, **limits: Any) -> type[WarmKernelManager]:
    """A manager class for one run, as nbclient wants one; ``limits`` go into the request for the fork."""
    return type("WarmKernelManager", (WarmKernelManager,), {"zygote": zygote, "limits": limits})
