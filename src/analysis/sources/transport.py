"""Every request of the project goes through here.

One client with timeouts, retries with jitter, the publisher's Retry-After, a
mirror that stands in for all hosts, conditional requests and keys that are put
on a request at the last moment, below anything that logs or raises.
"""

from __future__ import annotations

import email.utils
import logging
import os
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import quote, urljoin, urlsplit, urlunsplit
from urllib.request import getproxies, proxy_bypass

import httpx
import stamina

from analysis.project import AnalysisError
from analysis.sources.errors import FetchError, Refused, Unusable
from analysis.sources.secrets import KEY_VARIABLES, Secrets, guard_logs, release_logs, secrets_from_environment

LOG = logging.getLogger("analysis.sources")
# stamina warns of each retry in a line of its own; the reason is in our record, cleared of keys.
logging.getLogger("stamina").addHandler(logging.NullHandler())

PASSING = (408, 425, 429, 500, 502, 503, 504)
REDIRECTS = (301, 302, 303, 307, 308)
T = TypeVar("T")


@dataclass(frozen=True)
class Patience:
    """How long a publisher is waited for, in seconds and numbers of tries.

    ``attempts`` bounds the tries of one request; answers of another shape than
    promised (``shape_attempts``) and hosts that cannot be reached
    (``connect_attempts``) are given up earlier, since waiting seldom mends them.
    """

    attempts: int = 8
    shape_attempts: int = 5
    connect_attempts: int = 4
    wait_initial: float = 0.4
    wait_max: float = 20.0
    wait_jitter: float = 0.4
    retry_after_max: float = 120.0
    connect_timeout: float = 15.0
    read_timeout: float = 60.0
    answer_timeout: float = 900.0


@dataclass(frozen=True)
class Ask:
    """One request: a real https address, who asks, and what is already held of it."""

    dataset: str
    address: str
    key: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    # Files come as they are, so that Content-Length tells whether all of it came.
    compressed: bool = True


@dataclass(frozen=True)
class Answer:
    """What came back: ``status`` 200, 204 or 304, headers in lower case, the whole body."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    address: str
    sized: bool = True
    secrets: Secrets = field(default_factory=Secrets, repr=False)

    @property
    def etag(self) -> str | None:
        """The publisher's mark of this answer."""
        return self._header("etag")

    @property
    def last_modified(self) -> str | None:
        """The publisher's date of this answer."""
        return self._header("last-modified")

    @property
    def is_page(self) -> bool:
        """Whether this is an HTML page, whatever was asked for."""
        start = self.content[:300].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
        return start.startswith((b"<!doctype html", b"<html", b"<head", b"<body"))

    def excerpt(self, length: int = 200) -> str:
        """The beginning of the body as one line, for a message; a page gives its title."""
        text = self.secrets.clear(self.content[:4000].decode("utf-8", "replace"))
        if self.is_page:
            title = re.search(r"<title[^>]*>(.*?)</title>", text, re.S | re.I)
            return " ".join(title.group(1).split()) if title else "a page without a title"
        return " ".join(text.split())[:length]

    def _header(self, name: str) -> str | None:
        value = self.headers.get(name)
        return self.secrets.clear(value) if value else None


@dataclass(frozen=True)
class Mirror:
    """One address that stands in for every publisher: https://HOST/PATH becomes MIRROR/HOST/PATH.

    >>> Mirror("http://127.0.0.1:8790").route("https://api.census.gov/data?get=NAME")
    'http://127.0.0.1:8790/api.census.gov/data?get=NAME'
    >>> Mirror(None).route("https://api.census.gov/data")
    'https://api.census.gov/data'
    """

    base: str | None = None

    @classmethod
    def from_environment(cls) -> Self:
        """``ANALYSIS_MIRROR``; raises AnalysisError when it is not an http address."""
        base = os.environ.get("ANALYSIS_MIRROR", "").strip().rstrip("/")
        if not base:
            return cls(None)
        parts = urlsplit(base)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise AnalysisError("ANALYSIS_MIRROR must be an address such as http://127.0.0.1:8790, without a query")
        return cls(base)

    def route(self, address: str) -> str:
        """Where a request for a real address is sent."""
        return address if self.base is None else f"{self.base}/{address.removeprefix('https://')}"

    def real(self, current: str, location: str) -> str:
        """The real address a redirect leads to; ``current`` is the real address that was asked.

        >>> Mirror("http://m").real("https://a.gov/x/y", "http://m/b.gov/z")
        'https://b.gov/z'
        >>> Mirror("http://m").real("https://a.gov/x/y", "/z")
        'https://a.gov/z'
        """
        if self.base is not None and location.startswith(self.base + "/"):
            return "https://" + location[len(self.base) + 1 :]
        host = urlsplit(current).netloc
        if self.base is not None and location.startswith(f"/{host}/"):
            return "https:/" + location
        return urljoin(current, location)


