"""``python -m bench``: see ``bench/README.md``."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from bench import report, results
from bench.curve import SIZES, measure_curve, measure_start
from bench.peers import named
from bench.peers.peer import Failed
from bench.session import take_turns
from bench.site import Cache, Size


def main() -> None:
    """Read the command line and do what it says."""
    arguments = parser().parse_args()
    try:
        arguments.act(arguments)
    except Failed as error:
        raise SystemExit(f"error: {error}") from None


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="python -m bench", description="How long builds take.")
    made.add_argument("--cache", type=Path, default=_default_cache(), help="folder for environments and builds")
    commands = made.add_subparsers(required=True, metavar="COMMAND")
    peers = commands.add_parser("peers", help="this project, its peers and the floor, taking turns")
    _size(peers)
    peers.add_argument("--rounds", type=int, default=3)
    peers.add_argument("--only", metavar="NAME,…", help="these participants only")
    peers.add_argument(
        "--once", metavar="NAME,…", default="shell,dvc", help="these in the first round only (shell,dvc)"
    )
    peers.set_defaults(act=_peers)
    curve = commands.add_parser("curve", help="very many short pages of this project: seconds and memory")
    curve.add_argument("--briefs", type=int, nargs="+", default=list(SIZES), metavar="N")
    curve.add_argument("--workers", type=int, default=2)
    curve.set_defaults(act=_curve)
    start = commands.add_parser("start", help="how soon the command line answers")
    start.add_argument("--times", type=int, default=9)
    start.set_defaults(act=_start)
    told = commands.add_parser("report", help="write bench/RESULTS.md from everything measured so far")
    _size(told)
    told.add_argument("--to", type=Path, default=report.RESULTS, help="another file")
    told.set_defaults(act=_report)
    forget = commands.add_parser("forget", help="drop all measurements, so that a new session begins")
    forget.set_defaults(act=_forget)
    return made


def _size(command: argparse.ArgumentParser) -> None:
    command.add_argument("--notebooks", type=int, default=12)
    command.add_argument("--values", type=int, default=30, help="further values of the varied notebook's parameter")
    command.add_argument("--workers", type=int, default=2)


def _default_cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "angeleno-bench"


def _peers(arguments: argparse.Namespace) -> None:
    size = Size(arguments.notebooks, arguments.values, arguments.workers)
    only = arguments.only.split(",") if arguments.only else None
    once = arguments.once.split(",")
    take_turns(_cache(arguments), size, named(only), arguments.rounds, once)


def _curve(arguments: argparse.Namespace) -> None:
    measure_curve(_cache(arguments), arguments.briefs, arguments.workers)


def _start(arguments: argparse.Namespace) -> None:
    measure_start(_cache(arguments), arguments.times)


def _report(arguments: argparse.Namespace) -> None:
    size = (arguments.notebooks, arguments.values, arguments.workers)
    report.write(results.read(_cache(arguments).results), size, arguments.to)
    print(arguments.to)


def _forget(arguments: argparse.Namespace) -> None:
    _cache(arguments).results.unlink(missing_ok=True)


def _cache(arguments: argparse.Namespace) -> Cache:
    folder: Path = arguments.cache
    return Cache(folder.resolve())


if __name__ == "__main__":
    main()
