"""A worker of gunicorn in the process of the tests, which say when it polls and answers."""

import os
import selectors
import socket

from gunicorn.config import Config
from gunicorn.glogging import Logger

from config import gunicorn, threads

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
KB = 1024


class House:
    """A worker with its poller, callers on real connections, and an application that answers with ``answer``."""

    def __init__(self, stack):
        config = Config()
        config.set("pre_request", gunicorn.pre_request)
        self.worker = threads.Worker(1, os.getppid(), [], None, 60, config, Logger(config))
        stack.callback(self.worker.tmp.close)
        self.worker.poller = stack.enter_context(selectors.DefaultSelector())
        self.worker.method_queue.init()
        stack.callback(self.worker.method_queue.close)
        self.worker.largest_body, self.worker.wsgi = 20 * KB * KB, self.application
        self.answer, self.stack = b"yes", stack
        self.listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

    def application(self, environ, start_response):
        environ["wsgi.input"].read()
        start_response("200 OK", [("Content-Length", str(len(self.answer)))])
        return [self.answer]

    def caller(self):
        """Return the caller's end of a connection, and the worker's."""
        caller = self.stack.enter_context(socket.create_connection(self.listener.getsockname(), timeout=30))
        self.worker.accept(self.listener)
        conn = next(each for each in self.worker.pending_conns if each.client == caller.getsockname())
        self.stack.callback(conn.close)
        return caller, conn

    def go_on(self, until=lambda: False, answer=True, rounds=2000):
        """Poll, and answer unless told not to, as long as there is something to do."""
        jobs = self.worker.jobs
        for _ in range(rounds):
            events = self.worker.poller.select(0 if jobs else 0.02)
            for key, _ in events:
                key.data(key.fileobj)
            if until() or not (events or (answer and jobs)):
                return
            if answer and jobs:
                conn = jobs.popleft()
                self.worker.finish(conn, self.worker.do(conn))


def read_all(caller):
    """Return what a connection brings up to its end, or until nothing more comes."""
    caller.settimeout(0.05)
    pieces = []
    try:
        while piece := caller.recv(KB * KB):
            pieces.append(piece)
    except (TimeoutError, ConnectionResetError):
        pass
    return b"".join(pieces)
