"""One folder of object storage, by the URL of any fsspec file system.

It holds contents by hash (``blobs/ab/ab12…``) and lists of them (``manifests/AREA/00000007.json``). Both are written
once and never changed, so all that is asked of a storage is to create a name only where there is none: S3, Google and
Azure do that with a condition on the request, a disk with a link.
"""

from __future__ import annotations

import hashlib
import os
import sys
import uuid
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from analysis.project import AnalysisError
from analysis.store.blobs import Blob, BlobFolder

AT_ONCE = 16
"""Transfers at once: most of the time of a small one is waiting."""
_DISK = ("file", "local")


class Bucket:
    """A folder in object storage, such as ``s3://bucket/prefix``; keys come from the environment, never from the URL.

    Raises AnalysisError when the URL's kind is unknown or its driver is not installed.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        if urlsplit(url).username or urlsplit(url).password:
            raise AnalysisError(
                "ANALYSIS_STORE holds a key or password: put it where the storage's own tools look for it"
            )
        self._files, root = _opened(self.url)
        self._root = str(root).rstrip("/")
        protocols = self._files.protocol
        self._disk = any(kind in _DISK for kind in ([protocols] if isinstance(protocols, str) else protocols))

    # Lists

    def heads(self) -> dict[str, int]:
        """The number of the latest list of every area."""
        start = f"{self._root}/manifests/"
        with self._in_words():
            self._files.invalidate_cache()
            try:
                found = self._files.find(start.rstrip("/"))
            except FileNotFoundError:
                return {}
        latest: dict[str, int] = {}
        for path in found:
            area, _, name = str(path).removeprefix(start).rpartition("/")
            if name.removesuffix(".json").isdigit():
                latest[area] = max(latest.get(area, 0), int(name.removesuffix(".json")))
        return latest

    def read_list(self, area: str, number: int) -> bytes:
        """The list of an area by its number."""
        with self._in_words():
            content: bytes = self._files.cat_file(self._list(area, number))
        return content

    def add_list(self, area: str, number: int, content: bytes) -> bool:
        """Write a list under a number that is still free; False when somebody else was faster."""
        path = self._list(area, number)
        with self._in_words():
            try:
                if self._disk:
                    self._link_into(path, content)
                else:
                    self._files.pipe_file(path, content, mode="create")
            except FileExistsError:
                return False
        return True

    def _list(self, area: str, number: int) -> str:
        return f"{self._root}/manifests/{area}/{number:08d}.json"

    # Contents

    def holds(self, blob: Blob, repair: bool = False) -> bool:
        """Whether a content is there in full length; with ``repair`` every byte of it is read and hashed."""
        with self._in_words():
            try:
                if self._files.info(self._blob(blob), refresh=True)["size"] != blob.size:
                    return False
                return not repair or hashlib.sha256(self._files.cat_file(self._blob(blob))).hexdigest() == blob.sha256
            except FileNotFoundError:
                return False

    def send(self, files: Mapping[Blob, Path], repair: bool = False) -> int:
        """Send the contents that are not there yet; returns how many bytes that took."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return sum(pool.map(lambda each: self._sent(each[0], each[1], repair), files.items()))

    def _sent(self, blob: Blob, path: Path, repair: bool) -> int:
        if self.holds(blob, repair):
            return 0
        with self._in_words():
            if self._disk:
                self._files.makedirs(os.path.dirname(self._blob(blob)), exist_ok=True)
                partial = f"{self._blob(blob)}.{uuid.uuid4().hex}"
                self._files.put_file(str(path), partial)
                os.replace(partial, self._blob(blob))
            else:
                self._files.put_file(str(path), self._blob(blob))
        return blob.size

    def fetch(self, blob: Blob, target: Path) -> bool:
        """Write a content to a file that appears whole; False when the storage does not have it.

        Raises AnalysisError when the storage has other bytes under its name.
        """
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{target.name}.{uuid.uuid4().hex}.partial")
        try:
            with self._in_words():
                try:
                    self._files.get_file(self._blob(blob), str(partial))
                except FileNotFoundError:
                    return False
            with partial.open("rb") as handle:
                found = hashlib.file_digest(handle, "sha256").hexdigest()
            if found != blob.sha256:
                raise AnalysisError(
                    f"{self.url} holds damaged bytes for {blob.sha256[:12]}: "
                    "run `analysis push --repair` on a machine that has the file, then try again"
                )
            os.replace(partial, target)
        finally:
            partial.unlink(missing_ok=True)
        return True

    def fetch_all(self, wanted: Mapping[Blob, Path]) -> None:
        """Write several contents. Raises AnalysisError when one is missing or damaged; others may then be written."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            there = pool.map(lambda each: (each[0], self.fetch(each[0], each[1])), wanted.items())
            missing = [blob.sha256[:12] for blob, found in there if not found]
        if missing:
            raise AnalysisError(
                f"{self.url} lacks {len(missing)} contents that its lists name ({', '.join(missing[:3])}): "
                "run `analysis push --repair` on a machine that has the files, then try again"
            )

    def fetch_into(self, blobs: BlobFolder, wanted: Iterable[Blob]) -> None:
        """Keep those contents that the storage has in a folder of contents."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(lambda blob: self.fetch(blob, blobs.path(blob)), wanted))

    def _blob(self, blob: Blob) -> str:
        return f"{self._root}/blobs/{blob.sha256[:2]}/{blob.sha256}"

    def _link_into(self, path: str, content: bytes) -> None:
        """Create a file on a disk in one step: a link fails where the name is taken, and never shows half a file."""
        folder = Path(path).parent
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / f".{uuid.uuid4().hex}"
        try:
            partial.write_bytes(content)
            os.link(partial, path)
        finally:
            partial.unlink(missing_ok=True)

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        """What the drivers raise, as our error; a file that is not there or is there already is an answer."""
        try:
            yield
        except (FileNotFoundError, FileExistsError) as error:
            raise AnalysisError(f"{self.url}: {error}: does the bucket exist?") from None
        except _driver_errors() as error:
            kind = type(error).__name__
            raise AnalysisError(
                f"{self.url} cannot be used ({kind}: {error}); what was shared before is whole"
            ) from None


def _opened(url: str) -> tuple[Any, Any]:
    try:
        fsspec: Any = import_module("fsspec")
    except ImportError:
        raise AnalysisError("ANALYSIS_STORE needs the s3 extra: pip install 'angeleno[s3]'") from None
    if "://" not in url:
        raise AnalysisError(f"ANALYSIS_STORE={url}: write a URL such as s3://bucket/prefix or file:///shared/folder")
    try:
        files, root = fsspec.core.url_to_fs(url)
    except (ImportError, ValueError) as error:
        raise AnalysisError(f"ANALYSIS_STORE={url}: {error}") from None
    return files, root


def _driver_errors() -> tuple[type[Exception], ...]:
    botocore: Any = sys.modules.get("botocore.exceptions")  # there when its driver was loaded
    return (OSError, botocore.BotoCoreError, botocore.ClientError) if botocore else (OSError,)
