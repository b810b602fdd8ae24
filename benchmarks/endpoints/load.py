"""Asks a server over connections that stay open, as fast as it answers: ``python load.py < JSON > JSON``.

A process of its own and nothing but sockets, so that it costs little of the cores that the server has. It reads
``{port, connections, seconds, count, start, requests: [{method, path, headers, body}]}`` and asks the requests in turn,
for so many seconds or until so many are answered; in a body ``INSTANT`` is replaced by another instant each time, from
``start`` on, in microseconds since 1970. It writes ``{answered, seconds, cpu, latencies, statuses, reopened, end}``:
latencies in ms, the median, 95th and 99th per cent; how many connections the server had closed; and the last instant.
"""

import json
import resource
import selectors
import socket
import sys
import time
from collections import Counter
from typing import Any

INSTANT = b"2001-01-01T00:00:00.000000Z"  # of one length with all that are sent


class Requests:
    """The requests in turn, as bytes."""

    def __init__(self, given: list[dict[str, Any]], start: int) -> None:
        """Write them down but for their instants, which go on from ``start``, in microseconds."""
        self.parts = [written(each) for each in given]
        self.turn, self.micros = 0, start

    def next(self) -> bytes:
        """Return the next one."""
        first, last = self.parts[self.turn % len(self.parts)]
        self.turn += 1
        if last is None:
            return first
        self.micros += 1
        seconds, micros = divmod(self.micros, 1_000_000)
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
        return b"%s%s.%06dZ%s" % (first, stamp.encode(), micros, last)


def written(request: dict[str, Any]) -> tuple[bytes, bytes | None]:
    """Return a request as it is sent: what comes before its instant, and after it; None where it has none."""
    body = request.get("body", "").encode().replace(b"INSTANT", INSTANT)
    headers = {"Host": "127.0.0.1", **request.get("headers", {})}
    if body:
        headers |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
    lines = [f"{request['method']} {request['path']} HTTP/1.1", *(f"{name}: {text}" for name, text in headers.items())]
    head = "\r\n".join([*lines, "", ""]).encode()
    first, found, last = (head + body).partition(INSTANT)
    return first, last if found else None


class Connection:
    """One connection, with one request under way. When the server hangs up, it is opened anew, as clients do."""

    def __init__(self, port: int) -> None:
        """Connect."""
        self.port, self.reopened = port, -1
        self.open()

    def open(self) -> None:
        """Connect, once more."""
        self.socket = socket.create_connection(("127.0.0.1", self.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.pieces: list[bytes] = []
        self.missing: int | None = None
        self.is_closing = False
        self.reopened += 1

    def ask(self, request: bytes) -> None:
        """Send a request."""
        self.request, self.started = request, time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> int | None:
        """Take what has come; return the status once the answer is whole, 0 when there will be none.

        Raises:
            ConnectionError: the server hung up in the middle of an answer.
        """
        data = self.socket.recv(262_144)
        if not data and not self.pieces and self.missing is None:
            return 0
        if not data:
            raise ConnectionError("the server hung up in the middle of an answer")
        if self.missing is None:
            self.pieces.append(data)
            head, found, rest = b"".join(self.pieces).partition(b"\r\n\r\n")
            if not found:
                return None
            self.pieces, self.status = [], int(head[9:12])
            head = head.lower()
            self.is_closing = b"\r\nconnection: close" in head
            self.missing = length_in(head, self.status) - len(rest)
        else:
            self.missing -= len(data)
        if self.missing > 0:
            return None
        self.missing = None
        return self.status


def length_in(head: bytes, status: int) -> int:
    """Return how long the body is, from the head of an answer in lower case."""
    if status in {204, 304}:
        return 0
    return int(head.partition(b"\r\ncontent-length:")[2].split(b"\r\n", 1)[0])


class Load:
    """Requests under way over several connections."""

    def __init__(self, given: dict[str, Any]) -> None:
        """Connect."""
        self.requests = Requests(given["requests"], given["start"])
        self.selector = selectors.DefaultSelector()
        self.connections = [Connection(given["port"]) for _ in range(given["connections"])]
        for connection in self.connections:
            self.selector.register(connection.socket, selectors.EVENT_READ, connection)
        self.latencies: list[float] = []
        self.statuses: Counter[int] = Counter()

    def run(self, *, seconds: float, most: int) -> float:
        """Ask; return the seconds until the last answer."""
        started = time.perf_counter()
        end, sent = started + seconds, 0
        for connection in self.connections[:most]:
            connection.ask(self.requests.next())
            sent += 1
        while len(self.latencies) < sent:
            for key, _ in self.selector.select():
                connection = key.data
                status = connection.receive()
                if status is None:
                    continue
                if connection.is_closing or not status:
                    self.reopen(connection)
                if not status:
                    connection.ask(connection.request)
                    continue
                now = time.perf_counter()
                self.latencies.append(now - connection.started)
                self.statuses[status] += 1
                if sent < most and now < end:
                    connection.ask(self.requests.next())
                    sent += 1
        return time.perf_counter() - started

    def reopen(self, connection: Connection) -> None:
        """Open a connection that the server has closed."""
        self.selector.unregister(connection.socket)
        connection.socket.close()
        connection.open()
        self.selector.register(connection.socket, selectors.EVENT_READ, connection)


def answered(given: dict[str, Any]) -> dict[str, Any]:
    """Ask, and return what came of it."""
    load = Load(given)
    seconds = load.run(seconds=given["seconds"], most=given["count"] or sys.maxsize)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    load.latencies.sort()
    return {
        "answered": len(load.latencies),
        "seconds": seconds,
        "cpu": usage.ru_utime + usage.ru_stime,
        "latencies": {name: load.latencies[int(len(load.latencies) * part)] * 1000 for name, part in PARTS.items()},
        "statuses": dict(load.statuses),
        "reopened": sum(connection.reopened for connection in load.connections),
        "end": load.requests.micros,
    }


PARTS = {"median": 0.5, "95 %": 0.95, "99 %": 0.99}

if __name__ == "__main__":
    json.dump(answered(json.load(sys.stdin)), sys.stdout)
