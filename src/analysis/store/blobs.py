"""Files by the hash of their content, in a folder of this machine that several processes may use at once."""

from __future__ import annotations

import hashlib
import os
import shutil
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from analysis.project import AnalysisError


@dataclass(frozen=True)
class Blob:
    """A content: its SHA-256 as 64 hexadecimal digits, and its length in bytes."""

    sha256: str
    size: int


def blob_of(content: bytes) -> Blob:
    """The name of a content.

    >>> blob_of(b"city").size
    4
    """
    return Blob(hashlib.sha256(content).hexdigest(), len(content))


class BlobFolder:
    """Contents in files named by their hash: written in one step, never changed, dropped when long unused."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, blob: Blob) -> Path:
        """Where a content lies or would lie."""
        return self.folder / blob.sha256[:2] / blob.sha256

    def holds(self, blob: Blob) -> bool:
        """Whether a content is there whole; a file cut short by a crash is not."""
        try:
            return self.path(blob).stat().st_size == blob.size
        except FileNotFoundError:
            return False

    def lacking(self, blobs: Iterable[Blob]) -> list[Blob]:
        """Those that are not there, each once."""
        return [blob for blob in dict.fromkeys(blobs) if not self.holds(blob)]

    def put(self, blob: Blob, content: bytes) -> None:
        """Keep a content. Raises AnalysisError when it is not the one its hash names."""
        if blob_of(content) != blob:
            raise AnalysisError(f"content {blob.sha256[:12]} arrived damaged: its bytes have another hash")
        if self.holds(blob):
            return
        path = self.path(blob)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{blob.sha256}.{uuid.uuid4().hex}")
        try:
            partial.write_bytes(content)
            partial.chmod(0o444)
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)

    def read(self, blob: Blob) -> bytes:
        """The bytes of a content."""
        return self.path(blob).read_bytes()

    def lay(self, blob: Blob, target: Path) -> None:
        """Let a content appear as a file: as a second name of the same bytes where the disk allows, else as a copy."""
        if target.exists():
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        os.utime(self.path(blob))  # so that what is in use is dropped last
        try:
            os.link(self.path(blob), target)
        except FileExistsError:
            return
        except OSError:
            shutil.copyfile(self.path(blob), target)

    def trim(self, limit: int) -> int:
        """Drop what was unused longest until at most ``limit`` bytes are held; returns how many bytes went."""
        files = [path for path in self.folder.glob("??/*") if path.is_file()]
        known = sorted((path.stat().st_mtime, path.stat().st_size, path) for path in files)
        over = sum(size for _, size, _ in known) - limit
        gone = 0
        for _, size, path in known:
            if gone >= over:
                break
            path.unlink(missing_ok=True)
            gone += size
        return gone
