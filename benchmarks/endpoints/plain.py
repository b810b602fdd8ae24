"""The comparison: the same answers by plain serializers, as anybody would write them down first, but no query too many.

These are the addresses of `plain_settings`.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils import timezone
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.doubts import doubt_of
from accounts.market_figures import price_window
from accounts.models import Account, AccountValue, Holding
from currencies.models import Currency
from finances.local_days import end_of
from institutions.models import FinancialInstitution
from securities import completeness
from securities.intervals import Interval
from securities.models import Security, SecurityPrice


class NumberField(serializers.DecimalField):
    """A decimal that no column gives its size."""

    def __init__(self, **kwargs: Any) -> None:
        """Set no limit, and only show it."""
        super().__init__(max_digits=None, decimal_places=None, read_only=True, **kwargs)


class CurrencySerializer(serializers.ModelSerializer[Currency]):
    """A currency."""

    class Meta:
        model = Currency
        fields = ("code", "name", "symbol", "decimal_places", "is_active")


class InstitutionSerializer(serializers.ModelSerializer[FinancialInstitution]):
    """A financial institution."""

    url = serializers.CharField(source="website")

    class Meta:
        model = FinancialInstitution
        fields = ("id", "user_id", "name", "institution_type", "website", "created_at", "updated_at", "url")


class AccountSerializer(serializers.ModelSerializer[Account]):
    """An account."""

    currency_code = serializers.CharField(source="currency_id")
    current_balance = NumberField()
    current_cash_balance = NumberField()
    current_balance_at = serializers.DateTimeField(read_only=True)
    financial_institution = InstitutionSerializer()
    currency = CurrencySerializer()

    class Meta:
        model = Account
        fields = (
            "id", "user_id", "name", "account_type", "description", "financial_institution_id", "currency_code",
            "is_investment_account", "is_asset", "interest_rate", "current_balance", "current_cash_balance",
            "current_balance_at", "financial_institution", "currency", "created_at", "updated_at",
        )  # fmt: skip


class SecuritySerializer(serializers.ModelSerializer[Security]):
    """A security."""

    currency = serializers.CharField(source="currency_id")
    in_database = serializers.BooleanField(default=True)
    security_type = serializers.CharField(source="asset_class")

    class Meta:
        model = Security
        fields = (
            "id", "symbol", "name", "asset_class", "exchange", "currency", "sector", "industry", "market_cap",
            "last_synced_at", "is_syncing", "in_database", "created_at", "updated_at", "security_type",
        )  # fmt: skip


class HoldingSerializer(serializers.ModelSerializer[Holding]):
    """A holding."""

    security = SecuritySerializer()
    currency_code = serializers.CharField()
    quantity_today = serializers.SerializerMethodField()
    quantity_unconfirmed = serializers.SerializerMethodField()
    current_price = NumberField()
    current_price_at = serializers.DateTimeField(read_only=True)
    current_price_currency = serializers.CharField(source="security.currency_id")
    cost_basis = NumberField(source="shown.cost_basis")
    market_value = NumberField(source="shown.market_value")
    gain_loss = NumberField(source="shown.gain_loss")
    gain_loss_percent = NumberField(source="shown.gain_loss_percent")
    shares = NumberField(source="quantity")
    average_price_per_share = NumberField(source="average_cost")

    class Meta:
        model = Holding
        fields = (
            "id", "account_id", "security_id", "security", "quantity", "average_cost", "currency_code", "timestamp",
            "quantity_today", "quantity_unconfirmed", "current_price", "current_price_at", "current_price_currency",
            "cost_basis", "market_value", "gain_loss", "gain_loss_percent", "created_at", "updated_at", "shares",
            "average_price_per_share",
        )  # fmt: skip

    def to_representation(self, instance: Any) -> Any:
        """Compute the figures once."""
        instance.shown = instance.figures
        return super().to_representation(instance)

    def get_quantity_today(self, holding: Holding) -> Any:
        """Return the quantity after splits."""
        return holding.quantity_on(timezone.now().date())

    def get_quantity_unconfirmed(self, holding: Holding) -> str | None:
        """Return why it is in doubt."""
        return doubt_of(holding)


class AccountValueSerializer(serializers.ModelSerializer[AccountValue]):
    """What an account was worth."""

    date = serializers.SerializerMethodField()
    balance = NumberField(source="value")

    class Meta:
        model = AccountValue
        fields = (
            "id", "account_id", "timestamp", "date", "value", "cash_balance", "created_at", "updated_at", "balance",
        )  # fmt: skip

    def get_date(self, value: AccountValue) -> Any:
        """Return the day."""
        return value.timestamp.date()


class PriceSerializer(serializers.ModelSerializer[SecurityPrice]):
    """A price."""

    adj_close = serializers.DecimalField(source="close", max_digits=24, decimal_places=10)

    class Meta:
        model = SecurityPrice
        fields = ("timestamp", "open", "high", "low", "close", "volume", "adj_close")


class OfUser:
    """The asking user's rows."""

    def get_queryset(self) -> Any:
        """Keep those."""
        return super().get_queryset().filter(user=self.request.user)  # type: ignore[misc]


