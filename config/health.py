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

from config import readiness
from finances import http
from finances.api import throttling
from finances.exceptions import ProviderUnavailableError

RETRY_SECONDS = 5


class HealthSerializer(serializers.Serializer[Any]):
    """The service as a whole."""

    status = serializers.ChoiceField(["healthy", "unhealthy"])
    version = serializers.CharField()


class DatabaseHealthSerializer(serializers.Serializer[Any]):
    """The database."""

    status = serializers.ChoiceField(["healthy", "unhealthy"])
    backend = serializers.CharField(help_text="sqlite or postgresql")


class LiveSerializer(serializers.Serializer[Any]):
    """The process."""

    status = serializers.CharField(help_text="alive")


class ReadySerializer(serializers.Serializer[Any]):
    """Whether requests can be served."""

    status = serializers.CharField(help_text="ready or not_ready")
    database = serializers.CharField(help_text="ok or away")
    migrations = serializers.CharField(help_text="ok or missing; unknown while the database is away")
    cache = serializers.CharField(help_text="ok or away; none where no Redis is set")
    limits = serializers.CharField(
        help_text="ok or away; full, then each process counts by itself; none where no Redis is set"
    )


class CooldownSerializer(serializers.Serializer[Any]):
    """A provider at rest."""

    seconds = serializers.IntegerField(help_text="For how much longer.")
    reason = serializers.CharField()


class CacheHealthSerializer(serializers.Serializer[Any]):
    """The cache of what providers answered, summed over all processes."""

    status = serializers.ChoiceField(["healthy", "unhealthy"])
    backend = serializers.CharField(help_text="redis or sqlite")
    hits = serializers.IntegerField(help_text="Answers that came fresh from the cache.")
    stale_hits = serializers.IntegerField(help_text="Answers that were past their time, but the provider was away.")
    misses = serializers.IntegerField(help_text="Answers that had to be asked for.")
    errors = serializers.IntegerField(help_text="Ended without an answer.")  # type: ignore[assignment]
    total_requests = serializers.IntegerField()
    hit_rate = serializers.FloatField(help_text="Hits, stale ones too, of all requests, 0 to 1; 0 without any.")
    size = serializers.IntegerField(help_text="Answers kept; in Redis with those that it has made room from.")
    cooldowns = serializers.DictField(
        child=CooldownSerializer(), help_text="Providers that are not asked for now, by name."
    )


class UnhealthyCacheSerializer(serializers.Serializer[Any]):
    """Why the cache cannot be counted."""

    status = serializers.ChoiceField(["healthy", "unhealthy"])
    detail = serializers.CharField()


class OpenView(APIView):
    """A view for everybody."""

    permission_classes = (AllowAny,)
    authentication_classes = ()


class LivingView(OpenView):
    """The process itself.

    It has no limit: a refusal would have it restarted, counting would ask Redis, and refusing is no less work.
    """

    throttle_classes = ()


class AskingView(OpenView):
    """What asks others, for whoever asks every few seconds."""

    throttle_classes = (throttling.ScopeThrottle,)
    throttle_scope = "health"


class HealthView(LivingView):
    """The process itself: it answers, so it lives."""

    @extend_schema(responses=HealthSerializer)
    def get(self, request: Request) -> Response:  # noqa: ARG002
        """Say that this process is well, asking nobody else."""
        return Response({"status": "healthy", "version": settings.VERSION})


class LiveView(LivingView):
    """The process, for whoever restarts it."""

    @extend_schema(responses=LiveSerializer)
    def get(self, request: Request) -> Response:  # noqa: ARG002
        """Say that this process answers; nothing else is asked, since a restart would not mend it."""
        return Response({"status": "alive"})


class ReadyView(AskingView):
    """The service, for whoever sends it requests."""

    @extend_schema(responses={200: ReadySerializer, 503: ReadySerializer})
    def get(self, request: Request) -> Response:  # noqa: ARG002
        """Say whether database and caches answer and all migrations are applied; 503 when requests had better wait."""
        state = readiness.state()
        if set(state.values()) <= readiness.ENOUGH:
            return Response({"status": "ready", **state})
        return unhealthy({"status": "not_ready", **state})


class DatabaseHealthView(AskingView):
    """The database."""

    @extend_schema(responses={200: DatabaseHealthSerializer, 503: DatabaseHealthSerializer})
    def get(self, request: Request) -> Response:  # noqa: ARG002
        """Ask the database for one row; 503 when it does not answer."""
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except DatabaseError:
            return unhealthy({"status": "unhealthy", "backend": connection.vendor})
        return Response({"status": "healthy", "backend": connection.vendor})


class CacheHealthView(OpenView):
    """The cache of what providers answered."""

    @extend_schema(responses={200: CacheHealthSerializer, 503: UnhealthyCacheSerializer})
    def get(self, request: Request) -> Response:  # noqa: ARG002
        """Count hits and misses over all processes; 503 when the store of the cache is away."""
        try:
            counts = http.stats()
        except ProviderUnavailableError as exc:
            return unhealthy({"status": "unhealthy", "detail": exc.message})
        return Response({"status": "healthy", **counts})


def unhealthy(body: dict[str, str]) -> Response:
    """Answer that a part of the service is away, and when to ask again."""
    return Response(body, status=status.HTTP_503_SERVICE_UNAVAILABLE, headers={"Retry-After": str(RETRY_SECONDS)})
