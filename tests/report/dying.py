"""A process that is killed at the n-th of its writes, as far as the files can tell."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


class Killed(BaseException):
    """What no handler of errors may stop."""


@contextmanager
def killed_at(monkeypatch: pytest.MonkeyPatch, limit: int, moves: list[str]) -> Iterator[None]:
    """Inside, the move into place number ``limit`` is not made and raises Killed; ``moves`` notes what was moved."""
    replace = os.replace
    moves.clear()

    def move(source: Any, target: Any) -> None:
        moves.append(Path(target).name)
        if len(moves) == limit:
            raise Killed
        replace(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", move)
        yield