class Accounts(OfUser):
    """Accounts with their balances."""

    serializer_class = AccountSerializer
    queryset = Account.objects.select_related("financial_institution", "currency")

    def get_queryset(self) -> Any:
        """Add the balances."""
        now = timezone.now()
        return super().get_queryset().with_current_balance(before=end_of(now.date(), self.request.user.zone))


class Holdings(OfUser):
    """Holdings with their prices."""

    serializer_class = HoldingSerializer
    queryset = Holding.objects.all()

    def get_queryset(self) -> Any:
        """Add the prices."""
        return super().get_queryset().with_current_price(**price_window(timezone.now().date()))


class AccountList(Accounts, generics.ListAPIView):
    """All accounts."""


class AccountDetail(Accounts, generics.RetrieveAPIView):
    """One account."""


class HoldingList(Holdings, generics.ListAPIView):
    """All holdings."""


class HoldingDetail(Holdings, generics.RetrieveAPIView):
    """One holding."""


class ValueCreate(generics.CreateAPIView):
    """A new value of an account."""

    serializer_class = AccountValueSerializer
    queryset = AccountValue.objects.all()

    @transaction.atomic
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Store it, and its record."""
        return super().create(request, *args, **kwargs)

    def perform_create(self, serializer: Any) -> None:
        """Store it in the account that the address names."""
        account = get_object_or_404(Account, pk=self.kwargs["account_id"], user=self.request.user)
        serializer.save(account=account, user=self.request.user)


class PriceSeries(generics.GenericAPIView):
    """The daily prices of a security."""

    def get(self, request: Request, symbol: str) -> Response:
        """Return them."""
        start, end = (datetime.fromisoformat(f"{request.query_params[name]}+00:00") for name in ("start", "end"))
        security = get_object_or_404(Security, symbol=symbol)
        prices = SecurityPrice.objects.filter(security=security, interval="1d", timestamp__range=(start, end))
        points = PriceSerializer(prices.order_by("timestamp"), many=True).data
        until = min(end, timezone.now())
        told = completeness.assess(
            count=len(points), interval=Interval.DAY, start=start, end=until, calendar=security.calendar
        )
        return Response(
            {
                "security": SecuritySerializer(security).data,
                "prices": points,
                "interval_type": "1d",
                "adjusted": "splits",
                "count": len(points),
                "requested_start": start,
                "requested_end": end,
                "actual_start": points[0]["timestamp"],
                "actual_end": points[-1]["timestamp"],
                "data_completeness": told.value,
            }
        )


urlpatterns = [
    path("securities/<str:symbol>/prices", PriceSeries.as_view()),
    path("accounts", AccountList.as_view()),
    path("accounts/<uuid:pk>", AccountDetail.as_view()),
    path("accounts/<uuid:account_id>/values", ValueCreate.as_view()),
    path("holdings", HoldingList.as_view()),
    path("holdings/<uuid:pk>", HoldingDetail.as_view()),
]
