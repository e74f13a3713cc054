"""What every connector is given: the dataset, the client, the edition that is there, and whom to tell."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from analysis.catalog import Dataset
from analysis.sources.errors import FetchError, Unusable
from analysis.sources.manifest import Edition, Landing, NewPart, Part
from analysis.sources.progress import Progress
from analysis.sources.transport import Answer, Ask, Web

T = TypeVar("T")
READ_ATTEMPTS = 6


@dataclass(frozen=True)
class Job:
    """One dataset on its way; ``now`` is the time of the fetch, UTC to the second."""

    dataset: Dataset
    source: str
    landing: Landing
    web: Web
    progress: Progress
    now: str
    held: dict[str, Part] = field(default_factory=dict)

    def get(
        self,
        address: str,
        check: Callable[[Answer], T],
        key: str | None = None,
        compressed: bool = True,
        conditional: bool = False,
        watch_bytes: bool = False,
    ) -> T:
        """Ask for an address. With ``conditional`` an unchanged answer (304) comes from the edition we hold."""
        part = self.held.get(address) if conditional else None
        marks = self._marks(part)
        ask = Ask(self.dataset.id, address, key, *marks, compressed=compressed)

        def checked(answer: Answer) -> T:
            return check(self._from_disk(answer, part) if answer.status == 304 else answer)

        return self.web.get(ask, checked, self._retrying, self._bytes if watch_bytes else None)

    def advanced(self, done: int, total: int | None, unit: str) -> None:
        """Tell how far the dataset has come."""
        self.progress.advanced(self.dataset.id, done, total, unit)

    def add(self, suffix: str, answer: Answer, rows: int) -> Part:
        """Land the bytes of an answer as the next part."""
        return self.landing.add(NewPart(suffix, answer.content, answer.address, rows, answer.etag))

    def edition(
        self, parameters: dict[str, Any], columns: Iterable[str], last: Answer | None = None, rows: int | None = None
    ) -> Edition:
        """The manifest's fields that are not in the parts; dates and marks are those of the last answer."""
        return Edition(
            dataset=self.dataset.id,
            source=self.source,
            kind=self.dataset.source.kind,
            address=self.dataset.source.address,
            retrieved_at=self.now,
            parameters=parameters,
            status=200 if last else None,
            etag=last.etag if last else None,
            last_modified=last.last_modified if last else None,
            columns=tuple(columns),
            rows=rows,
        )

    def error(self, reason: str, advice: str, address: str | None = None) -> FetchError:
        """A final complaint about the dataset."""
        return FetchError(
            self.dataset.id, address or self.dataset.source.address, self.web.secrets.clear(reason), advice
        )

    def _marks(self, part: Part | None) -> tuple[str | None, str | None]:
        if part is None:
            return None, None
        current = self.landing.current
        # A date of change is only kept for the whole edition, so it speaks for a single part alone.
        single = current is not None and len(current.parts) == 1
        return part.etag, current.last_modified if single and current else None

    def _from_disk(self, answer: Answer, part: Part | None) -> Answer:
        if part is None:
            raise Unusable("the service says 'not modified' to an unconditional request")
        content = (self.landing.folder / part.name).read_bytes()
        headers = {**answer.headers, "etag": part.etag or ""}
        return Answer(304, headers, content, answer.address, True, answer.secrets)

    def _retrying(self, reason: str, seconds: float | None) -> None:
        self.progress.retrying(self.dataset.id, reason, seconds)

    def _bytes(self, done: int, total: int | None) -> None:
        self.advanced(done, total, "bytes")


def with_query(address: str, **parameters: str) -> str:
    """The address with a query in a fixed spelling, so that the same question is the same text.

    >>> with_query("https://a.gov/x", get="NAME,P1", **{"for": "tract:*", "in": "state:06 county:037"})
    'https://a.gov/x?get=NAME,P1&for=tract:*&in=state:06%20county:037'
    """
    joint = "&" if "?" in address else "?"
    return address + joint + urlencode(parameters, safe=":*,$()", quote_via=quote)


def parsed(answer: Answer, wanted: str) -> Any:
    """The JSON of an answer; a page or half a document is worth asking for again."""
    if answer.is_page:
        raise Unusable(f"the service sent an HTML page ({answer.excerpt()!r}) instead of {wanted}")
    try:
        return json.loads(answer.content)
    except (ValueError, UnicodeDecodeError) as error:
        raise Unusable(f"the answer is not whole JSON ({error}): {answer.excerpt(80)!r}") from None


def require(condition: bool, reason: str) -> None:
    """Another shape than promised: asked for again a few times, then an error."""
    if not condition:
        raise Unusable(reason, "shape")
