"""The catalogue's loader: every mistake is told with file, line and what is allowed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from analysis.catalog import (
    ArcgisSource,
    CensusSource,
    DatabaseSource,
    FileSource,
    Period,
    SocrataSource,
    load_catalog,
)
from analysis.project import AnalysisError, Project

# Line numbers of the complaints below count from the first line of this text.
GOOD = """\
subject: births
title: Births
datasets:
  - id: births_2020
    title: Births
    description: Invented.
    use_for: Tests.
    do_not_use_for: Anything else.
    publisher: Nobody
    landing_page: https://invented.example/births
    licence: None
    steward: Nobody
    sensitivity: public
    cadence: yearly
    source:
      kind: file
      address: https://invented.example/births.csv
      format: csv
      columns: [tract, births]
    key: [tract]
    geography: tract
    vintage: 2020 tracts
    period: {start: "2020", end: "2020"}
    known_dirt:
      - Blank cells.
"""


def catalog_of(folder: Path, text: str, name: str = "births.yml"):
    (folder / "data" / "catalog").mkdir(parents=True, exist_ok=True)
    (folder / "data" / "catalog" / name).write_text(text, encoding="utf-8")
    return load_catalog(Project(folder))


def with_source(source: str) -> str:
    indented = "\n".join("      " + line for line in source.strip().splitlines())
    return re.sub(r"    source:\n(      .*\n)+", f"    source:\n{indented}\n", GOOD)


def test_a_good_entry_is_read_whole(tmp_path: Path) -> None:
    catalog = catalog_of(tmp_path, GOOD)
    dataset = catalog["births_2020"]
    assert dataset.source == FileSource("https://invented.example/births.csv", "csv", columns=("tract", "births"))
    assert dataset.period == Period("2020", "2020")
    assert (dataset.subject, dataset.defined_at) == ("births", "births.yml:4")
    assert dataset.known_dirt == ("Blank cells.",)
    assert catalog.subjects["births"].datasets == ("births_2020",)
    assert list(catalog) == ["births_2020"]
    assert "births_2020" in catalog
    assert "deaths" not in catalog


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            'kind: census\naddress: https://a.gov/data\nfor: "tract:*"\nin: "state:06"\nvariables: {B1: People}',
            CensusSource("https://a.gov/data", "tract:*", "state:06", {"B1": "People"}),
        ),
        (
            "kind: socrata\naddress: https://a.gov/resource/ab12-cd34.json\nwhere: x = 1",
            SocrataSource("https://a.gov/resource/ab12-cd34.json", where="x = 1"),
        ),
        (
            "kind: arcgis\naddress: https://a.gov/x/FeatureServer/3\ngeometry: false\nfields: [a, b]",
            ArcgisSource("https://a.gov/x/FeatureServer/3", geometry=False, fields=("a", "b")),
        ),
        (
            'kind: file\naddress: https://a.gov/x\nformat: tsv\nencoding: cp1252\ncolumns: ["", a]',
            FileSource("https://a.gov/x", "tsv", encoding="cp1252", delimiter="\t", columns=("", "a")),
        ),
        (
            "kind: file\naddress: https://a.gov/x\nformat: xlsx\nsheet: Data\nheader_row: 3\ncolumns: [a]",
            FileSource("https://a.gov/x", "xlsx", sheet="Data", header_row=3, columns=("a",)),
        ),
        (
            "kind: database\nurl_variable: PERMITS_URL\nquery: select 1\nchunk_rows: 10",
            DatabaseSource("PERMITS_URL", "select 1", 10),
        ),
    ],
)
def test_each_kind_of_source(source: str, expected: object, tmp_path: Path) -> None:
    assert catalog_of(tmp_path, with_source(source))["births_2020"].source == expected


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        (
            "    geography: tract",
            "    geografy: tract",
            21,
            "births_2020: unknown key 'geografy'; allowed are id, title",
        ),
        ("    geography: tract\n", "", 4, "births_2020: missing key 'geography'"),
        ("    geography: tract", "    geography:", 21, "missing key 'geography'"),
        ("    geography: tract", "    geography: tract\n    geography: city", 22, "stands twice (first on line 21)"),
        ("    geography: tract", "    geography: 7", 21, "geography must be text, found a number: put it in quotes"),
        ("    geography: tract", "    geography: yes", 21, "found true or false"),
        ("    geography: tract", "    geography: [tract]", 21, "geography must be text, found a list"),
        ("    geography: tract", "    geography: ' '", 21, "geography is blank"),
        ("  - id: births_2020", "  - id: Births 2020", 4, "bad id 'Births 2020'"),
        ("  - id: births_2020", "  - id: births__2020", 4, "bad id 'births__2020'"),
        ("    sensitivity: public", "    sensitivity: secret", 13, "is not one of public, internal, restricted"),
        ("    sensitivity: public", "    sensitivity: restricted", 13, "needs a sensitivity_reason"),
        ("    cadence: yearly", "    cadence: sometimes", 14, "cadence 'sometimes' is not one of hourly"),
        ("https://invented.example/births\n", "http://invented.example/births\n", 10, "bad landing_page"),
        (
            "https://invented.example/births\n",
            "https://me:pw@invented.example/\n",  # pragma: allowlist secret
            10,
            "bad landing_page",
        ),
        (
            "      address: https://invented.example/births.csv",
            "      address: https://a.example/b c.csv",
            17,
            "write %20",
        ),
        ("      kind: file", "      kind: ftp", 16, "kind 'ftp' is not one of census, socrata, arcgis, file, database"),
        ("      format: csv", "      format: csv\n      sheet_name: x", 19, "source: unknown key 'sheet_name'"),
        ("      format: csv", "      format: docx", 18, "format 'docx' is not one of csv, tsv"),
        ("      format: csv", "      format: xlsx", 16, "an xlsx file needs the name of the sheet"),
        ("      format: csv", "      format: csv\n      encoding: utf-9", 19, "unknown encoding 'utf-9'"),
        ("      format: csv", "      format: csv\n      delimiter: '||'", 19, "delimiter must be one character"),
        (
            "      format: csv",
            "      format: csv\n      header_row: 0",
            19,
            "header_row must be a whole number above zero",
        ),
        (
            "      format: csv",
            "      format: csv\n      more_columns: '('",
            19,
            "more_columns is not a regular expression",
        ),
        ("      columns: [tract, births]\n", "", 16, "missing key 'columns'"),
        ("[tract, births]", "[tract, tract]", 19, "columns names 'tract' twice"),
        ("    key: [tract]", "    key: tract", 20, "key must be a list, found text"),
        ("    key: [tract]", "    key: [1]", 20, "key must be text, found a number"),
        ('{start: "2020", end: "2020"}', '{start: "2020", end: "2019"}', 23, "end 2019 lies before start 2020"),
        ('{start: "2020", end: "2020"}', '{end: "2019"}', 23, "missing key 'start'"),
        ('{start: "2020", end: "2020"}', '{start: "spring"}', 23, "bad start: expected 2018, 2018-04"),
        ("    period: {", "    period: 2020 # {", 23, "period must be a mapping, found a number"),
        (
            "title: Births\ndatasets",
            "titel: Births\ndatasets",
            2,
            "unknown key 'titel'; allowed are subject, title, datasets",
        ),
        ("subject: births", "subject: deaths", 1, "subject 'deaths' must be the name of the file"),
        ("      - Blank cells.", "      - Blank: cells.", 25, "known_dirt must be text, found a mapping"),
        ("    title: Births", "    title: [Births", 6, "not valid YAML"),
    ],
)
def test_each_mistake_is_told_with_file_and_line(old: str, new: str, line: int, message: str, tmp_path: Path) -> None:
    assert old in GOOD
    with pytest.raises(AnalysisError) as failure:
        catalog_of(tmp_path, GOOD.replace(old, new, 1))
    assert str(failure.value).startswith(f"births.yml:{line}: ")
    assert message in str(failure.value)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("kind: socrata\naddress: https://a.gov/resource/abcd.json", "expected https://host/resource/abcd-1234.json"),
        ("kind: arcgis\naddress: https://a.gov/x/FeatureServer\ngeometry: true", "…/FeatureServer/0"),
        ("kind: arcgis\naddress: https://a.gov/x/FeatureServer/0", "missing key 'geometry'"),
        ("kind: arcgis\naddress: https://a.gov/x/FeatureServer/0\ngeometry: 1", "geometry must be true or false"),
        ('kind: census\naddress: https://a.gov\nfor: "tract:*"\nin: "state:06"\nvariables: {}', "variables is empty"),
        ("kind: census\naddress: https://a.gov\nfor: tract\nin: x\nvariables: [B1]", "variables must be a mapping"),
        (
            "kind: database\nurl_variable: postgresql://me:pw@host\nquery: select 1",  # pragma: allowlist secret
            "the NAME of an environment variable",
        ),
        ("kind: database\nquery: select 1", "missing key 'url_variable'"),
    ],
)
def test_each_mistake_in_a_source(source: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(AnalysisError, match=r"^births\.yml:\d+: births_2020: source: ") as failure:
        catalog_of(tmp_path, with_source(source))
    assert message in str(failure.value)


def test_an_id_may_stand_once_in_a_file_and_once_in_all_files(tmp_path: Path) -> None:
    entry = GOOD.split("datasets:\n")[1]
    with pytest.raises(
        AnalysisError, match=r"^births\.yml:26: births_2020: id 'births_2020' stands twice \(first at births.yml:4\)"
    ):
        catalog_of(tmp_path, GOOD + entry)
    catalog_of(tmp_path, GOOD)
    with pytest.raises(
        AnalysisError, match=r"^deaths\.yml:4: dataset 'births_2020' is already defined at births\.yml:4"
    ):
        catalog_of(tmp_path, GOOD.replace("subject: births", "subject: deaths"), "deaths.yml")


def test_files_that_are_no_subjects_are_left_alone(tmp_path: Path) -> None:
    catalog_of(tmp_path, GOOD)
    assert list(catalog_of(tmp_path, "typefaces: {body: serif}\n", "style.yml")) == ["births_2020"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "births.yml:1: expected 'key: value' lines, found nothing"),
        ("- a\n", "births.yml:1: expected 'key: value' lines, found a list"),
        (
            "subject: births\ntitle: Births\ndatasets: []\n",
            "births.yml:3: births: datasets must be a list with at least one",
        ),
        (
            "subject: births\ntitle: Births\ndatasets: [a]\n",
            "births.yml:3: births: an entry of datasets must be a mapping",
        ),
        ("? [a]\n: 1\nsubject: births\n", "births.yml:1: births: a key must be plain text"),
    ],
)
def test_files_of_another_shape(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(AnalysisError) as failure:
        catalog_of(tmp_path, text)
    assert str(failure.value).startswith(message)


def test_a_file_in_another_encoding(tmp_path: Path) -> None:
    catalog_of(tmp_path, GOOD)
    (tmp_path / "data" / "catalog" / "births.yml").write_bytes(GOOD.replace("Invented", "Erfundén").encode("latin-1"))
    with pytest.raises(AnalysisError, match=r"^births\.yml:1: not UTF-8 text"):
        load_catalog(Project(tmp_path))


def test_an_empty_catalogue(tmp_path: Path) -> None:
    (tmp_path / "data" / "catalog").mkdir(parents=True)
    with pytest.raises(AnalysisError, match="no dataset in catalog"):
        load_catalog(Project(tmp_path))


def test_a_misspelt_id_gets_advice(tmp_path: Path) -> None:
    with pytest.raises(AnalysisError, match=r"no dataset 'births_2021' in data/catalog: did you mean births_2020\?"):
        catalog_of(tmp_path, GOOD)["births_2021"]


def test_the_catalogue_needs_no_pandas(tmp_path: Path) -> None:
    catalog_of(tmp_path, GOOD)
    program = (
        "import sys; from pathlib import Path; from analysis.project import Project; import analysis.sources;"
        "from analysis.catalog import load_catalog; load_catalog(Project(Path(sys.argv[1])));"
        "print([name for name in ('pandas', 'numpy', 'httpx', 'sqlalchemy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