class Web:
    """The client. Use it as a context manager; it may be shared by threads."""

    def __init__(
        self,
        patience: Patience | None = None,
        mirror: Mirror | None = None,
        secrets: Secrets | None = None,
    ) -> None:
        self.patience = patience or Patience()
        self.mirror = mirror or Mirror.from_environment()
        self.secrets = secrets or secrets_from_environment()
        self._guard = guard_logs(self.secrets)
        self._unreachable: set[str] = set()
        self._lock = threading.Lock()
        timeout = httpx.Timeout(self.patience.read_timeout, connect=self.patience.connect_timeout)
        self._client = httpx.Client(
            timeout=timeout,
            follow_redirects=False,
            headers={"User-Agent": f"angeleno/{_own_version()}"},
            transport=_KeyedTransport(self.secrets),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()
        release_logs(self._guard)

    def get(
        self,
        ask: Ask,
        check: Callable[[Answer], T],
        on_retry: Callable[[str, float | None], None] | None = None,
        on_bytes: Callable[[int, int | None], None] | None = None,
    ) -> T:
        """Ask until ``check`` accepts the answer, and return what ``check`` made of it.

        ``check`` raises Unusable for an answer worth asking for again and Refused
        for one that is final. Raises FetchError naming dataset, address and what to do.
        """
        host = urlsplit(ask.address).netloc
        failures: dict[str, int] = {}
        decide = partial(self._again, host, failures, on_retry)
        failed: FetchError | None = None
        try:
            for attempt in stamina.retry_context(
                on=decide,
                attempts=self.patience.attempts,
                timeout=None,
                wait_initial=self.patience.wait_initial,
                wait_max=self.patience.wait_max,
                wait_jitter=self.patience.wait_jitter,
            ):
                with attempt:
                    return check(self._once(ask, on_bytes))
        except Unusable as error:
            failed = self._given_up(ask, error, sum(failures.values()))
        except Refused as error:
            reason = self.secrets.clear(error.reason)
            failed = FetchError(ask.dataset, ask.address, reason, error.advice)
        # Raised outside the handlers: nothing of the HTTP libraries hangs on this exception.
        assert failed is not None
        raise failed

    def _again(
        self,
        host: str,
        failures: dict[str, int],
        on_retry: Callable[[str, float | None], None] | None,
        error: Exception,
    ) -> bool | float:
        """Whether to ask again, and after how many seconds when the publisher said so."""
        if not isinstance(error, Unusable):
            return False
        failures[error.kind] = failures.get(error.kind, 0) + 1
        limit = {"shape": self.patience.shape_attempts, "unreachable": self.patience.connect_attempts}
        if error.kind == "unreachable" and host in self._unreachable:
            return False
        if failures[error.kind] >= limit.get(error.kind, self.patience.attempts):
            if error.kind == "unreachable":
                with self._lock:
                    self._unreachable.add(host)
            return False
        if error.wait is not None and error.wait > self.patience.retry_after_max:
            return False
        LOG.info("%s: %s; asking again", host, error.reason)
        if on_retry:
            on_retry(error.reason, error.wait)
        return True if error.wait is None else max(error.wait, 0.05)

    def _given_up(self, ask: Ask, error: Unusable, tries: int) -> FetchError:
        advice = {
            "passing": "run the same command again later",
            "unreachable": "check the network, the proxy and ANALYSIS_MIRROR, then run the same command again",
            "shape": "if the publisher really changed the data, adapt the catalogue entry and the refining code",
        }[error.kind]
        if error.wait is not None and error.wait > self.patience.retry_after_max:
            advice = f"the publisher asks to wait {error.wait:.0f} seconds: run the same command after that"
        return FetchError(ask.dataset, ask.address, self.secrets.clear(error.reason), advice, tries)

    def _once(self, ask: Ask, on_bytes: Callable[[int, int | None], None] | None) -> Answer:
        """One request with its redirects; raises Unusable or Refused for anything but 200, 204 and 304."""
        address = ask.address
        for _ in range(6):
            answer = self._send(ask, address, on_bytes)
            if answer.status not in REDIRECTS:
                return self._accepted(answer, ask)
            location = answer.headers.get("location", "")
            address = self.mirror.real(address, self._without_keys(location))
            if urlsplit(address).scheme != "https":
                raise Refused(
                    f"the publisher redirects to an address that is not https: {address}",
                    "ask the publisher for the new address and put it into the catalogue",
                )
        raise Refused(f"too many redirects, the last to {address}", "put the final address into the catalogue")

    def _send(self, ask: Ask, address: str, on_bytes: Callable[[int, int | None], None] | None) -> Answer:
        headers = {"Accept-Encoding": "gzip" if ask.compressed else "identity"}
        if ask.etag:
            headers["If-None-Match"] = ask.etag
        elif ask.last_modified:
            headers["If-Modified-Since"] = ask.last_modified
        # A key goes to the host it was meant for, never to where a redirect leads.
        same = urlsplit(address).netloc == urlsplit(ask.address).netloc
        extensions = {"analysis_key": ask.key if same else None}
        failure: Unusable | Refused
        try:
            target = self.mirror.route(address)
            with self._client.stream("GET", target, headers=headers, extensions=extensions) as response:
                return self._read(response, address, on_bytes)
        except httpx.ConnectError as error:
            failure = Unusable(f"cannot connect to the host: {self.secrets.clear(str(error))}", "unreachable")
        except httpx.ConnectTimeout:
            failure = Unusable("the host does not answer", "unreachable")
        except httpx.TimeoutException:
            failure = Unusable("the answer took too long")
        except (httpx.TransportError, httpx.DecodingError) as error:
            failure = Unusable(f"the answer broke off: {self.secrets.clear(str(error)) or type(error).__name__}")
        except httpx.InvalidURL:
            failure = Refused("this is not an address", "correct it in the catalogue entry")
        raise failure

    def _read(
        self, response: httpx.Response, address: str, on_bytes: Callable[[int, int | None], None] | None
    ) -> Answer:
        length = response.headers.get("content-length")
        encoded = response.headers.get("content-encoding", "identity") != "identity"
        total = int(length) if length and length.isdigit() and not encoded else None
        end = time.monotonic() + self.patience.answer_timeout
        chunks, done = [], 0
        for chunk in response.iter_bytes():
            chunks.append(chunk)
            done += len(chunk)
            if on_bytes:
                on_bytes(done, total)
            if time.monotonic() > end:
                raise Unusable(f"the answer was not complete after {self.patience.answer_timeout:.0f} seconds")
        sized = length is not None or "chunked" in response.headers.get("transfer-encoding", "")
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, headers, b"".join(chunks), address, sized, self.secrets)

    def _accepted(self, answer: Answer, ask: Ask) -> Answer:
        if answer.status in PASSING:
            detail = answer.excerpt(120)
            said = f": {detail}" if detail else ""
            raise Unusable(f"the service answered {answer.status}{said}", wait=_retry_after(answer))
        if answer.status in (401, 403):
            advice = "see whether the dataset is still public"
            if ask.key:
                advice = f"check the key in {KEY_VARIABLES[ask.key]}, and {advice}"
            raise Refused(f"the service refused ({answer.status}): {answer.excerpt()}", advice)
        if answer.status in (404, 410):
            raise Refused(
                f"nothing is at this address any more ({answer.status})",
                "look the dataset up on its landing page and put the new address into the catalogue",
            )
        if answer.status not in (200, 204, 304):
            raise Refused(
                f"the service rejected the request ({answer.status}): {answer.excerpt(300)}",
                "correct the query in the catalogue entry",
            )
        if self.secrets.inside(answer.content):
            raise Refused("the answer repeats the key that was sent with the request", "report this to the publisher")
        return answer

    def _without_keys(self, location: str) -> str:
        """A redirect that repeats our key in its query loses it, so that it is never stored or shown."""
        parts = urlsplit(location)
        kept = [item for item in parts.query.split("&") if item and self.secrets.clear(item) == item]
        return self.secrets.clear(urlunsplit(parts._replace(query="&".join(kept))))


