"""What this process counts for Prometheus: requests, and kept results. See docs/operations.md.

Under gunicorn the processes count into files of ``PROMETHEUS_MULTIPROC_DIR``, so that each can tell the sums. A file
belongs to a place among gunicorn's workers and not to a process, or each that is replaced would leave one behind.
"""

import os
import re
from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from prometheus_client import CollectorRegistry, Counter, Histogram, values
from prometheus_client.multiprocess import MultiProcessCollector

DIRECTORY, PLACE = "PROMETHEUS_MULTIPROC_DIR", "METRICS_PLACE"
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
NO_ROUTE = "(none)"  # static files, and addresses that do not exist: callers make these up, and may not make labels
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
NAMED_GROUP = re.compile(r"\(\?P(<\w+>)[^)]*\)")

if DIRECTORY in os.environ:
    by_place = values.MultiProcessValue(lambda: os.environ.get(PLACE) or os.getpid())  # type: ignore[no-untyped-call]
    values.ValueClass = by_place

REGISTRY = CollectorRegistry()
_requests = Counter("finances_http_requests", "Requests answered.", ["method", "route", "status"], registry=REGISTRY)
_seconds = Histogram(
    "finances_http_request_seconds",
    "Time from a request to its answer.",
    ["method", "route"],
    buckets=SECONDS,
    registry=REGISTRY,
)
_kept = Counter(
    "finances_kept_results",
    "Looks for a computed result that may have been kept.",
    ["name", "found"],
    registry=REGISTRY,
)


def count_request(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    """Count a request by its method, the pattern of its address, and its status; and how long it took."""
    method = request.method if request.method in METHODS else "other"
    route = route_of(request)
    _requests.labels(method, route, response.status_code).inc()
    _seconds.labels(method, route).observe(seconds)


def count_look(name: str, *, found: bool) -> None:
    """Count a look for a kept result; ``name`` is one of a few."""
    _kept.labels(name, "yes" if found else "no").inc()


def route_of(request: HttpRequest) -> str:
    """Return the pattern of the address of a request that was answered."""
    match = request.resolver_match
    return readable(match.route) if match is not None and match.route is not None else NO_ROUTE


@lru_cache(maxsize=1000)
def readable(route: str) -> str:
    """Return the pattern of an address without the signs of a regular expression."""
    return "/" + NAMED_GROUP.sub(r"\1", route).replace("^", "").replace("$", "").replace("\\Z", "")


def registry() -> Any:
    """Return what can tell the sums over all processes of this server."""
    if DIRECTORY not in os.environ:
        return REGISTRY
    sums = CollectorRegistry()
    MultiProcessCollector(sums)  # type: ignore[no-untyped-call]
    return sums
