"""Yahoo's stand-in: a proxy that answers for Yahoo's hosts itself, under certificates of its own authority.

Clients keep Yahoo's real URLs, its TLS, its cookies, its crumb and its consent page.
"""

import json
import ssl
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, parse_qsl, quote, unquote, urlsplit

import trustme

from tests.stand_in import yahoo_answers
from tests.stand_in.market import Market
from tests.stand_in.server import HTML, Reply

MODES = ("ok", "429", "500", "slow", "garbage", "html", "consent", "down")
HOSTS = tuple(f"{name}.yahoo.com" for name in ("query1.finance", "query2.finance", "finance", "fc", "guce", "consent"))
FORM = (
    '<html><form action="https://consent.yahoo.com/v2/collectConsent?sessionId=3_cc&done={done}" method="post">'
    '<input type="hidden" name="csrfToken" value="t0ken"><input type="hidden" name="sessionId" value="3_cc">'
    "</form></html>"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it arrived."""

    host: str
    path: str
    query: Mapping[str, str]
    cookies: Mapping[str, str]
    target: str

    @property
    def url(self) -> str:
        """Return the URL that the client asked for."""
        return f"https://{self.host}{self.target}"


class YahooStandIn:
    """Answers for Yahoo on 127.0.0.1, or fails as ``mode`` says; ``received`` lists the requests in their order.

    A URL with ``hangs_at`` in it gets no answer for as long as that stands.
    """

    def __init__(self, port: int = 0, *, mode: str = "ok") -> None:
        """Take ``port``, any free one when 0."""
        self.mode, self.crumb, self.retry_after, self.slow_seconds = mode, "haT3oykhHqZ", "", 1.0
        self.hangs_at = ""
        self.market = Market()
        self.received: list[Asked] = []
        self._directory = tempfile.TemporaryDirectory(prefix="stand-in-")
        self.ca_file = Path(self._directory.name) / "authority.pem"
        authority = trustme.CA()
        authority.cert_pem.write_to_path(self.ca_file)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*HOSTS).configure_cert(self.tls)
        self._server = _Server(("127.0.0.1", port), partial(_Handler, self))
        self.proxy = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def start(self) -> "YahooStandIn":
        """Serve in a thread of its own."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop serving; the port then refuses connections."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._directory.cleanup()

    def count(self, part: str = "") -> int:
        """Return how many requests had ``part`` in their URL."""
        return sum(part in asked.url for asked in self.received)

    def reply_to(self, asked: Asked) -> Reply:
        """Choose the answer by mode, else by host and path."""
        if asked.host in {"fc.yahoo.com", "guce.yahoo.com", "consent.yahoo.com"}:
            return _about_cookies(asked)
        if self.mode == "429":
            return Reply(b"Too Many Requests\r\n", 429, {"Retry-After": self.retry_after} if self.retry_after else {})
        if self.mode == "500":
            return Reply(b'{"finance": {"error": "internal-error"}}', 500)
        if self.mode in {"garbage", "html"}:
            return Reply(HTML if self.mode == "html" else b'{"chart": {"result": [{"meta"')
        if self.mode == "slow":
            time.sleep(self.slow_seconds)
        while self.hangs_at and self.hangs_at in asked.url:
            time.sleep(0.05)
        if self.mode == "consent" and "GUC" not in asked.cookies:
            return Reply(b"", 302, {"Location": f"https://consent.yahoo.com/v2/form?done={quote(asked.url, safe='')}"})
        return self._answer(asked)

    def _answer(self, asked: Asked) -> Reply:
        head, _, symbol = asked.path.rpartition("/")
        market, query = self.market, asked.query
        if asked.path == "/v1/test/getcrumb":
            return Reply(self.crumb.encode() if "A3" in asked.cookies else b"", headers={"Content-Type": "text/plain"})
        if head == "/v8/finance/chart":
            return _json(yahoo_answers.chart(market, symbol, query))
        if asked.path == "/v1/finance/search":
            return _json(yahoo_answers.search(market, query))
        if query.get("crumb") != self.crumb or "A3" not in asked.cookies:
            return _json(yahoo_answers.error(401, "finance", "Unauthorized", "Invalid Crumb"))
        is_summary = head == "/v10/finance/quoteSummary"
        answer = yahoo_answers.summary(market, symbol, query) if is_summary else yahoo_answers.quotes(market, query)
        return _json(answer)


def _json(answer: yahoo_answers.Answer) -> Reply:
    status, body = answer
    return Reply(json.dumps(body).encode(), status, {"Content-Type": "application/json;charset=utf-8"})


def _about_cookies(asked: Asked) -> Reply:
    """Give cookies, and ask for consent."""
    cookie = {"Set-Cookie": "A3=d=made-up; Max-Age=31557600; Domain=.yahoo.com; Path=/; Secure; HttpOnly"}
    if asked.host == "fc.yahoo.com":
        return Reply(b"<html></html>", 404, cookie)
    if asked.path == "/copyConsent":
        return Reply(b"<html></html>", 200, cookie)
    return Reply(FORM.format(done=quote(asked.query.get("done", ""), safe="")).encode())


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients that give up are what the modes are for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def __init__(self, stand_in: YahooStandIn, *args: object) -> None:
        self._stand_in = stand_in
        super().__init__(*args)  # type: ignore[arg-type]

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent's name
        """Log nothing."""

    def do_CONNECT(self) -> None:
        """Become the host that the client wants to reach."""
        if self._stand_in.mode == "down":
            self.close_connection = True
            return
        self.send_response(200, "Connection established")
        self.end_headers()
        self.connection = self._stand_in.tls.wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb")  # type: ignore[assignment]
        self.close_connection = False

    def finish(self) -> None:
        """Close the connection inside the tunnel, too."""
        super().finish()
        self.connection.close()

    def do_GET(self) -> None:
        """Answer a GET."""
        asked = self._asked()
        self._stand_in.received.append(asked)
        if self._stand_in.mode == "down":
            self.close_connection = True
            return
        self._send(self._stand_in.reply_to(asked))

    def do_POST(self) -> None:
        """Take a consent form, and lead back to where the client came from."""
        asked = self._asked()
        self._stand_in.received.append(asked)
        form = parse_qs(self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode())
        if form.get("csrfToken") != ["t0ken"]:
            self._send(Reply(b"", 400))
            return
        cookie = "GUC=made-up; Max-Age=31557600; Domain=.yahoo.com; Path=/; Secure"
        done = asked.query.get("done")
        self._send(Reply(b"", 302 if done else 200, {"Set-Cookie": cookie, **({"Location": done} if done else {})}))

    def _asked(self) -> Asked:
        parts = urlsplit(self.path)
        cookies = {name: morsel.value for name, morsel in SimpleCookie(self.headers.get("Cookie", "")).items()}
        host = self.headers["Host"].partition(":")[0]
        return Asked(host, unquote(parts.path), dict(parse_qsl(parts.query)), cookies, self.path)

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)
        self.wfile.flush()
