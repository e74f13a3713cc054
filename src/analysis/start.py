"""Where the ``analysis`` command begins: a build that has nothing to do ends here, the rest is the command line's."""

from __future__ import annotations

import os
import sys

_VALUED = {"--source", "--jobs", "-j"}


def main() -> None:
    """Answer at once where a receipt says that nothing has changed, else hand over to the command line."""
    if not answered(sys.argv[1:]):
        from analysis.cli import main as whole

        whole()


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
