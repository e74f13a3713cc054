"""Publishers of our own: small servers that speak the wire formats with invented rows, and fail on request.

Addresses are mirrored (``/HOST/PATH``), so a test only sets ``ANALYSIS_MIRROR``.
A script of faults belongs to a path; each request takes the next one, ``ok`` or
an empty script is a good answer.
"""

from __future__ import annotations

import hashlib
import json
import re
import socket
import struct
import threading
import time
import urllib.parse
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PAGE = b"<!DOCTYPE html>\n<html><head><title>Scheduled maintenance</title></head><body>Back soon</body></html>"


@dataclass
class Reply:
    """An answer before any fault is applied to it."""

    body: bytes = b""
    status: int = 200
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    etag: bool = False
    sized: bool = True


@dataclass(frozen=True)
class Question:
    """A request as the publisher sees it: real host and path, decoded query, headers."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]


Route = Callable[[Question], Reply]


def as_json(value: Any, **options: Any) -> Reply:
    """A JSON answer."""
    return Reply(json.dumps(value).encode(), **options)


class Publisher:
    """All hosts in one server."""

    def __init__(self) -> None:
        self.routes: dict[str, Route] = {}
        self.faults: dict[str, list[str]] = defaultdict(list)
        self.asked: list[Question] = []
        self.retry_after = "0"
        self.slow_seconds = 0.05
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def base(self) -> str:
        """What ANALYSIS_MIRROR must be."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

    def serve(self, address: str, route: Route) -> None:
        """Answer a real https address."""
        self.routes[address.removeprefix("https://")] = route

    def fail(self, address: str, *faults: str) -> None:
        """The faults of the next requests for an address."""
        self.faults[address.removeprefix("https://")] += faults

    def count(self, address: str) -> int:
        """How often an address was asked for."""
        return sum(question.path == address.removeprefix("https://") for question in self.asked)

    def answer(self, question: Question) -> tuple[Reply, str]:
        """The reply to a question and the fault to apply to it."""
        self.asked.append(question)
        script = self.faults[question.path]
        fault = script.pop(0) if script else "ok"
        if fault in ("429", "503"):
            return Reply(b"busy", int(fault), "text/plain", {"Retry-After": self.retry_after}), "ok"
        if fault == "html200":
            return Reply(PAGE, 200, "text/html"), "ok"
        if fault == "err200":
            return as_json({"error": {"code": 504, "message": "Your request has timed out.", "details": []}}), "ok"
        if fault.isdigit():
            return Reply(b"error: " + fault.encode(), int(fault), "text/plain"), "ok"
        route = self.routes.get(question.path)
        reply = route(question) if route else Reply(b"404: Not Found", 404, "text/plain")
        if reply.etag and reply.status == 200:
            mark = f'"{hashlib.sha256(reply.body).hexdigest()[:12]}"'
            reply.headers["ETag"] = mark
            if question.headers.get("If-None-Match") == mark:
                return Reply(b"", 304, headers={"ETag": mark}), "ok"
        if fault == "badjson":
            reply.body = reply.body[: len(reply.body) * 2 // 3]
        if fault.startswith("rename:"):
            old, new = fault.split(":")[1:]
            reply.body = reply.body.replace(old.encode(), new.encode())
            reply.headers = {name: value.replace(old, new) for name, value in reply.headers.items()}
        return reply, fault


def _handler(publisher: Publisher) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, *args: Any) -> None:
            """Quiet."""

        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            pairs = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
            # A file may be named by its whole query (documents?id=12.csv).
            named = urllib.parse.unquote(self.path.lstrip("/"))
            plain = named if named in publisher.routes else urllib.parse.unquote(path.lstrip("/"))
            reply, fault = publisher.answer(Question(plain, pairs, dict(self.headers.items())))
            try:
                self._send(reply, fault)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def _send(self, reply: Reply, fault: str) -> None:
            self.send_response(reply.status)
            if reply.status not in (204, 304):
                self.send_header("Content-Type", reply.kind)
                if reply.sized:
                    self.send_header("Content-Length", str(len(reply.body)))
                else:
                    self.close_connection = True
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if fault in ("reset", "truncate"):
                self.close_connection = True
            if fault == "slow":
                time.sleep(publisher.slow_seconds)
            self.end_headers()
            if reply.status in (204, 304):
                return
            half = len(reply.body) // 2
            self.wfile.write(reply.body[:half])
            if fault == "reset":
                self.wfile.flush()
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
                return
            if fault == "truncate":
                return
            if fault == "slow":
                self.wfile.flush()
                time.sleep(publisher.slow_seconds)
            self.wfile.write(reply.body[half:])

        def finish(self) -> None:
            try:
                super().finish()
            except (OSError, ValueError):
                self.close_connection = True

    return Handler


class CensusApi:
    """Three invented tracts by default; refuses more than 50 names and unknown ones, as the API does."""

    def __init__(self, address: str, columns: Mapping[str, list[str | None]], tracts: list[str]) -> None:
        self.address = address
        self.columns = dict(columns)
        self.tracts = tracts

    def __call__(self, question: Question) -> Reply:
        names = question.query.get("get", "").split(",")
        if len(names) > 50:
            return Reply(b"error: exceeded the limit of 50 variables", 400, "text/plain")
        for name in names:
            if name not in self.columns and name != "NAME":
                return Reply(f"error: unknown variable '{name}'".encode(), 400, "text/plain")
        if question.query.get("in") != "state:99 county:001":
            return Reply(b"", 204)
        rows = [
            [f"Tract {tract}" if name == "NAME" else self.columns[name][at] for name in names] + ["99", "001", tract]
            for at, tract in enumerate(self.tracts)
        ]
        return as_json([[*names, "state", "county", "tract"], *rows])


