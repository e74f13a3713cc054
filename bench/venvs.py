"""One environment a peer, outside the project, made from the pins in ``peers.txt``."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from bench.peers.peer import Failed, Peer, last_words
from bench.site import Cache

PINS = Path(__file__).parent / "peers.txt"


def pins(text: str) -> dict[str, str]:
    """The pinned requirement of each package.

    >>> pins("# tools\\ndvc==3.67.1\\n")
    {'dvc': 'dvc==3.67.1'}
    """
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return {line.partition("==")[0]: line for line in lines}


def ensure(peer: Peer, cache: Cache) -> None:
    """Make the environment of a peer unless it stands; raises Failed with what pip said."""
    if not peer.packages:
        return
    known = pins(PINS.read_text(encoding="utf-8"))
    wanted = "\n".join(known[name] for name in peer.packages)
    folder = cache.venv(peer.name)
    stamp = folder / "installed.txt"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return
    print(f"setting up {peer.name}: {wanted.replace(chr(10), ', ')}", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    _run([sys.executable, "-m", "venv", str(folder)])
    _run([str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", *wanted.splitlines()])
    stamp.write_text(wanted, encoding="utf-8")


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"does not install: {last_words(done.stderr or done.stdout, 4)}")
