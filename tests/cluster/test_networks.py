"""Machines that do not see each other: each worker has a network of its own, with one cable to the scheduler."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from analysis.cluster.crew import DaskCrew
from analysis.project import Project
from analysis.report.build import build
from analysis.report.editions import planned

from .conftest import Machines, actions, made_at_home, published, write_quick
from .test_crew import WAITS

NETWORK = "10.213"  # private; nothing of it leaves this machine


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


def within(place: str) -> tuple[str, ...]:
    return ("ip", "netns", "exec", place)


class Cables:
    """Network namespaces, and pairs of virtual interfaces between them."""

    def __init__(self, stack: ExitStack) -> None:
        self.stack = stack
        self.mark = f"{os.getpid() % 10000}"
        self.laid = 0

    def place(self, name: str) -> str:
        """A namespace of its own."""
        full = f"an{self.mark}{name}"
        ip("netns", "add", full)
        self.stack.callback(ip, "netns", "del", full)
        ip("-n", full, "link", "set", "lo", "up")
        return full

    def lay(self, one: str | None, other: str) -> tuple[str, str]:
        """A cable from a place (None: this machine itself) to another; far end and near address."""
        self.laid += 1
        near, far = f"a{self.mark}n{self.laid}", f"a{self.mark}f{self.laid}"
        ip("link", "add", near, "type", "veth", "peer", "name", far)
        for end, place, last in ((near, one, 1), (far, other, 2)):
            if place:
                ip("link", "set", end, "netns", place)
            at = ("-n", place) if place else ()
            ip(*at, "addr", "add", f"{NETWORK}.{self.laid}.{last}/24", "dev", end)
            ip(*at, "link", "set", end, "up")
        return far, f"{NETWORK}.{self.laid}.1"


@pytest.fixture
def cables() -> Iterator[Cables]:
    """Where this machine lets us have namespaces."""
    if shutil.which("ip") is None:
        pytest.skip("no ip command on this machine: network namespaces cannot be made")
    with ExitStack() as stack:
        laid = Cables(stack)
        try:
            laid.place("probe")
        except subprocess.CalledProcessError as error:
            pytest.skip(f"this machine allows no network namespaces: {error.stderr.strip()}")
        yield laid


def test_reports_are_made_across_networks_and_a_cut_cable_is_survived(
    empty: Project, cables: Cables, machines: Machines, crew_at: Callable[..., DaskCrew], tmp_path: Path
) -> None:
    sign = tmp_path / "sign"
    write_quick(empty, "01_long", WAITS.format(sign=str(sign)))
    for number in (2, 3):
        write_quick(empty, f"0{number}_short")
    middle, first, second = (cables.place(name) for name in ("s", "a", "b"))
    cables.lay(None, middle)
    far, near_first = cables.lay(middle, first)
    _, near_second = cables.lay(middle, second)

    port = machines.scheduler("0.0.0.0", within(middle), DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL="6s").rpartition(":")[
        2
    ]
    machines.worker(f"tcp://{near_first}:{port}", within=within(first), cache="first")
    crew = crew_at(f"tcp://{NETWORK}.1.2:{port}")

    def cut() -> None:
        while not sign.exists():
            time.sleep(0.02)
        ip("-n", first, "link", "set", far, "down")

    cutter = threading.Thread(target=cut, daemon=True)
    cutter.start()
    machines.worker(f"tcp://{near_second}:{port}", within=within(second), cache="second")
    outcomes = build(empty, "sample", planned(empty, "sample"), crew=crew)
    cutter.join(timeout=5)
    assert set(actions(outcomes).values()) == {"built"}, outcomes
    assert (machines.scratch / "first").is_dir()
    assert (machines.scratch / "second").is_dir()
    assert published(empty) == made_at_home(empty, tmp_path)