class SocrataPortal:
    """A dataset whose pages can shift: ``shift_at`` maps an offset to the rows a page is late or early."""

    def __init__(self, address: str, columns: Mapping[str, str], rows: list[dict[str, Any]]) -> None:
        self.address = address
        self.columns = dict(columns)
        self.rows = rows
        self.headers = True
        self.shift: Callable[[int, int], int] = lambda offset, limit: 0
        self.on_page: Callable[[int], None] = lambda offset: None

    @property
    def view_address(self) -> str:
        return self.address.replace("/resource/", "/api/views/")

    def view(self, question: Question) -> Reply:
        columns = [{"fieldName": name, "dataTypeName": kind, "name": name} for name, kind in self.columns.items()]
        return as_json({"id": "abcd-1234", "columns": columns})

    def __call__(self, question: Question) -> Reply:
        rows = self.rows
        where = question.query.get("$where")
        if where:
            name, value = re.fullmatch(r"(\w+) = '(\w+)'", where).groups()  # type: ignore[union-attr]
            rows = [row for row in rows if row.get(name) == value]
        select = question.query["$select"]
        if select == "count(*) as row_count":
            return self._reply([{"row_count": str(len(rows))}], ["row_count"], ["number"])
        assert question.query["$order"] == ":id", "paging without a stable order"
        wanted = [":id", *self.columns] if select == ":id,*" else select.split(",")
        offset, limit = int(question.query["$offset"]), int(question.query["$limit"])
        self.on_page(offset)
        start = max(0, offset + self.shift(offset, limit))
        page = [
            {name: row[name] for name in wanted if row.get(name) is not None} for row in rows[start : start + limit]
        ]
        wire = {"calendar_date": "floating_timestamp"}
        types = ["row_identifier", *(wire.get(self.columns[n], self.columns[n]) for n in wanted[1:])]
        return self._reply(page, wanted, types)

    def _reply(self, rows: list[dict[str, Any]], fields: list[str], types: list[str]) -> Reply:
        headers = {"X-SODA2-Fields": json.dumps(fields), "X-SODA2-Types": json.dumps(types)} if self.headers else {}
        return as_json(rows, headers=headers, etag=True)


class ArcgisLayer:
    """A layer of points or a table; ``cap`` is the most features a page holds whatever is asked."""

    def __init__(self, address: str, fields: Mapping[str, str], rows: list[dict[str, Any]], object_id: str) -> None:
        self.address = address
        self.fields = dict(fields)
        self.rows = rows
        self.object_id = object_id
        self.geometry: str | None = "esriGeometryPoint"
        self.page = 10
        self.cap: int | None = None
        self.flag_on_top = True
        self.edited = 1
        self.on_query: Callable[[Question], None] = lambda question: None

    def describe(self, question: Question) -> Reply:
        return as_json(
            {
                "objectIdField": self.object_id,
                "fields": [{"name": name, "type": kind} for name, kind in self.fields.items()],
                "maxRecordCount": self.page,
                "geometryType": self.geometry,
                "editingInfo": {"lastEditDate": self.edited},
            }
        )

    def query(self, question: Question) -> Reply:
        self.on_query(question)
        rows = self._matching(question.query["where"])
        if question.query.get("returnCountOnly") == "true":
            return as_json({"count": len(rows)})
        if question.query.get("returnIdsOnly") == "true":
            ids = [row[self.object_id] for row in rows]
            return as_json({"objectIdFieldName": self.object_id, "objectIds": ids})
        assert question.query["orderByFields"] == self.object_id
        assert "resultOffset" not in question.query, "paging by offset loses rows"
        cut = self.cap is not None and len(rows) > self.cap
        rows = rows[: self.cap]
        wanted = question.query["outFields"]
        names = list(self.fields) if wanted == "*" else wanted.split(",")
        attributes = [{name: row[name] for name in names} for row in rows]
        if question.query["f"] == "json":
            fields = [{"name": name, "type": self.fields[name]} for name in names]
            body: dict[str, Any] = {"fields": fields, "features": [{"attributes": row} for row in attributes]}
            if cut:
                body["exceededTransferLimit"] = True
            return as_json(body, etag=True)
        assert question.query["outSR"] == "4326"
        features = [
            {"type": "Feature", "geometry": row["geometry"], "properties": found}
            for row, found in zip(rows, attributes, strict=True)
        ]
        body = {"type": "FeatureCollection", "features": features}
        if cut and self.flag_on_top:
            body["exceededTransferLimit"] = True
        elif cut:
            body["properties"] = {"exceededTransferLimit": True}
        return as_json(body, etag=True)

    def _matching(self, where: str) -> list[dict[str, Any]]:
        rows = sorted(self.rows, key=lambda row: row[self.object_id])
        for low, high in re.findall(rf"{self.object_id} >= (\d+) AND {self.object_id} <= (\d+)", where):
            rows = [row for row in rows if int(low) <= row[self.object_id] <= int(high)]
        for name, value in re.findall(r"(\w+) = '(\w+)'", where):
            rows = [row for row in rows if row[name] == value]
        return rows
