"""Seeing the prose while writing it."""

from __future__ import annotations


def preview(notebook: str | None = None) -> None:
    """Show the Markdown cells of the notebook being worked on as they will read."""
    raise NotImplementedError
