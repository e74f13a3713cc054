"""Plain files against a server of our own: formats, headings, files that are not whole."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable

import pytest

from analysis.catalog import Dataset
from analysis.project import Project
from analysis.sources import FetchError, Web, fetch, read_raw

from .conftest import parts_of
from .servers import Publisher, Reply

CSV = "https://files.invented.example/data/births%20by%20tract.csv"
SERVED = "https://files.invented.example/data/births by tract.csv"
TABLE = b"tract,births,note\n000100,12,.\n000200,,NA\n"


def plain(body: bytes, kind: str = "text/plain", **options) -> Callable:
    return lambda question: Reply(body, 200, kind, {"Last-Modified": "Wed, 01 Jan 2020 00:00:00 GMT"}, **options)


@pytest.fixture
def births(publisher: Publisher, define: Callable[..., Dataset]) -> Dataset:
    publisher.serve(SERVED, plain(TABLE, etag=True))
    return define("births", f"kind: file\naddress: {CSV}\nformat: csv\ncolumns: [tract, births, note]")


def read(dataset: Dataset, project: Project, web: Web):
    return read_raw(dataset, fetch(dataset, project, web=web), project.raw("live", dataset.id))


def test_a_file_lands_byte_for_byte_and_reads_as_text(births: Dataset, project: Project, web: Web) -> None:
    manifest = fetch(births, project, web=web)
    frame = read_raw(births, manifest, project.raw("live", "births"))
    assert parts_of(project, "births")[manifest.parts[0].name] == TABLE
    assert manifest.last_modified == "Wed, 01 Jan 2020 00:00:00 GMT"
    assert (manifest.rows, manifest.columns, manifest.address) == (2, ("tract", "births", "note"), CSV)
    assert frame["tract"].tolist() == ["000100", "000200"]
    # An empty cell is missing; a publisher's own word for it is not ours to interpret here.
    assert frame["births"].isna().tolist() == [False, True]
    assert frame["note"].tolist() == [".", "NA"]


@pytest.mark.parametrize("fault", ["429", "500", "503", "reset", "truncate", "html200", "slow"])
def test_a_passing_fault_leaves_no_trace(
    fault: str, births: Dataset, project: Project, publisher: Publisher, web: Web
) -> None:
    publisher.fail(SERVED, fault, fault, fault)
    assert list(parts_of(project, fetch(births, project, web=web).dataset).values())[-1] == TABLE


@pytest.mark.parametrize("fault", ["truncate", "html200", "reset"])
def test_a_lasting_fault_keeps_the_edition(
    fault: str, births: Dataset, project: Project, publisher: Publisher, web: Web
) -> None:
    fetch(births, project, web=web)
    before = parts_of(project, "births")
    publisher.serve(SERVED, plain(TABLE + b"000300,1,\n", etag=True))
    publisher.fail(SERVED, *[fault] * 20)
    with pytest.raises(FetchError, match=r"births: .* \(asked 8 times\)") as failure:
        fetch(births, project, web=web)
    assert "run the same command again later" in str(failure.value)
    assert parts_of(project, "births") == before


def test_an_unchanged_file_is_not_sent_again(births: Dataset, project: Project, publisher: Publisher, web: Web) -> None:
    clean = fetch(births, project, web=web)
    assert fetch(births, project, web=web) == clean
    assert publisher.asked[-1].headers["If-None-Match"] == clean.etag
    next(iter(project.raw("live", "births").glob("part-*"))).write_bytes(b"tampered")
    fetch(births, project, web=web)
    assert "If-None-Match" not in publisher.asked[-1].headers, "what is damaged here is asked for in full"


def test_a_file_with_a_date_only_is_asked_by_date(
    publisher: Publisher, births: Dataset, project: Project, web: Web
) -> None:
    publisher.serve(SERVED, plain(TABLE))
    clean = fetch(births, project, web=web)
    assert fetch(births, project, web=web) == clean
    assert publisher.asked[-1].headers["If-Modified-Since"] == "Wed, 01 Jan 2020 00:00:00 GMT"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"tract,births_1,note\n1,2,3\n", "missing 'births', new 'births_1'"),
        (b"tract,births\n1,2\n", "missing 'note'"),
        (b"tract,births,note,extra\n1,2,3,4\n", "new 'extra'"),
        (b"tract,births,note\n", "headings but no rows"),
        (b"tract,births,note\n1,2\n", "line 2 has 2 cells, the heading has 3"),
        (b"tract,births,note\n1,2,\xe9\n", "not utf-8 .*correct 'encoding'"),
        (b"tract;births;note\n1;2;3\n", "missing 'tract', 'births', 'note', new 'tract;births;note'"),
        (b"", "the service sent nothing"),
    ],
)
def test_a_file_of_another_shape_is_refused(
    body: bytes, message: str, births: Dataset, project: Project, publisher: Publisher, web: Web
) -> None:
    fetch(births, project, web=web)
    before = parts_of(project, "births")
    publisher.serve(SERVED, plain(body))
    with pytest.raises(FetchError, match=message):
        fetch(births, project, web=web)
    assert parts_of(project, "births") == before


def test_a_heading_renamed_once_is_asked_for_again(
    births: Dataset, project: Project, publisher: Publisher, web: Web
) -> None:
    publisher.fail(SERVED, "rename:births,:births_1,")
    assert fetch(births, project, web=web).columns == ("tract", "births", "note")


def test_a_file_of_unknown_length_that_ends_in_a_line_is_asked_for_again(
    births: Dataset, project: Project, publisher: Publisher, web: Web
) -> None:
    publisher.serve(SERVED, plain(TABLE[:-4], sized=False))
    with pytest.raises(FetchError, match="ends in the middle of a line"):
        fetch(births, project, web=web)
    publisher.serve(SERVED, plain(TABLE, sized=False))
    assert fetch(births, project, web=web).rows == 2


def test_a_changed_catalogue_is_held_against_the_bytes_we_have(
    births: Dataset, define: Callable[..., Dataset], project: Project, web: Web
) -> None:
    fetch(births, project, web=web)
    before = parts_of(project, "births")
    changed = define("births", f"kind: file\naddress: {CSV}\nformat: csv\ncolumns: [tract, births]")
    with pytest.raises(FetchError, match="new 'note'"):
        fetch(changed, project, web=web)
    assert parts_of(project, "births") == before


def test_a_table_with_a_column_a_day(
    publisher: Publisher, define: Callable[..., Dataset], project: Project, web: Web
) -> None:
    address = "https://files.invented.example/wide.csv"
    wide = define(
        "wide",
        rf"kind: file|address: {address}|format: csv|columns: [place]|more_columns: '\d+/\d+/\d\d'".replace("|", "\n"),
    )
    publisher.serve(address, plain(b"place,1/1/20,1/2/20\nA,1,2\n"))
    assert fetch(wide, project, web=web).columns == ("place", "1/1/20", "1/2/20")
    publisher.serve(address, plain(b"place,1/1/20,1/2/20,1/3/20\nA,1,2,3\n"))
    assert fetch(wide, project, web=web).rows == 1
    publisher.serve(address, plain(b"place,1/1/20_1,1/2/20\nA,1,2\n"))
    with pytest.raises(FetchError, match="new '1/1/20_1'"):
        fetch(wide, project, web=web)


def test_old_mac_lines_a_byte_order_mark_and_an_unnamed_column(
    publisher: Publisher, define: Callable[..., Dataset], project: Project, web: Web
) -> None:
    address = "https://files.invented.example/documents?id=12-count.csv"
    mac = define("mac", f'kind: file\naddress: {address}\nformat: csv\ncolumns: ["", FIPS, total]')
    publisher.serve(address, plain("\ufeff,FIPS,total\r0,99001000100,1.5\r1,99001000200,2\r".encode()))
    frame = read(mac, project, web)
    assert frame["FIPS"].tolist() == ["99001000100", "99001000200"]
    assert frame["total"].tolist() == ["1.5", "2"]


def test_tabs_and_cp1252(publisher: Publisher, define: Callable[..., Dataset], project: Project, web: Web) -> None:
    address = "https://files.invented.example/policies.csv"
    tabs = define("tabs", f'kind: file\naddress: {address}\nformat: tsv\nencoding: cp1252\ncolumns: [name, note, ""]')
    publisher.serve(address, plain("name\tnote\t\nclosing\tca\u0301fe’s\t\n".replace("a\u0301", "á").encode("cp1252")))
    assert read(tabs, project, web)["note"].tolist() == ["cáfe’s"]


def workbook(sheets: dict[str, list[list]]) -> bytes:
    """A minimal xlsx by hand, so that the test needs no writer."""

    def cell(value) -> str:
        if isinstance(value, str):
            return f'<c t="inlineStr"><is><t>{value}</t></is></c>'
        return "<c/>" if value is None else f"<c><v>{value}</v></c>"

    spread = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as book:
        names = list(sheets)
        overrides = "".join(
            f'<Override PartName="/xl/worksheets/s{n}.xml" ContentType="{kind}.worksheet+xml"/>'
            for n in range(len(names))
        )
        book.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{package}/content-types"><Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>{overrides}</Types>',
        )
        book.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{package}/relationships"><Relationship Id="r" Type="{office}/officeDocument" '
            'Target="xl/workbook.xml"/></Relationships>',
        )
        listed = "".join(f'<sheet name="{name}" sheetId="{n + 1}" r:id="r{n}"/>' for n, name in enumerate(names))
        book.writestr(
            "xl/workbook.xml", f'<workbook xmlns="{spread}" xmlns:r="{office}"><sheets>{listed}</sheets></workbook>'
        )
        links = "".join(
            f'<Relationship Id="r{n}" Type="{office}/worksheet" Target="worksheets/s{n}.xml"/>'
            for n in range(len(names))
        )
        book.writestr(
            "xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{package}/relationships">{links}</Relationships>'
        )
        for n, rows in enumerate(sheets.values()):
            body = "".join(f"<row>{''.join(cell(value) for value in row)}</row>" for row in rows)
            book.writestr(
                f"xl/worksheets/s{n}.xml", f'<worksheet xmlns="{spread}"><sheetData>{body}</sheetData></worksheet>'
            )
    return buffer.getvalue()


BOOK = "https://files.invented.example/count.xlsx"
SHEETS = {
    "Notes": [["read me"]],
    "Data": [["a title"], ["tract", "people", "year"], [101110, 2.5, 2017], [101122, None, 2017]],
}


@pytest.fixture
def count(publisher: Publisher, define: Callable[..., Dataset]) -> Dataset:
    publisher.serve(BOOK, plain(workbook(SHEETS), "application/octet-stream"))
    return define(
        "count",
        f"kind: file\naddress: {BOOK}\nformat: xlsx\nsheet: Data\nheader_row: 2\ncolumns: [tract, people, year]",
    )


def test_a_sheet_reads_as_text_without_decimal_points_on_codes(count: Dataset, project: Project, web: Web) -> None:
    frame = read(count, project, web)
    assert frame["tract"].tolist() == ["101110", "101122"]
    assert frame["people"].tolist()[0] == "2.5"
    assert frame["people"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (workbook({"Notes": [["read me"]]}), "no sheet 'Data'; there are Notes"),
        (workbook({"Data": [["a title"], ["tract", "persons", "year"], [1, 2, 3]]}), "missing 'people', new 'persons'"),
        (workbook({"Data": [["a title"]]}), "headings were expected in row 2"),
        (workbook(SHEETS)[:-30], "no whole workbook"),
        (b"PK\x03\x04 not really", "no whole workbook"),
    ],
)
def test_a_workbook_that_is_not_what_it_was_is_refused(
    body: bytes, message: str, count: Dataset, project: Project, publisher: Publisher, web: Web
) -> None:
    fetch(count, project, web=web)
    before = parts_of(project, "count")
    publisher.serve(BOOK, plain(body, "application/octet-stream"))
    with pytest.raises(FetchError, match=message):
        fetch(count, project, web=web)
    assert parts_of(project, "count") == before


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return buffer.getvalue()


ZIP = "https://files.invented.example/bulletins.zip"


def test_texts_in_a_zip(publisher: Publisher, define: Callable[..., Dataset], project: Project, web: Web) -> None:
    members = {"b/2.txt": "Résumé".encode("cp1252"), "b/1.txt": b"Gardener", "b/": b"", "readme.md": b"no"}
    publisher.serve(ZIP, plain(zipped(members), "application/zip"))
    texts = define("texts", f"kind: file\naddress: {ZIP}\nformat: zip\nmember: '*.txt'\nencoding: cp1252")
    frame = read(texts, project, web)
    assert frame.to_dict("list") == {"member": ["b/1.txt", "b/2.txt"], "text": ["Gardener", "Résumé"]}
    damaged = bytearray(zipped({"b/1.txt": b"Gardener" * 50}))
    damaged[45] ^= 0xFF
    publisher.serve(ZIP, plain(bytes(damaged), "application/zip"))
    with pytest.raises(FetchError, match=r"damaged|no whole zip"):
        fetch(texts, project, web=web)


def test_a_table_in_a_zip(publisher: Publisher, define: Callable[..., Dataset], project: Project, web: Web) -> None:
    publisher.serve(ZIP, plain(zipped({"t1.csv": TABLE, "t2.csv": TABLE}), "application/zip"))
    source = f"kind: file\naddress: {ZIP}\nformat: zip\nmember: 't?.csv'\ncolumns: [tract, births, note]"
    tables = define("tables", source)
    assert len(read(tables, project, web)) == fetch(tables, project, web=web).rows == 4
    publisher.serve(ZIP, plain(zipped({"other.csv": TABLE}), "application/zip"))
    with pytest.raises(FetchError, match=r"no member 't\?.csv'; there are other.csv"):
        fetch(tables, project, web=web)


def test_json_records_and_geojson(
    publisher: Publisher, define: Callable[..., Dataset], project: Project, web: Web
) -> None:
    address = "https://files.invented.example/open.json"
    publisher.serve(address, plain(json.dumps([{"id": "a", "x": 1.5}, {"id": "b", "x": None}]).encode()))
    records = define("records", f"kind: file\naddress: {address}\nformat: json\ncolumns: [id, x]")
    frame = read(records, project, web)
    assert frame["x"].tolist()[0] == "1.5"
    assert frame["x"].isna().tolist() == [False, True]
    publisher.fail(address, "badjson")
    assert fetch(records, project, web=web).rows == 2
    shape = {"type": "Polygon", "coordinates": [[[-128, 33], [-127, 33], [-127, 34], [-128, 33]]]}
    features = [{"type": "Feature", "geometry": shape, "properties": {"district": 1}}]
    address = "https://files.invented.example/districts.geojson"
    publisher.serve(address, plain(json.dumps({"type": "FeatureCollection", "features": features}).encode()))
    districts = define("districts", f"kind: file\naddress: {address}\nformat: geojson\ncolumns: [district]")
    shapes = read(districts, project, web)
    assert shapes["district"].tolist() == ["1"]
    assert shapes.total_bounds.tolist() == [-128, 33, -127, 34]
    publisher.serve(address, plain(json.dumps({"type": "Topology"}).encode()))
    with pytest.raises(FetchError, match="no GeoJSON collection"):
        fetch(districts, project, web=web)
