"""Endpoints of currencies, rates and conversion."""

import logging
from datetime import date
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from currencies import rate_series, rates, services, tally
from currencies.api.filters import CurrencyFilter
from currencies.api.serializers import (
    ConversionSerializer,
    ConvertQuery,
    CurrencySerializer,
    EnteredRatesSerializer,
    RatePointSerializer,
    RatesQuery,
    RateTableSerializer,
    SyncQuery,
    SyncResultSerializer,
)
from currencies.models import Currency
from finances import runs
from finances.api.openapi import NOT_FOUND
from finances.api.pagination import HeaderPagination, page_headers
from finances.api.permissions import IsSuperuser
from finances.api.serializers import validated
from finances.api.viewsets import BaseViewSet
from finances.exceptions import ProviderUnavailableError
from finances.runs import Origin

logger = logging.getLogger(__name__)


class CurrencyPagination(HeaderPagination):
    """Answers the whole table unless asked for less: clients fill a choice with it."""

    default_limit = 1000


@extend_schema_view(
    create=extend_schema(description="Add a currency; for superusers."),
    update=extend_schema(description="Change the fields that are sent; for superusers."),
    partial_update=extend_schema(description="Change the fields that are sent; for superusers."),
    destroy=extend_schema(description="Delete a currency that nothing uses; for superusers."),
)
class CurrencyViewSet(BaseViewSet):
    """Currencies by their code, whatever its case."""

    queryset = Currency.objects.all()
    serializer_class = CurrencySerializer
    filterset_class = CurrencyFilter
    pagination_class = CurrencyPagination
    lookup_field = "code"
    lookup_value_regex = "[A-Za-z]{3,5}"

    @property
    def throttle_scope(self) -> str | None:
        """Limit how often somebody may have others asked."""
        return "sync" if self.action in {"enter_or_sync_rates", "sync_rates"} else None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Take the code in any case."""
        if "code" in self.kwargs:
            self.kwargs["code"] = self.kwargs["code"].upper()
        super().initial(request, *args, **kwargs)

    def get_permissions(self) -> list[BasePermission]:
        """Let superusers add, change and delete, and everybody who is signed in do the rest."""
        for_superusers = self.action in {"create", "update", "partial_update", "destroy"}
        return [IsAuthenticated(), IsSuperuser()] if for_superusers else [IsAuthenticated()]

    @extend_schema(
        parameters=[RatesQuery],
        responses=PolymorphicProxySerializer(
            "RateTableOrSeries",
            [RateTableSerializer(), RatePointSerializer(many=True)],
            resource_type_field_name=None,
            many=False,
        ),
        filters=False,
    )
    @action(detail=True, methods=["get"], url_path="rates", pagination_class=None)
    def show_rates(self, request: Request, **_: str) -> Response:
        """Return the latest rates on or before ``rate_date``; with ``target``, the series from ``start`` to ``end``.

        Rates that no source published for this base are derived from those that were.
        """
        query, currency = validated(RatesQuery, request), self.get_object()
        if "target" not in query:
            table = rates.table(base=currency.pk, on=query.get("rate_date", timezone.localdate()))
            return Response(RateTableSerializer(table).data)
        page = rate_series.page(
            base=currency.pk,
            quote=query["target"],
            start=query.get("start"),
            end=query.get("end"),
            limit=query["limit"],
            offset=query["offset"],
        )
        headers = page_headers(request, count=page.count, limit=query["limit"], offset=query["offset"])
        return Response(page.points, headers=headers)

    @extend_schema(request=EnteredRatesSerializer, responses={200: SyncResultSerializer}, filters=False)
    @show_rates.mapping.post
    def enter_or_sync_rates(self, request: Request, **_: str) -> Response:
        """Ask the providers for this base's rates, or store the ``rates`` in the body (for superusers).

        Without a body, or with a ``date`` alone, the providers are asked: for today's rates by everybody, for those of
        a past day by superusers. Rates entered by hand are kept when the providers are asked later; all in the body
        are stored, or none.
        """
        serializer = EnteredRatesSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        given, currency = serializer.validated_data, self.get_object()
        on = given.get("date", timezone.localdate())
        if "rates" not in given:
            return self.sync(base=currency.pk, on=on)
        self.require_superuser("Only a superuser may enter rates by hand.")
        return synced(services.enter_rates(base=currency, on=on, rates=given["rates"]))

    @extend_schema(
        parameters=[SyncQuery], request=None, responses={200: SyncResultSerializer, **NOT_FOUND}, filters=False
    )
    @action(detail=False, methods=["post"], url_path="sync-rates")
    def sync_rates(self, request: Request) -> Response:
        """Ask the providers for the rates of a day, and store them. Past days are for superusers."""
        query = validated(SyncQuery, request)
        return self.sync(base=query["base_currency"], on=query.get("sync_date", timezone.localdate()))

    def sync(self, *, base: str, on: date) -> Response:
        """Ask the providers for the rates of ``on``: today's for everybody, past ones for superusers.

        Raises:
            PermissionDenied: the day is past, and the user no superuser.
        """
        if on < timezone.localdate():
            self.require_superuser("Only a superuser may sync the rates of a past day.")
        arguments = [f"--base={base}", f"--date={on}"]
        with runs.recorded("sync_rates", arguments=arguments, origin=Origin(runs.API, self.request.user.pk)) as run:
            result = services.sync_rates(base=base, on=on)
            run.take(
                summary=result.summary,
                failures=result.shortcomings,
                warnings=result.warnings,
                counts=result.counts,
            )
        return synced(result)

    def require_superuser(self, message: str) -> None:
        """Go on for superusers only.

        Raises:
            PermissionDenied: the user is none.
        """
        if not IsSuperuser().has_permission(self.request, self):
            self.permission_denied(self.request, message=message)

    @extend_schema(parameters=[ConvertQuery], responses={200: ConversionSerializer, **NOT_FOUND}, filters=False)
    @action(detail=False, methods=["get"], pagination_class=None)
    def convert(self, request: Request) -> Response:
        """Convert an amount at the last rate on or before a day, at most seven days before it.

        Says how the rate came about: direct, inverse, cross (through another currency) or fixed for ever. A missing
        rate is a 404 with the reason.
        """
        query = validated(ConvertQuery, request)
        converted = rates.convert(
            query["amount"], base=query["from"], quote=query["to"], on=query.get("date", timezone.localdate())
        )
        return Response(ConversionSerializer(converted).data)


def synced(result: tally.SyncResult) -> Response:
    """Answer with what became of a sync.

    Raises:
        ProviderUnavailableError: nobody could be asked, so that nothing was synced.
    """
    for warning in result.warnings:
        logger.warning("A provider of rates failed: %s", warning)
    if result.is_empty:
        raise ProviderUnavailableError(result.message)
    return Response(SyncResultSerializer(result).data)
