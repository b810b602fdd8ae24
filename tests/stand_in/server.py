"""The server: TLS with a certificate of its own authority, and modes in which servers fail."""

import re
import ssl
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import trustme

from tests.stand_in import rate_answers

MODES = (
    "ok", "429", "500", "503", "slow", "drip", "garbage", "html", "empty", "down", "cut_off", "huge", "error_body",
    "invalid_key", "redirect_to_http", "redirect_loop", "no_content", "not_found",
)  # fmt: skip
KEY = "the-right-key"
HTML = b"<!DOCTYPE html><html><body><h1>We will be right back</h1></body></html>"
HUGE = 64 * 1024 * 1024  # bytes
type Routes = list[tuple[re.Pattern[str], Callable[..., bytes]]]


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it arrived."""

    path: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reply:
    """What is sent back."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class StandIn:
    """A server on 127.0.0.1 that answers as the rate services do, or fails as ``mode`` says.

    ``ca_file`` is what a client must trust; ``received`` lists the requests in order of arrival.
    """

    def __init__(self, port: int = 0, *, mode: str = "ok", answers: Routes | None = None) -> None:
        """Take ``port``, any free one when 0; answer with ``answers``, by default those that tests compare with."""
        self.mode = mode
        self.answers = ROUTES if answers is None else answers
        self.retry_after: str | None = None
        self.error_type = "quota-reached"
        self.slow_seconds = 1.0
        self.routes: dict[str, Reply] = {}
        self.received: list[Received] = []
        self._directory = tempfile.TemporaryDirectory(prefix="stand-in-")
        self.ca_file = Path(self._directory.name) / "authority.pem"
        self._server = _Server(("127.0.0.1", port), partial(_Handler, self))
        self._server.socket = self._tls().wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self.url = f"https://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def _tls(self) -> ssl.SSLContext:
        authority = trustme.CA()
        authority.cert_pem.write_to_path(self.ca_file)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
        return context

    def start(self) -> "StandIn":
        """Serve in a thread of its own."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop serving; the port then refuses connections."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._directory.cleanup()

    def reply_to(self, path: str, headers: Mapping[str, str]) -> Reply:
        """Choose the answer by mode, else by path."""
        failing = FAILURES.get(self.mode)
        if failing:
            return failing(self)
        if path in self.routes:
            return self.routes[path]
        for pattern, answer in self.answers:
            if match := pattern.fullmatch(path):
                if path.startswith("/keyed/") and headers.get("Authorization") != f"Bearer {KEY}":
                    return Reply(rate_answers.error("invalid-key"), 403)
                return Reply(answer(*match.groups()))
        return Reply(b'{"result": "error", "error-type": "unsupported-code"}', 404)


def _too_many(stand_in: StandIn) -> Reply:
    headers = {} if stand_in.retry_after is None else {"Retry-After": stand_in.retry_after}
    return Reply(b"", 429, headers)


def _slowly(stand_in: StandIn) -> Reply:
    time.sleep(stand_in.slow_seconds)
    return Reply(b"{}")


FAILURES: dict[str, Callable[[StandIn], Reply]] = {
    "429": _too_many,
    "500": lambda _: Reply(b"Internal Server Error", 500),
    "503": lambda stand_in: Reply(b"", 503, {"Retry-After": stand_in.retry_after or "7"}),
    "slow": _slowly,
    "garbage": lambda _: Reply(b"\x00\xff\xfe{{{]]" * 20),
    "html": lambda _: Reply(HTML, headers={"Content-Type": "text/html"}),
    "empty": lambda _: Reply(b""),
    "huge": lambda _: Reply(b"x" * HUGE),
    "error_body": lambda stand_in: Reply(rate_answers.error(stand_in.error_type)),
    "invalid_key": lambda _: Reply(rate_answers.error("invalid-key"), 403),
    "redirect_to_http": lambda stand_in: Reply(b"", 302, {"Location": stand_in.url.replace("https", "http") + "/x"}),
    "redirect_loop": lambda stand_in: Reply(b"", 302, {"Location": stand_in.url + "/loop"}),
    "no_content": lambda _: Reply(b"", 204),
    "not_found": lambda _: Reply(b"", 404),
}

ROUTES: Routes = [
    (re.compile(r"/keyed/v6/latest/([A-Z]{3})"), partial(rate_answers.latest, rates_key="conversion_rates")),
    (re.compile(r"/keyed/v6/history/([A-Z]{3})/(\d+)/(\d+)/(\d+)"), rate_answers.history),
    (re.compile(r"/open/v6/latest/([A-Z]{3})"), partial(rate_answers.latest, rates_key="rates")),
    (re.compile(r"/ecb/eurofxref\.zip"), rate_answers.ecb_daily_zip),
    (re.compile(r"/ecb/eurofxref-hist\.zip"), rate_answers.ecb_history_zip),
    (re.compile(r"/ecb/eurofxref-hist-90d\.xml"), rate_answers.ecb_90_days_xml),
]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients that give up are what the modes are for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def __init__(self, stand_in: StandIn, *args: object) -> None:
        self._stand_in = stand_in
        super().__init__(*args)  # type: ignore[arg-type]

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent's name
        """Log nothing."""

    def do_GET(self) -> None:
        """Answer a GET."""
        stand_in = self._stand_in
        stand_in.received.append(Received(self.path, dict(self.headers)))
        if stand_in.mode == "down":
            self.close_connection = True
            return
        reply = stand_in.reply_to(self.path, dict(self.headers))
        cut = 10 if stand_in.mode == "cut_off" else 0
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body) + cut))
        self.end_headers()
        if stand_in.mode == "drip":
            for position in range(len(reply.body)):
                self.wfile.write(reply.body[position : position + 1])
                self.wfile.flush()
                time.sleep(stand_in.slow_seconds)
        else:
            self.wfile.write(reply.body)
        self.close_connection = bool(cut)
