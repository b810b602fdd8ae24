"""One account as the limit has it, through less and less of what ours goes through: what does each shell cost?

All under our gunicorn and its configuration. ``/wsgi/ID`` is a callable with a connection to the database for each
thread; ``/api/django/ID`` a view of Django behind all of our middleware; ``/api/drf/ID`` one of DRF, which finds out
who asks and counts it, as every view of ours. Each asks the database once, as ours does for what has not changed, but
that of DRF twice: for who asks, and for the account.
"""

import os
import threading
from collections.abc import Callable
from typing import Any

import orjson
import psycopg
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from benchmarks.endpoints.limit import STATEMENTS
from finances import sql

STATEMENT = STATEMENTS["account"]
connections = threading.local()


def connection() -> psycopg.Connection[Any]:
    """Return the connection of this thread."""
    if not hasattr(connections, "it"):
        options = settings.DATABASES["default"]["OPTIONS"]["options"]
        connections.it = psycopg.connect(
            os.environ["DATABASE_URL"], options=options, autocommit=True, prepare_threshold=0
        )
    return connections.it  # type: ignore[no-any-return]


def written(key: str) -> str:
    """Return what PostgreSQL says, through Django's connection."""
    with sql.preparing_cursor() as cursor:
        cursor.execute(STATEMENT, [key])
        return cursor.fetchone()[0]  # type: ignore[no-any-return]


def by_django(request: HttpRequest, key: str) -> HttpResponse:  # noqa: ARG001
    """Answer whoever asks."""
    return HttpResponse(written(key), content_type="application/json")


class ByDRF(APIView):
    """The same for those who may ask, as often as they may."""

    def get(self, request: Request, key: str) -> Response:  # noqa: ARG002
        """Answer."""
        return Response(orjson.Fragment(written(key)))


urlpatterns = [path("api/django/<str:key>", by_django), path("api/drf/<str:key>", ByDRF.as_view())]
by_our_django = get_wsgi_application()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
    """Answer with Django, or without."""
    asked = environ["PATH_INFO"]
    if not asked.startswith("/wsgi/"):
        return by_our_django(environ, start_response)
    row: Any = connection().execute(STATEMENT, [asked.removeprefix("/wsgi/")]).fetchone()
    body = row[0].encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
