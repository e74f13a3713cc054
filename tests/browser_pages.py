"""A real browser for tests that look at finished pages: what it asks for, what it complains about, what it shows."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
NO_CHROMIUM = "no Chromium on this machine: what a browser shows cannot be measured (apt-get install chromium)"
_QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


@contextmanager
def started() -> Iterator[Any]:
    """A browser without a window, which looks for nothing on its own."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=_QUIET)
        yield browser
        browser.close()


@dataclass
class Opened:
    """A page with what it did since it was opened: requests, errors in the console, dialogs."""

    page: Any
    file: Path
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    @property
    def outside(self) -> list[str]:
        """Requests for anything but the page and what it carries."""
        own = self.file.as_uri()
        return [url for url in self.requests if url.partition("#")[0] != own and not url.startswith(("data:", "blob:"))]


@contextmanager
def opened(browser: Any, file: Path, width: int = 1280, *, anchor: str = "", **options: Any) -> Iterator[Opened]:
    """Open a page at a width in a context of its own."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, reduced_motion="reduce", accept_downloads=True, **options
    )
    page = context.new_page()
    found = Opened(page, file)

    def dismiss(dialog: Any) -> None:
        found.dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("request", lambda request: found.requests.append(request.url))
    page.on("console", lambda message: found.errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: found.errors.append(str(error)))
    page.on("dialog", dismiss)
    page.goto(file.as_uri() + anchor, wait_until="load")
    yield found
    context.close()
