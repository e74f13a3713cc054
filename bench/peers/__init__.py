"""Everything that is measured, one module a tool; ``ALL`` is the order in which they take turns."""

from __future__ import annotations

from bench.peers import angeleno, dvc, floor, jupyter_book, jupyter_cache, make, ploomber, pool, shell, snakemake
from bench.peers.peer import Peer

ALL: tuple[Peer, ...] = (
    floor.Floor(),
    angeleno.Angeleno(),
    angeleno.Alone(),
    angeleno.FirstBuild(),
    pool.Pool(),
    jupyter_cache.JupyterCache(),
    ploomber.Ploomber(),
    jupyter_book.JupyterBook(),
    make.Make(),
    snakemake.Snakemake(),
    shell.Shell(),
    dvc.Dvc(),
)

OURS = ("angeleno", "angeleno-alone", "angeleno-first")
FLOOR = "floor"


def named(names: list[str] | None) -> tuple[Peer, ...]:
    """The participants of those names, in the order they take turns; all without names."""
    known = {peer.name: peer for peer in ALL}
    unknown = sorted(set(names or ()) - set(known))
    if unknown:
        raise SystemExit(f"unknown participant {', '.join(unknown)}: there are {', '.join(known)}")
    return tuple(peer for peer in ALL if names is None or peer.name in names)


__all__ = ["ALL", "FLOOR", "OURS", "Peer", "named"]
