"""Endpoints of securities and their prices."""

import functools
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from finances import marked, runs
from finances.api import conditional
from finances.api.kept_answers import may_be_kept
from finances.api.pagination import page_headers
from finances.api.serializers import validated
from finances.api.viewsets import GenericViewSet
from finances.runs import Origin
from securities import services, syncs
from securities.api import series
from securities.api.serializers import (
    PriceSeriesSerializer,
    PricesQuery,
    PriceSyncResultSerializer,
    SearchQuery,
    SecuritySerializer,
    SyncQuery,
    listed,
)
from securities.intervals import Interval
from securities.models import Security

NAME = OpenApiParameter(
    "symbol", OpenApiTypes.STR, OpenApiParameter.PATH, description="A symbol in any case, or an id."
)


class SecurityViewSet(GenericViewSet):
    """Securities by symbol or id; the same for everybody."""

    queryset = Security.objects.all()
    serializer_class = SecuritySerializer
    pagination_class = None
    filter_backends = ()
    lookup_field = "symbol"
    lookup_value_regex = "[^/]+"
    throttle_scope: str | None = None

    @extend_schema(parameters=[NAME])
    def retrieve(self, request: Request, symbol: str) -> Response:  # noqa: ARG002
        """Return a security; one that is not stored is fetched from a provider, with its daily prices, and stored."""
        return Response(SecuritySerializer(services.get_or_fetch(symbol)).data)

    @extend_schema(parameters=[SearchQuery], responses=SecuritySerializer(many=True))
    @action(detail=False, methods=["get"])
    def search(self, request: Request) -> Response:
        """Find securities: the stored ones first, filled up with what a provider knows.

        Those that are not stored have ``in_database: false`` and their symbol for an ``id``. When the provider fails,
        the stored ones are returned with a ``Warning`` header.
        """
        query = validated(SearchQuery, request)
        found = services.search(text=query["q"], limit=query["limit"])
        headers = {"Warning": warning(found.warning)} if found.warning else {}
        stored = SecuritySerializer(found.stored, many=True).data
        return Response([*stored, *(listed(listing) for listing in found.listings)], headers=headers)

    @extend_schema(parameters=[NAME, SyncQuery], request=None, responses=PriceSyncResultSerializer)
    @action(detail=True, methods=["post"], throttle_scope="sync")
    def sync(self, request: Request, symbol: str) -> Response:
        """Fetch what is missing of the prices from a provider; 409 while another sync of the security is running."""
        query = validated(SyncQuery, request)
        shown = "".join(character for character in symbol[:80] if character.isprintable())
        arguments, origin = [f"--interval={query['interval']}", "--", shown], Origin(runs.API, request.user.pk)
        with runs.recorded("sync_prices", arguments=arguments, origin=origin) as run:
            result = syncs.sync_named(name=symbol, interval=Interval(query["interval"]), since=query.get("since"))
            run.succeed(result.message, **result.ingested._asdict())
        return Response(
            {
                "security": SecuritySerializer(result.security).data,
                "prices_synced": result.ingested.total,
                "message": result.message,
            }
        )

    @extend_schema(parameters=[NAME, PricesQuery], responses=PriceSeriesSerializer)
    @action(detail=True, methods=["get"])
    def prices(self, request: Request, symbol: str) -> Response:
        """Return the prices in a range of time, oldest first, adjusted for splits unless something else is asked.

        When the range itself is empty, what lies within seven days on either side is returned.
        """
        query = validated(PricesQuery, request)
        question, until = meant(query)
        security = services.get_or_fetch(symbol)
        if not security.is_syncing:  # which ends by time alone where whoever began has come to an untimely end
            state = [*marked.shared_state_of(request.user, Security), question, until]
            may_be_kept(self, state=state, state_of=functools.partial(state_now, query))
        shown = SecuritySerializer(security).data
        return conditional.unless_unchanged(
            request,
            state=[security.prices_version, shown, question, until],
            answer=lambda: Response(*answered(request, security, question, shown, until)),
        )


def meant(query: Mapping[str, Any]) -> tuple[series.Question, datetime]:
    """Return which points are meant by ``query`` now, and until when there can be any."""
    now, interval = timezone.now(), Interval(query["interval"])
    within = series.requested(interval, start=query.get("start"), end=query.get("end"), now=now)
    question = series.Question(interval, within, query["adjusted"], query["limit"], query["offset"])
    return question, min(within.end, series.latest(interval, now=now))


def state_now(query: Mapping[str, Any], user: Any) -> list[Any]:
    """Return what an answer to ``query`` depends on, besides that nobody is about to change it; ``user`` asks."""
    return [*marked.shared_state_of(user, Security), *meant(query)]


def answered(
    request: Request, security: Security, question: series.Question, shown: Any, until: datetime
) -> tuple[Any, ...]:
    """Return the body of a series, with its status and the headers of its page."""
    found = series.find(security, question)
    points = found.points
    body = {
        "security": shown,
        "prices": points.items,
        "interval_type": question.interval.value,
        "adjusted": question.adjusted,
        "count": points.count,
        "requested_start": question.range.start,
        "requested_end": question.range.end,
        "actual_start": points.first,
        "actual_end": points.last,
        "data_completeness": series.assess(security, question, found, until=until).value,
    }
    headers = page_headers(request, count=found.total, limit=question.limit, offset=question.offset)
    return body, 200, None, headers


def warning(text: str) -> str:
    """Return the value of a ``Warning`` header (RFC 7234)."""
    plain = text.encode("ascii", "replace").decode().replace("\\", "").replace('"', "'")
    return f'199 - "{plain}"'
