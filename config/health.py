"""Is the service well? For orchestrators and people; nobody needs to sign in."""

from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class HealthSerializer(serializers.Serializer[Any]):
    """The service as a whole."""

    status = serializers.ChoiceField(["healthy", "unhealthy"])
    version = serializers.CharField()


class DatabaseHealthSerializer(serializers.Serializer[Any]):
    """The database."""

    status = serializers.ChoiceField(["healthy", "unhealthy"])
    backend = serializers.CharField(help_text="sqlite or postgresql")


class CacheHealthSerializer(serializers.Serializer[Any]):
    """The cache of what providers answered, summed over all processes."""

    status = serializers.ChoiceField(["healthy", "unhealthy"])
    backend = serializers.CharField(help_text="redis or sqlite")
    hits = serializers.IntegerField(help_text="Answers that came from the cache, stale ones among them.")
    misses = serializers.IntegerField(help_text="Answers that had to be asked for.")
    total_requests = serializers.IntegerField()
    hit_rate = serializers.FloatField(help_text="Hits of all requests, 0 to 1; 0 when there was none.")
    size = serializers.IntegerField(help_text="Answers kept.")


class OpenView(APIView):
    """A view for everybody."""

    permission_classes = (AllowAny,)
    authentication_classes = ()
    throttle_classes = ()


class HealthView(OpenView):
    """The process itself: it answers, so it lives."""

    @extend_schema(responses=HealthSerializer)
    def get(self, request: Request) -> Response:  # noqa: ARG002
        """Say that this process is well, asking nobody else."""
        return Response({"status": "healthy", "version": settings.VERSION})


class DatabaseHealthView(OpenView):
    """The database."""

    @extend_schema(responses={200: DatabaseHealthSerializer, 503: DatabaseHealthSerializer})
    def get(self, request: Request) -> Response:  # noqa: ARG002
        """Ask the database for one row; 503 when it does not answer."""
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except DatabaseError:
            well = False
        else:
            well = True
        return Response(
            {"status": "healthy" if well else "unhealthy", "backend": connection.vendor},
            status=status.HTTP_200_OK if well else status.HTTP_503_SERVICE_UNAVAILABLE,
            headers={} if well else {"Retry-After": "5"},
        )


class CacheHealthView(OpenView):
    """The cache of what providers answered."""

    @extend_schema(responses={200: CacheHealthSerializer, 503: CacheHealthSerializer})
    def get(self, request: Request) -> Response:  # noqa: ARG002
        """Count hits and misses over all processes; 503 when the store of the cache is away."""
        return Response(http.stats())
