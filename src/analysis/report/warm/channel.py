"""Messages over a stream socket: JSON behind its length, file descriptors beside the first."""

from __future__ import annotations

import array
import json
import os
import socket
import struct
from collections.abc import Callable, Iterator, Sequence
from typing import Any

_LENGTH = struct.Struct("!Q")
_CHUNK = 1 << 16


def packed(message: Any, default: Callable[[Any], Any] | None = None) -> bytes:
    """A message as bytes; ``default`` turns into JSON what JSON does not know.

    >>> packed({"a": 1})[-7:]
    b'{"a":1}'
    """
    text = json.dumps(message, default=default, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    body = text.encode("utf-8", errors="surrogateescape")
    return _LENGTH.pack(len(body)) + body


class Inbox:
    """Puts messages together from the pieces a socket delivers.

    >>> inbox = Inbox()
    >>> whole = packed({"a": 1}) + packed([2])
    >>> [list(inbox.fed(part)) for part in (whole[:5], whole[5:20], whole[20:])]
    [[], [{'a': 1}], [[2]]]
    """

    def __init__(self) -> None:
        self._held = bytearray()

    def fed(self, data: bytes) -> Iterator[Any]:
        """The messages that are whole after these bytes."""
        self._held += data
        while len(self._held) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._held)
            end = _LENGTH.size + length
            if len(self._held) < end:
                return
            body = bytes(self._held[_LENGTH.size : end])
            del self._held[:end]
            yield json.loads(body)


def arrived(connection: socket.socket) -> bytes | None:
    """What lies ready in a socket, without waiting; empty when the other side is gone, None when nothing is there."""
    try:
        return connection.recv(_CHUNK, socket.MSG_DONTWAIT)
    except BlockingIOError:
        return None
    except ConnectionResetError:
        return b""


def send_with_files(connection: socket.socket, message: Any, files: Sequence[int]) -> None:
    """Send a short message and open files."""
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", files))]
    body = packed(message)
    sent = connection.sendmsg([body], rights)
    if sent < len(body):  # sending nothing to someone who has answered and left would be an error
        connection.sendall(body[sent:])


def receive_with_files(connection: socket.socket, most: int = 4) -> tuple[Any, list[int]]:
    """One message and the files that came with it.

    Raises EOFError when the other side left before a whole message had come.
    """
    inbox, files = Inbox(), array.array("i")
    while True:
        data, extra, _, _ = connection.recvmsg(_CHUNK, socket.CMSG_LEN(most * files.itemsize))
        for level, kind, content in extra:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                files.frombytes(content[: len(content) - len(content) % files.itemsize])
        if not data:
            for file in files:
                os.close(file)
            raise EOFError("the other side left")
        for message in inbox.fed(data):
            return message, list(files)
