"""The nbconvert exporter ``angeleno``: an executed notebook in, one HTML file out.

``jupyter nbconvert --to angeleno reports/sample/executed/NB.ipynb`` prints the page that a build prints.
"""

from __future__ import annotations

from typing import Any

from nbconvert.exporters.exporter import Exporter

from analysis.project import current_project
from analysis.report.cuts import read_cut
from analysis.report.editions import whole_paper
from analysis.report.execution import places, read_record, without_injected
from analysis.report.made_from import made_from
from analysis.report.page import Setting, compose
from analysis.report.printing import print_page
from analysis.report.versions import UNTRACKED, code_version, repository


class WhitepaperExporter(Exporter):
    """Prints whitepapers; a build prints through the same functions and needs no nbconvert for it."""

    file_extension = ".html"
    output_mimetype = "text/html"
    export_from_notebook = "Angeleno whitepaper"

    def from_notebook_node(self, nb: Any, resources: Any | None = None, **options: Any) -> tuple[Any, dict[str, Any]]:
        """The HTML of an executed notebook, and the resources.

        Raises AnalysisError for prose that may not be published and pages that would break their own rules.
        """
        copied, taken = super().from_notebook_node(nb, resources, **options)
        return print_page(compose(without_injected(copied), _setting(copied))), taken


def _setting(notebook: Any) -> Setting:
    """The setting a build would use: the version of the code that the run's record leads to."""
    project = current_project()
    about = notebook.metadata.get("angeleno", {})
    record = read_record(places(project, about["source"], about["name"])) if about else None
    if record is None:
        return Setting(project, UNTRACKED, repository(project))
    whole = whole_paper(project, about["source"], record.name, record.notebook, record.cut)
    kept = read_cut(project.notebooks / f"{record.notebook}.ipynb", record.cut)
    using = made_from(project, about["source"], record, kept)
    return Setting(project, code_version(project, record), repository(project), whole, using)
