"""Keys and passwords: read from the environment, used in one place, cleared from everything else."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus

KEY_VARIABLES = {"census": "CENSUS_API_KEY", "socrata": "SOCRATA_APP_TOKEN"}
HIDDEN = "•••"

# The HTTP libraries log addresses and answer headers under these names.
_LOGGERS = (
    "httpx",
    "httpcore.connection",
    "httpcore.http11",
    "httpcore.http2",
    "httpcore.proxy",
    "httpcore.socks",
    "hpack",
)


@dataclass(frozen=True)
class Secrets:
    """The keys in use, by protocol; their text never appears in ``repr``.

    >>> Secrets({"census": "abc 123"})
    Secrets(census)
    >>> Secrets({"census": "abc 123"}).clear("get?key=abc%20123&for=tract:*")
    'get?key=•••&for=tract:*'
    """

    keys: dict[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Secrets({', '.join(sorted(self.keys))})"

    def get(self, protocol: str | None) -> str | None:
        """The key of a protocol, or None."""
        return self.keys.get(protocol) if protocol else None

    def clear(self, text: str) -> str:
        """The text with every key replaced, as it stands and as it stands in an address."""
        return clear(text, self.keys.values())

    def inside(self, content: bytes) -> bool:
        """Whether a key is repeated in the bytes of an answer."""
        return any(key.encode() in content for key in self.keys.values())


def clear(text: str, secrets: Iterable[str]) -> str:
    """Replace every secret in a text, longest first."""
    for secret in sorted(secrets, key=len, reverse=True):
        for form in dict.fromkeys((secret, quote(secret, safe=""), quote(secret), quote_plus(secret))):
            if form:
                text = text.replace(form, HIDDEN)
    return text


def secrets_from_environment() -> Secrets:
    """The keys set in the environment; blank ones count as absent."""
    found = {name: os.environ.get(variable, "").strip() for name, variable in KEY_VARIABLES.items()}
    return Secrets({name: key for name, key in found.items() if key})


class ClearingFilter(logging.Filter):
    """Clears keys from log records of the HTTP libraries, for instance when a server repeats one."""

    def __init__(self, secrets: Secrets) -> None:
        super().__init__()
        self.secrets = secrets

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record; it is always let through."""
        message = record.getMessage()
        cleared = self.secrets.clear(message)
        if cleared != message:
            record.msg, record.args = cleared, ()
        return True


def guard_logs(secrets: Secrets) -> ClearingFilter:
    """Put the filter on the loggers of the HTTP libraries; give the result to ``release_logs``."""
    guard = ClearingFilter(secrets)
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(guard)
    return guard


def release_logs(guard: ClearingFilter) -> None:
    """Take the filter off again."""
    for name in _LOGGERS:
        logging.getLogger(name).removeFilter(guard)
