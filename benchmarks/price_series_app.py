"""What `benchmarks.price_series` serves: ours, the same through a ModelSerializer, and PostgreSQL's JSON bare."""

import os
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.urls import path

if not settings.configured:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()
settings.ROOT_URLCONF = __name__

from psycopg.conninfo import make_conninfo  # noqa: E402
from psycopg_pool import ConnectionPool  # noqa: E402
from rest_framework import serializers  # noqa: E402
from rest_framework.request import Request  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402

from config import urls  # noqa: E402
from finances.api import database_json  # noqa: E402
from securities.api import series  # noqa: E402
from securities.models import Security, SecurityPrice  # noqa: E402


class PlainPriceSerializer(serializers.ModelSerializer[SecurityPrice]):
    """A price as anybody would write it down first."""

    adj_close = serializers.DecimalField(source="close", max_digits=24, decimal_places=10)

    class Meta:
        model = SecurityPrice
        fields = ("timestamp", "open", "high", "low", "close", "volume", "adj_close")


class PlainSecuritySerializer(serializers.ModelSerializer[Security]):
    """A security as anybody would write it down first."""

    class Meta:
        model = Security
        fields = ("id", "symbol", "name", "asset_class", "exchange", "currency", "created_at", "updated_at")


class PlainSeriesView(APIView):
    """The same answer by way of model instances and serializers."""

    def get(self, _request: Request, symbol: str) -> Response:
        """Return all daily prices."""
        security = Security.objects.get(symbol=symbol)
        prices = SecurityPrice.objects.filter(security=security, interval="1d").order_by("timestamp")
        return Response(
            {
                "security": PlainSecuritySerializer(security).data,
                "prices": PlainPriceSerializer(prices, many=True).data,
            }
        )


urlpatterns = [*urls.urlpatterns, path("serializer/<str:symbol>", PlainSeriesView.as_view())]
django_application = WSGIHandler()


@cache
def pool() -> ConnectionPool:
    """Return connections of our own, past Django."""
    database = settings.DATABASES["default"]
    known = {"host": database["HOST"], "port": database["PORT"], "user": database["USER"], "dbname": database["NAME"]}
    return ConnectionPool(
        make_conninfo(**known, password=database["PASSWORD"] or None), min_size=4, max_size=8, open=True
    )


@cache
def statement() -> str:
    """Return the statement by which ours lets PostgreSQL write the series."""
    item = series._item(database_json.dialect(), False, "splits")  # noqa: SLF001 - the very same JSON
    return f"""
        SELECT '[' || string_agg(item, ',') || ']' FROM (
            SELECT price.timestamp AS place, {item} AS item FROM securities_securityprice AS price
            WHERE security_id = (SELECT id FROM securities_security WHERE symbol = %s) AND interval = '1d'
            ORDER BY price.timestamp
        ) AS points
    """  # noqa: S608


def bare(symbol: str) -> bytes:
    """Return PostgreSQL's JSON."""
    with pool().connection() as connection:
        row: Any = connection.execute(statement(), [symbol]).fetchone()
    return str(row[0]).encode()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Serve ``/bare/SYMBOL`` without any framework, and everything else as ever."""
    address: str = environ["PATH_INFO"]
    if not address.startswith("/bare/"):
        return django_application(environ, start_response)
    body = bare(address.removeprefix("/bare/"))
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
