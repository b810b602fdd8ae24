"""Endpoints of what somebody is worth."""

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from finances.api.openapi import NOT_FOUND
from finances.api.serializers import validated
from portfolio import services
from portfolio.api import shown
from portfolio.api.answers import cached
from portfolio.api.queries import AllocationQuery, DayQuery, ExplainQuery, NetWorthQuery
from portfolio.api.serializers import (
    AllocationSerializer,
    DashboardSerializer,
    ExplanationSerializer,
    NetWorthSerializer,
    ValuationSerializer,
)
from portfolio.days import Spacing
from portfolio.valuation import Dimension, Name


class FigureView(APIView):
    """What is computed from all that somebody has, and limited by itself."""

    throttle_scope = "figures"


class DashboardView(FigureView):
    """A household at a glance."""

    @extend_schema(parameters=[DayQuery], responses=DashboardSerializer)
    def get(self, request: Request) -> Response:
        """Return net worth and what it consists of, how it has changed, and how fresh its inputs are.

        Divisions are of the assets. Every figure says whether it is complete and what it leaves out, and has a name
        by which `explain` tells where it comes from.
        """
        query = validated(DayQuery, request)

        def answer(currency: str, places: int) -> dict[str, Any]:
            found = services.dashboard(user=request.user, on=query["on"], currency=currency)
            return shown.dashboard(found, places=places)

        return cached(request, query, answer)


class NetWorthView(FigureView):
    """Net worth over time."""

    @extend_schema(parameters=[NetWorthQuery], responses=NetWorthSerializer)
    def get(self, request: Request) -> Response:
        """Return net worth, assets and liabilities on each day, or on the last day of each week or month.

        Weeks end on Sundays; the last point is always the last day of the range. At most 10 000 points, and by account
        100 000 numbers; with very many holdings fewer: a refusal says for how many days to ask.
        """
        query = validated(NetWorthQuery, request)

        def answer(currency: str, places: int) -> dict[str, Any]:
            found = services.net_worth(
                user=request.user,
                start=query["start"],
                end=query["end"],
                spacing=Spacing(query["interval"]),
                currency=currency,
                by_account="by" in query,
            )
            return shown.net_worth(found, currency=currency, interval=query["interval"], places=places)

        return cached(request, query, answer)


class AllocationView(FigureView):
    """What assets or liabilities consist of."""

    @extend_schema(parameters=[AllocationQuery], responses=AllocationSerializer)
    def get(self, request: Request) -> Response:
        """Divide the assets, or the liabilities, by something; the largest part comes first."""
        query = validated(AllocationQuery, request)

        def answer(currency: str, places: int) -> dict[str, Any]:
            day = services.day_of(user=request.user, on=query["on"], currency=currency)
            return shown.allocation(day, Dimension(query["by"]), Name(query["of"]), places=places)

        return cached(request, query, answer)


class ValuationView(FigureView):
    """What one account is worth."""

    @extend_schema(parameters=[DayQuery], responses=ValuationSerializer)
    def get(self, request: Request, account_id: uuid.UUID) -> Response:
        """Return what an account is worth on a day, and the amounts it consists of."""
        query = validated(DayQuery, request)

        def answer(currency: str, places: int) -> dict[str, Any]:
            found = services.valuation(user=request.user, account_id=account_id, on=query["on"], currency=currency)
            return shown.valuation(found, places=places)

        return cached(request, query, answer)


class ExplainView(FigureView):
    """Why a figure is what it is."""

    @extend_schema(parameters=[ExplainQuery], responses={200: ExplanationSerializer, **NOT_FOUND})
    def get(self, request: Request) -> Response:
        """Return the tree behind a figure: formulas, recorded values, holdings, closes, splits and rates.

        The exact values of its leaves add up to the exact value of the figure. Figures are named as they name
        themselves wherever they are shown; a point of the series is the net worth of its day.
        """
        query = validated(ExplainQuery, request)

        def answer(currency: str, places: int) -> dict[str, Any]:
            found = services.explain(user=request.user, name=query["figure"], on=query["on"], currency=currency)
            return shown.explanation(found, places=places)

        return cached(request, query, answer)
