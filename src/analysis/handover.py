"""Handing a command to the process that stands by: see :mod:`analysis.standby`.

Imports next to nothing: this is what starts where everything else is there already.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import resource
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from analysis import receipt
from analysis.project import ONE_THREAD, AnalysisError
from analysis.report.warm import service
from analysis.report.warm.channel import Inbox, send_with_files

MINUTES = 10.0
"""How long the process stands by after the last command."""

# What modules look at when they are imported; whoever finds other values needs a process of its own.
_LOOKED_AT = ("PYTHON", "LC_", "LANG", "MPL", "OMP_", "OPENBLAS_", "MKL_", "NVPL_", "GLIBC_", "XDG_", "CONDA_")
_LOOKED_AT_BY_NAME = ("PATH", "HOME", "USER", "TMPDIR", "TZ", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "PROJ_DATA", "PROJ_LIB")
_LIMITS = (resource.RLIMIT_AS, resource.RLIMIT_DATA, resource.RLIMIT_CPU, resource.RLIMIT_NOFILE)


class Nobody(AnalysisError):
    """No process stands by, and none could be had."""


def minutes(environment: Mapping[str, str]) -> float:
    """How long a process is to stand by: ``ANALYSIS_STANDBY``; 0 (never) where ``CI`` is set, else ten minutes.

    >>> minutes({}), minutes({"CI": "true"}), minutes({"CI": "true", "ANALYSIS_STANDBY": "2.5"})
    (10.0, 0.0, 2.5)

    Raises AnalysisError for what is no number of minutes.
    """
    told = environment.get("ANALYSIS_STANDBY", "")
    if not told:
        return 0.0 if environment.get("CI") else MINUTES
    try:
        found = float(told)
    except ValueError:
        found = -1.0
    if not 0 <= found < float("inf"):
        raise AnalysisError(f"ANALYSIS_STANDBY={told}: say for how many minutes a process stands by, 0 for never")
    return found


def stamp(root: str) -> str:
    """What a process that stands by has imported: the files of the package by size and time, and what is installed.

    Whatever was edited, installed or updated since makes another stamp.
    """
    installed = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    held = {path: [status.st_size, status.st_mtime_ns] for path, status in receipt.files_of_package()}
    for path in (os.path.join(root, "requirements.lock"), os.path.join(root, "pyproject.toml"), *installed):
        with suppress(FileNotFoundError):
            held[path] = [0, os.stat(path).st_mtime_ns]
    return hashlib.sha256(json.dumps(held, sort_keys=True).encode()).hexdigest()


def address(root: str, environment: Mapping[str, str]) -> str:
    """The socket of the process that stands by for a checkout in surroundings like these."""
    looked_at = {
        name: value
        for name, value in environment.items()
        if name not in ONE_THREAD and (name.startswith(_LOOKED_AT) or name in _LOOKED_AT_BY_NAME)
    }
    limits = [resource.getrlimit(each) for each in _LIMITS]
    told = json.dumps([root, sys.executable, sys.version, sorted(looked_at.items()), limits])
    return os.path.join(_folder(environment), hashlib.sha256(told.encode()).hexdigest()[:20])


def _folder(environment: Mapping[str, str]) -> str:
    """A folder that only this user may enter; raises Nobody where it cannot be had, or another was there first."""
    named = environment.get("XDG_RUNTIME_DIR", "")
    folder = os.path.join(named if os.path.isdir(named) else tempfile.gettempdir(), f"analysis-{os.getuid()}")
    try:
        with suppress(FileExistsError):
            os.mkdir(folder, 0o700)
        found = os.lstat(folder)
    except OSError as error:
        raise Nobody(f"{folder}: {error.strerror}") from None
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise Nobody(f"{folder} is not a folder of yours alone: remove it, or set ANALYSIS_STANDBY=0")
    return folder


def handed_over(words: Sequence[str], root: str) -> int | None:
    """Have the process that stands by carry out a command, starting one if there is none; returns its exit code.

    None, after a warning, where none can be had; the command is then carried out here.
    """
    asked = {"kind": "command", "words": list(words), "environment": dict(os.environ), "folder": os.getcwd()}
    try:
        connection, said = _asked(root, {**asked, "umask": _umask()}, [0, 1, 2])
    except Nobody as error:
        print(f"warning: {error}; going on without", file=sys.stderr)
        return None
    return _followed(connection, int(said["pid"]))


def told(root: str, kind: str) -> dict[str, Any]:
    """Say ``about`` or ``end`` to the process that stands by; its answer, empty where there is none."""
    connection = _reached(address(root, os.environ))
    if connection is None:
        return {}
    with connection:
        return _said(connection, {"kind": kind}, [])


def begun(root: str) -> dict[str, Any]:
    """Have a process stand by, and wait until it is warm; what it says of itself.

    Raises Nobody where none can be had.
    """
    connection, said = _asked(root, {"kind": "about"}, [])
    connection.close()
    return said


def _asked(root: str, request: Mapping[str, Any], files: Sequence[int]) -> tuple[socket.socket, dict[str, Any]]:
    """A line to the process that stands by, and its answer; one that knows older code is replaced first."""
    place = address(root, os.environ)
    said: dict[str, Any] = {}
    for _ in range(2):
        connection = _connected(place, root)
        said = _said(connection, request, files)
        if said.get("is") in ("begun", "warm"):
            return connection, said
        connection.close()
        if said.get("is") != "outdated":
            break
    why = said.get("why") or service.last_lines(Path(f"{place}.log")) or "it ended without a word"
    raise Nobody(f"no process stands by ({why})")


def _reached(place: str) -> socket.socket | None:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(place)
    except OSError:
        connection.close()
        return None
    connection.settimeout(service.PATIENCE)
    return connection


def _connected(place: str, root: str) -> socket.socket:
    """A line to the process that stands by, started if need be; raises Nobody where it does not start."""
    with open(f"{place}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two commands at once start one process
        connection = _reached(place)
        if connection is not None:
            return connection
        with open(f"{place}.log", "wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "analysis.standby", root, place],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=root,
            )
        while process.poll() is None:
            connection = _reached(place)
            if connection is not None:
                process.returncode = 0  # it outlives this process, which is not to wait for it
                return connection
            time.sleep(0.005)
    raise Nobody(f"no process stands by ({service.last_lines(Path(f'{place}.log'))})")


def _umask() -> int:
    held = os.umask(0o022)
    os.umask(held)
    return held


def _said(connection: socket.socket, request: Mapping[str, Any], files: Sequence[int]) -> dict[str, Any]:
    """The answer to a request; empty where the other side left."""
    try:
        send_with_files(connection, request, files)
        return _heard(connection)
    except OSError:
        return {}


def _heard(connection: socket.socket) -> dict[str, Any]:
    inbox = Inbox()
    while data := connection.recv(1 << 16):
        for message in inbox.fed(data):
            found: dict[str, Any] = message
            return found
    return {}


def _followed(connection: socket.socket, pid: int) -> int:
    """Wait until the command has ended; signals of the terminal reach it as if it ran here."""

    def interrupt(number: int, _: object) -> None:
        _signal(pid, number)

    def stop(*_: object) -> None:
        _signal(pid, signal.SIGSTOP)
        os.kill(os.getpid(), signal.SIGSTOP)
        _signal(pid, signal.SIGCONT)

    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:  # nohup
            signal.signal(number, interrupt)
    signal.signal(signal.SIGTSTP, stop)
    connection.settimeout(None)
    try:
        said = _heard(connection)
    except OSError:
        said = {}
    if "code" not in said:
        _signal(pid, signal.SIGKILL)
        print("error: the process that carried it out was killed; run the command again", file=sys.stderr)
        return 1
    code = int(said["code"])
    if code < 0:  # end as it did
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    return code


def _signal(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(pid, number)
