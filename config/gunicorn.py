"""How gunicorn serves in production: ``gunicorn --config config/gunicorn.py``."""

import atexit
import importlib
import itertools
import os
import shutil
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import django
from django.core import management
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connections

from config import guards, memory

wsgi_app = "config.wsgi:application"
bind = "127.0.0.1:8000"  # behind a proxy; in a container, whose addresses are the host's decision, the image says more

# Requests wait for the database and for providers more than they compute, so threads share a process.
worker_class = "config.threads.Worker"  # gthread, with deadlines, whose threads wait for no caller
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("GUNICORN_THREADS", "4"))

timeout = 60  # seconds without a sign of life from a worker; a thread that waits for a provider does not count
graceful_timeout = 30  # seconds that running requests get at a stop; below the grace period of docker-compose.yml
keepalive = 5
sendfile = False  # which waits in the thread for callers who take slowly
http_parser = "python"  # whatever else is installed: one parser decides where requests end

# Workers are replaced now and then, not all at once, so that no leak lives long.
max_requests = 5000
max_requests_jitter = 500

SECONDS_TO_REPLACE = 10.0  # a process by the next one in its place

# A heartbeat on a disk would hang with the disk.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108

# finances.middleware writes one line for each request; gunicorn itself only reports on its processes.
accesslog = None
errorlog = "-"
logger_class = "config.gunicorn_log.Logger"

# Whom to believe about X-Forwarded-* is Django's to decide, by TRUSTED_PROXY_COUNT, and nobody else's.
forwarded_allow_ips = ""
# Nobody administers it from inside the container, whose file system may be read-only.
control_socket_disable = True


def pre_request(worker: object, req: Any) -> None:  # noqa: ARG001
    """Go on from the head of a request to its body."""
    req.unreader.connection.begin_body(req)


def pre_fork(server: Any, worker: Any) -> None:
    """Give the worker the first free place, whose file of metrics it goes on with."""
    worker.taken = {getattr(each, "place", None) for each in server.WORKERS.values()}
    worker.place = next(place for place in itertools.count() if place not in worker.taken)


def post_fork(server: object, worker: Any) -> None:  # noqa: ARG001
    """Let the worker know its place (see finances.metrics), and go on counting where the last one there has ended.

    After a HUP, for which new processes begin beside the old ones, places may be left that nobody takes again.
    """
    from finances import counts

    os.environ["METRICS_PLACE"] = str(worker.place)
    for path in sorted(counts_of(worker).parent.glob("*.json")):
        if path == counts_of(worker) or (path.stem not in map(str, worker.taken) and is_left_over(path)):
            counts.take_up(path)


def is_left_over(path: Path) -> bool:
    """Tell whether a file lies there for longer than it takes to put another process in that place."""
    with suppress(OSError):  # somebody else has just taken it up
        return time.time() - path.stat().st_mtime > SECONDS_TO_REPLACE
    return False


def worker_exit(server: object, worker: Any) -> None:  # noqa: ARG001
    """Leave what this process has counted, and anew what it has once all is done that it has accepted."""
    from finances import counts

    counts.leave(counts_of(worker))
    atexit.register(counts.leave, counts_of(worker))


def counts_of(worker: Any) -> Path:
    """Return the file of the worker's place."""
    return Path(os.environ["COUNTS_DIR"], f"{worker.place}.json")


def on_exit(server: object) -> None:  # noqa: ARG001
    """Remove the files of metrics and of counts."""
    for folder in ("PROMETHEUS_MULTIPROC_DIR", "COUNTS_DIR"):
        shutil.rmtree(os.environ[folder], ignore_errors=True)


def on_starting(server: Any) -> None:
    """Refuse unsafe settings once and in plain words, instead of in every worker and under a traceback."""
    memory.give_back()  # workers are forked from here
    # Before anything counts. Folders of this start alone: the counts of an earlier one are not these processes'.
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="finances-metrics-", dir=worker_tmp_dir)
    os.environ["COUNTS_DIR"] = tempfile.mkdtemp(prefix="finances-counts-", dir=worker_tmp_dir)
    try:
        settings = importlib.import_module("config.settings")
        if settings.ENVIRONMENT == "test":
            raise ImproperlyConfigured(  # noqa: TRY301
                "DJANGO_ENV is test: its secret is public and its limits are off. Nobody is served like that."
            )
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
        django.setup()
        guards.require_known_serving(server.cfg)
        with suppress(OperationalError):  # a check asks for the database's version; without it workers answer 503
            management.call_command("check")
        memory.share()
    except (ImproperlyConfigured, management.CommandError) as exc:
        on_exit(server)
        sys.exit(str(exc))
    finally:
        close_connections()


def close_connections() -> None:
    """Leave no connection open for the workers to inherit, who would talk over each other on it."""
    for connection in connections.all(initialized_only=True):
        connection.close()
