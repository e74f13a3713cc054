"""What papermill finds under the entry point ``analysis``; it imports nothing, because papermill loads it while it is
itself being imported, by the very module that holds the engine."""

from __future__ import annotations

from typing import Any


class AnalysisEngine:
    """Stands for :class:`analysis.report.engine.AnalysisEngine` until papermill is whole."""

    @classmethod
    def execute_notebook(cls, *arguments: Any, **options: Any) -> Any:
        """Execute a notebook, as papermill asks it of an engine."""
        return _engine().execute_notebook(*arguments, **options)

    @classmethod
    def nb_kernel_name(cls, *arguments: Any, **options: Any) -> str:
        """The name of the kernel."""
        return str(_engine().nb_kernel_name(*arguments, **options))

    @classmethod
    def nb_language(cls, *arguments: Any, **options: Any) -> str:
        """The language of the kernel."""
        return str(_engine().nb_language(*arguments, **options))


def _engine() -> Any:
    from analysis.report.engine import AnalysisEngine as Whole

    return Whole
