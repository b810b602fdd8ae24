"""Do all ways give the same answer? What is compared for speed says the same, or the comparison says nothing."""

import http.client
import json
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from http import HTTPStatus
from typing import Any

from benchmarks.endpoints.rows import Request, Row
from benchmarks.endpoints.servers import Server

OWN_OF_EACH = {"id", "timestamp", "created_at", "updated_at"}  # of a new row


def fetch(server: Server, request: Request) -> http.client.HTTPResponse:
    """Return an answer, its body read."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    headers = {"Content-Type": "application/json", **request["headers"]}
    body = request.get("body", "").replace("INSTANT", datetime.now(UTC).isoformat()) or None
    connection.request(request["method"], request["path"], body=body, headers=headers)
    response = connection.getresponse()
    response.content = response.read()  # type: ignore[attr-defined]
    connection.close()
    return response


def meaning(value: Any) -> Any:
    """Return what a value says, however it is written: 1.50 like "1.5", an instant like itself with microseconds."""
    if isinstance(value, dict):
        return {name: meaning(each) for name, each in value.items()}
    if isinstance(value, list):
        return [meaning(each) for each in value]
    if isinstance(value, str):
        return instant_or_number(value)
    return Decimal(str(value)) if isinstance(value, int) and not isinstance(value, bool) else value


def instant_or_number(text: str) -> Any:
    """Return the instant or the number that a text is, or the text."""
    try:
        return Decimal(text)
    except InvalidOperation:
        pass
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return text


def difference(one: Any, other: Any, where: str = "") -> str | None:
    """Return the first place in which two answers differ; None when they are the same."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        pairs = [(one[name], other[name], f"{where}.{name}") for name in one]
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = [
            (each, another, f"{where}[{place}]") for place, (each, another) in enumerate(zip(one, other, strict=True))
        ]
    else:
        return None if one == other else f"{where}: {str(one)[:300]} is not {str(other)[:300]}"
    return next((found for pair in pairs if (found := difference(*pair))), None)


def require_same(row: Row, servers: dict[str, Server]) -> None:
    """Ask a question in each way, and compare.

    Raises:
        RuntimeError: an answer is an error, or another one than ours.
    """
    said = {}
    for way, requests in row.ways.items():
        response: Any = fetch(servers[row.server(way)], requests[0])
        if response.status != row.status:
            raise RuntimeError(f"{row.name}, {way}: {response.status} {response.content[:500]!r}")
        said[way] = meaning(json.loads(response.content, parse_float=Decimal))
        if row.status == HTTPStatus.CREATED:
            said[way] = {name: "its own" if name in OWN_OF_EACH else value for name, value in said[way].items()}
    for way, answer in said.items():
        if found := difference(said["ours"], answer):
            raise RuntimeError(f"{row.name}: ours and {way} differ at {found}")
