"""A private PostgreSQL server for the length of a ``with``, where its programs are installed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


def programs() -> Path:
    """Where initdb and postgres lie; skips the test where they do not."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not installed:
        pytest.skip("no PostgreSQL server is installed: a second engine cannot be tried here")
    return installed[-1].parent


@contextmanager
def postgres_server() -> Iterator[str]:
    """The address of a fresh server on the loopback; as root it runs as the user 'postgres', since it refuses root."""
    import psycopg

    here, user = programs(), None
    if os.geteuid() == 0:
        import pwd

        try:
            user = pwd.getpwnam("postgres")
        except KeyError:
            pytest.skip("PostgreSQL cannot run as root and there is no user 'postgres'")
    folder = Path(tempfile.mkdtemp(prefix="engine-", dir="/tmp"))
    as_user: dict[str, Any] = {"user": user.pw_uid, "group": user.pw_gid, "cwd": str(folder)} if user else {}
    if user:
        os.chown(folder, user.pw_uid, user.pw_gid)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    setup = ["-D", str(folder / "data"), "-U", "admin", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale", "C.UTF-8"]
    subprocess.run([here / "initdb", *setup], check=True, capture_output=True, **as_user)
    options = ["-p", str(port), "-k", str(folder), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
    server = subprocess.Popen(
        [here / "postgres", "-D", folder / "data", *options], stderr=subprocess.DEVNULL, **as_user
    )
    address = f"postgres://admin@127.0.0.1:{port}/postgres"
    try:
        for _ in range(300):
            try:
                psycopg.connect(address).close()
                break
            except psycopg.OperationalError:
                time.sleep(0.1)
        else:
            raise RuntimeError("the PostgreSQL server did not start")
        yield address
    finally:
        server.terminate()
        server.wait(timeout=30)
        shutil.rmtree(folder, ignore_errors=True)
