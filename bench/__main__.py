"""``python -m bench``: see ``bench/README.md``."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from bench.peers import named
from bench.session import take_turns
from bench.site import Cache, Size


def main() -> None:
    """Read the command line and do what it says."""
    arguments = parser().parse_args()
    arguments.act(arguments)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="python -m bench", description="How long builds take.")
    made.add_argument("--cache", type=Path, default=_default_cache(), help="folder for environments and builds")
    commands = made.add_subparsers(required=True, metavar="COMMAND")
    peers = commands.add_parser("peers", help="this project, its peers and the floor, taking turns")
    peers.add_argument("--notebooks", type=int, default=12)
    peers.add_argument("--values", type=int, default=30, help="further values of the varied notebook's parameter")
    peers.add_argument("--workers", type=int, default=2)
    peers.add_argument("--rounds", type=int, default=3)
    peers.add_argument("--only", metavar="NAME,…", help="these participants only")
    peers.add_argument("--once", metavar="NAME,…", default="", help="these in the first round only")
    peers.set_defaults(act=_peers)
    return made


def _default_cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "angeleno-bench"


def _peers(arguments: argparse.Namespace) -> None:
    size = Size(arguments.notebooks, arguments.values, arguments.workers)
    only = arguments.only.split(",") if arguments.only else None
    once = arguments.once.split(",")
    take_turns(Cache(arguments.cache.resolve()), size, named(only), arguments.rounds, once)


if __name__ == "__main__":
    main()