class _KeyedTransport(httpx.BaseTransport):
    """Puts the key on a request just before it is sent.

    Above this layer (in logs, exceptions, tracebacks and their local variables) a
    request has no key. Exceptions from below are raised anew without their
    context, because that still knows the request as it was sent.
    """

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._lock = threading.Lock()
        self._routes: dict[str | None, httpx.HTTPTransport] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        failure: httpx.TransportError
        try:
            return self._route(request.url).handle_request(self._keyed(request))
        except httpx.TransportError as error:
            failure = type(error)(self._secrets.clear(str(error)))
        raise failure

    def close(self) -> None:
        for route in self._routes.values():
            route.close()

    def _route(self, url: httpx.URL) -> httpx.HTTPTransport:
        """The way out: direct, or through the proxy that the environment names for this host."""
        proxy = None if proxy_bypass(url.host) else getproxies().get(url.scheme)
        with self._lock:
            if proxy not in self._routes:
                self._routes[proxy] = httpx.HTTPTransport(proxy=proxy)
            return self._routes[proxy]

    def _keyed(self, request: httpx.Request) -> httpx.Request:
        protocol = request.extensions.get("analysis_key")
        key = self._secrets.get(protocol)
        if key is None:
            return request
        url, headers = request.url, request.headers.copy()
        if protocol == "census":
            url = url.copy_with(query=url.query + (b"&" if url.query else b"") + b"key=" + quote(key, safe="").encode())
        else:
            headers["X-App-Token"] = key
        return httpx.Request(request.method, url, headers=headers, stream=request.stream, extensions=request.extensions)


def _retry_after(answer: Answer) -> float | None:
    """The seconds a publisher asks to wait, from a number or a date."""
    value = answer.headers.get("retry-after", "").strip()
    if value.isdigit():
        return float(value)
    try:
        when = email.utils.parsedate_to_datetime(value).timestamp()
    except (TypeError, ValueError):
        return None
    return max(0.0, when - time.time())


def _own_version() -> str:
    try:
        return version("angeleno")
    except PackageNotFoundError:
        return "0"
