"""Whether a worker can make the very bytes that this machine would: same Python, same libraries, same processor family.

The package itself need not be the same: its source travels with the work.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution, distributions
from typing import Any

PROTOCOL = 1
"""How client and worker speak; raised when an installed package of an older release could not follow."""

DISTRIBUTION = "angeleno"
_TALKING = ("dask", "distributed", "cloudpickle", "msgpack")


@cache
def facts() -> dict[str, Any]:
    """What this process has: protocol, Python, processor, and the version of every installed library by name."""
    found = {_name(each.metadata["Name"]): each.version for each in reversed(list(distributions()))}
    machine = {"arm64": "aarch64", "amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    return {"protocol": PROTOCOL, "python": platform.python_version(), "machine": machine, "libraries": found}


@cache
def needed() -> tuple[str, ...]:
    """The libraries that results rest on: what the package requires, and what that requires in turn."""
    found: set[str] = set()
    waiting = [DISTRIBUTION, *_TALKING]
    while waiting:
        name = _name(waiting.pop())
        if name in found:
            continue
        try:
            requires = distribution(name).requires or []
        except PackageNotFoundError:
            continue
        found.add(name)
        always = [each for each in requires if "extra ==" not in each]
        waiting += [match.group() for each in always if (match := _WORD.match(each))]
    return tuple(sorted(found - {DISTRIBUTION}))


_WORD = re.compile(r"[A-Za-z0-9._-]+")


def _name(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def objections(mine: Mapping[str, Any], theirs: Mapping[str, Any], libraries: Iterable[str]) -> list[str]:
    """Why a worker with ``theirs`` may not work for a machine with ``mine``; empty when it may.

    >>> here = {"protocol": 1, "python": "3.12.7", "machine": "x86_64", "libraries": {"pandas": "2.3.3"}}
    >>> objections(here, here, ["pandas"])
    []
    >>> objections(here, {**here, "python": "3.11.2", "libraries": {"pandas": "2.2.0"}}, ["pandas"])
    ['Python 3.11.2 (here 3.12.7)', 'pandas 2.2.0 (here 2.3.3)']
    """
    if theirs.get("protocol") != mine["protocol"]:
        return [f"a package of another release (it speaks protocol {theirs.get('protocol')}, here {mine['protocol']})"]
    found = [
        f"{word} {theirs[key]} (here {mine[key]})"
        for key, word in (("python", "Python"), ("machine", "processor"))
        if theirs[key] != mine[key]
    ]
    for name in libraries:
        here, there = mine["libraries"].get(name), theirs["libraries"].get(name)
        if here != there:
            found.append(f"{name} {there or 'missing'} (here {here})")
    return found
