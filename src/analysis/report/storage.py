"""How results reach the disk: complete or not at all.

Everything is written under a temporary name in the folder of its destination and moved there in one step, so a
build that is killed leaves either the old file or the new one, and never half of one. Nobody waits for the disk: a
machine that loses its power may lose what was written last, but every file is named somewhere with its hash, or is
JSON that ends; what does not match is made again.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from analysis.project import AnalysisError

PARTIAL = ".partial"


def digest(data: bytes | str) -> str:
    """SHA-256 of bytes, or of text as UTF-8, as 64 hexadecimal digits.

    >>> digest("city")[:12]
    '11a62c23412b'
    """
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


def canonical(value: object) -> str:
    """JSON that is the same text for the same value: sorted, compact, finite numbers only; a dataclass as its fields.

    >>> canonical({"b": 1, "a": [True, None]})
    '{"a":[true,null],"b":1}'

    Raises ValueError for NaN and infinity, which JSON does not know.
    """
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_as_fields
    )


def _as_fields(value: Any) -> dict[str, Any]:
    if not is_dataclass(value):
        raise TypeError(f"{type(value).__name__} cannot be written as JSON")
    return {field.name: getattr(value, field.name) for field in fields(value)}


def put(path: Path, data: bytes | str) -> None:
    """Write a file in one step; an equal file is left untouched.

    The temporary name carries the process id, so that two processes never write into the same one.
    """
    content = data.encode() if isinstance(data, str) else data
    if path.is_file() and path.stat().st_size == len(content) and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}{PARTIAL}")
    try:
        with partial.open("wb") as file:
            file.write(content)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def put_json(path: Path, value: object) -> None:
    """Write a value as sorted JSON in one step; on one line, because indenting takes ten times as long."""
    put(path, canonical(value) + "\n")


def read_json(path: Path) -> Any:
    """The value in a JSON file, or None where the file is absent or not JSON (a build was killed before it existed)."""
    try:
        return json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return None


def sweep(folder: Path) -> None:
    """Delete what killed builds left under temporary names."""
    for partial in folder.rglob(f".*{PARTIAL}*"):  # and what SQLite puts beside one
        partial.unlink(missing_ok=True)


@contextmanager
def sole_builder(folder: Path) -> Iterator[None]:
    """Hold a folder of reports for one build at a time.

    The lock belongs to the open file, so it is gone with the process, however that ends.
    Raises AnalysisError when another build holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AnalysisError(
                f"another build is writing reports/{folder.name}: wait until it ends, then run the command again"
            ) from None
        yield
