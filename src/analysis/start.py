"""Where the ``analysis`` command begins.

A build that has nothing to do ends here; one that has is handed to the process that stands by, if there may be one;
the rest is the command line's.
"""

from __future__ import annotations

import os
import sys

_VALUED = {"--source", "--jobs", "-j"}
_BUILDING = {"reports", "report", "briefs"}
_SAID_AT_ONCE = {"--help", "--dry-run"}


def main() -> None:
    """Answer at once where a receipt says that nothing has changed, else have the command carried out."""
    words = sys.argv[1:]
    if answered(words):
        return
    if runs_notebooks(words) and (root := _root()) is not None:
        _begin(words, root)
    from analysis.cli import main as whole

    whole()


def runs_notebooks(words: list[str]) -> bool:
    """Whether a command line runs notebooks.

    >>> runs_notebooks(["report", "01"]), runs_notebooks(["reports", "--dry-run"]), runs_notebooks(["status"])
    (True, False, False)
    """
    return bool(words) and words[0] in _BUILDING and not _SAID_AT_ONCE & {*words}


def _begin(words: list[str], root: str) -> None:
    """Hand a build over and end as it does; where it is to run here, let the warm process start ahead of it."""
    from analysis import handover
    from analysis.project import SOURCES, AnalysisError
    from analysis.report.kernel_environment import keep_warm
    from analysis.report.warm import service

    if not service.possible():
        return
    try:
        code = handover.handed_over(words, root) if handover.minutes(os.environ) else None
    except AnalysisError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:  # before the command had begun
        sys.exit(130)
    if code is not None:
        sys.exit(code)
    if "--isolated" not in words:
        keep_warm(root, SOURCES)


def answered(words: list[str]) -> bool:
    """Whether ``analysis reports`` was asked for, without anything that changes what it does, and nothing is stale."""
    if not words or words[0] != "reports":
        return False
    options = dict(zip(words[1::2], words[2::2], strict=False))
    if len(words) % 2 == 0 or not options.keys() <= _VALUED:
        return False
    source = options.get("--source") or os.environ.get("ANALYSIS_SOURCE") or "sample"
    root = _root()
    if root is None or source not in ("sample", "live"):
        return False
    from analysis import receipt

    said = receipt.held(root, source)
    if said is None:
        return False
    print(said)
    print(os.path.join(root, "reports", source, "index.html"))
    return True


def _root() -> str | None:
    """The checkout, as :func:`analysis.project.current_project` finds it; None leaves the error to that."""
    named = os.environ.get("ANALYSIS_ROOT")
    if named:
        return os.path.realpath(named)
    folder = os.path.realpath(os.getcwd())
    while True:
        if os.path.isdir(os.path.join(folder, "data", "catalog")) and os.path.isfile(
            os.path.join(folder, "pyproject.toml")
        ):
            return folder
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above


if __name__ == "__main__":
    main()
