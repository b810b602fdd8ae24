"""Endpoints of accounts, their values and their holdings."""

from typing import Any

from django.db.models import DateTimeField, Model
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import services
from accounts.api.filters import AccountFilter, AccountValueFilter, HoldingFilter
from accounts.api.serializers import (
    AccountHoldingSerializer,
    AccountSerializer,
    AccountValueSerializer,
    HoldingSerializer,
    taken,
)
from accounts.market_figures import price_window
from accounts.models import Account, AccountValue, Holding
from currencies.models import Currency
from finances import quotas
from finances.api import throttling
from finances.api.history import HistoryMixin
from finances.api.openapi import NOT_FOUND
from finances.api.pagination import SeriesPagination
from finances.api.viewsets import NestedViewSet, OwnedViewSet
from finances.local_days import end_of, today_in
from finances.prepared import OwnedQueries, Parameter
from securities import services as securities
from securities.models import Security

MAX_BATCH = 1000
# What prepared queries are asked for.
BEFORE, OLDEST = Parameter("before", DateTimeField()), Parameter("oldest", DateTimeField())
ACCOUNTS = OwnedQueries(Account.objects.all)
LOCKED_ACCOUNTS = OwnedQueries(lambda: Account.objects.select_for_update(of=("self",)))
CHANGED = (
    "Change the fields that are sent; account and security stay. `timestamp` and `quantity` together tell of a "
    "purchase or a sale: the days before keep what was held then. `quantity` alone corrects all days since the stored "
    "`timestamp`, and `timestamp` alone since when it was held. Beyond a split nothing is guessed: a new `quantity` "
    "needs its `timestamp` (400 `as_of_required`), and a `timestamp` on the other side of the split the `quantity` "
    "(`as_of_required`) and the `average_cost` (`average_cost_required`, unless that is 0) in units of that day."
)


class AccountViewSet(HistoryMixin, OwnedViewSet):
    """The asking user's accounts; deleting one deletes its values and holdings."""

    queryset = Account.objects.select_related("financial_institution", "currency")
    serializer_class = AccountSerializer
    filterset_class = AccountFilter
    quota = "accounts"
    shown_with = (Currency,)
    history_fields = {
        "name": "name",
        "account_type": "account_type",
        "description": "description",
        "financial_institution_id": "financial_institution_id",
        "currency_code": "currency_id",
        "is_investment_account": "is_investment_account",
        "interest_rate": "interest_rate",
    }

    prepared = OwnedQueries(
        lambda: Account.objects.select_related("financial_institution", "currency").with_current_balance(before=BEFORE)
    )

    def get_queryset(self) -> Any:
        """Add the balances of today."""
        return super().get_queryset().with_current_balance(**self.moments(self.request.user))

    @classmethod
    def moments(cls, owner: Any) -> dict[str, Any]:
        """Return when today ends."""
        return {"before": end_of(today_in(owner.zone), owner.zone)}


class AccountValueViewSet(HistoryMixin, NestedViewSet):
    """What an account was worth when, newest first."""

    queryset = AccountValue.objects.all()
    parents, locked_parents = ACCOUNTS, LOCKED_ACCOUNTS
    parent_name = "account"
    serializer_class = AccountValueSerializer
    filterset_class = AccountValueFilter
    pagination_class = SeriesPagination
    prepared = OwnedQueries(AccountValue.objects.all)
    history_fields = {"timestamp": "timestamp", "value": "value", "cash_balance": "cash_balance"}

    @extend_schema(
        request=PolymorphicProxySerializer(
            "ValueOrValues",
            [AccountValueSerializer(), AccountValueSerializer(many=True)],
            resource_type_field_name=None,
            many=False,
        ),
        responses={
            201: PolymorphicProxySerializer(
                "RecordedValueOrValues",
                [AccountValueSerializer(), AccountValueSerializer(many=True)],
                resource_type_field_name=None,
                many=False,
            )
        },
    )
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Record a value, or an array of up to 1 000 of them: all or none, and each fault names its row."""
        rows = len(request.data) if isinstance(request.data, list) else 1
        throttling.count(request, scope="recorded_values", weight=max(1, min(rows, MAX_BATCH)))
        if not isinstance(request.data, list):
            return super().create(request, *args, **kwargs)
        response: Response = self.once(lambda: self.store_all(request))
        return response

    def require_room(self, model: type[Model]) -> None:
        """Refuse one more value than the account, which `create` has locked, may have.

        Raises:
            QuotaExceededError: there are as many already.
        """
        quotas.expect_room(model, quota="values_per_account", within=self.parent)

    def store_all(self, request: Request) -> Response:
        """Record an array of values."""
        self.find_parent(self.locked_parents)
        serializer = self.get_serializer(data=request.data, many=True, allow_empty=False, max_length=MAX_BATCH)
        serializer.is_valid(raise_exception=True)
        adding = len(serializer.validated_data)
        quotas.expect_room(AccountValue, quota="values_per_account", within=self.parent, adding=adding)
        try:
            values = services.record_values(account=self.parent, rows=serializer.validated_data)
        except services.TakenInstantError as exc:
            sent: Any = request.data
            raise taken(sent[exc.index], exc) from exc
        return Response(self.get_serializer(values, many=True).data, status=201)


@extend_schema_view(
    create=extend_schema(responses={201: HoldingSerializer, **NOT_FOUND}),
    update=extend_schema(description=CHANGED),
    partial_update=extend_schema(description=CHANGED),
)
class HoldingViewSet(HistoryMixin, NestedViewSet):
    """The securities in the asking user's accounts."""

    queryset = Holding.objects.all()
    parents, locked_parents = ACCOUNTS, LOCKED_ACCOUNTS
    parent_name = "account"
    serializer_class = HoldingSerializer
    filterset_class = HoldingFilter
    shown_with = (Security,)
    history_fields = {
        "account_id": "account_id",
        "security_id": "security_id",
        "quantity": "quantity",
        "average_cost": "average_cost",
        "currency_code": "currency_id",
        "timestamp": "timestamp",
    }

    prepared = OwnedQueries(lambda: Holding.objects.with_current_price(oldest=OLDEST, before=BEFORE))

    def is_passing(self, row: Holding) -> bool:
        """Tell whether its security is being synced: who began may have come to an end that nobody told of."""
        return row.security.is_syncing

    def get_queryset(self) -> Any:
        """Add the prices of today, and the splits until then."""
        return super().get_queryset().with_current_price(**self.moments(self.request.user))

    @classmethod
    def moments(cls, owner: Any) -> dict[str, Any]:
        """Return which prices are those of today."""
        return price_window(today_in(owner.zone))

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # noqa: ARG002
        """Hold a security, by its id or its symbol. One that is not stored yet is fetched with its prices.

        It is held since `timestamp`, on past days too: later purchases and sales are changes of it, each with its own
        `timestamp`. An unknown symbol is a 404, a provider that is away a 503, and nothing is stored then.
        """
        self.find_parent(self.parents)
        owner: Any = request.user
        quotas.expect_room(Holding, quota="holdings", within=owner)
        serializer = self.validated(request)
        # All else is right by now, so that nothing is fetched in vain; and no network call inside a transaction.
        self.security = securities.get_or_fetch(serializer.validated_data["security_id"])
        response: Response = self.once(lambda: self.store(serializer))
        return response

    def given(self) -> dict[str, Any]:
        """Add the security that was found."""
        return {**super().given(), "security": self.security}


@extend_schema_view(create=extend_schema(responses={201: AccountHoldingSerializer, **NOT_FOUND}))
class AccountHoldingViewSet(HoldingViewSet):
    """The securities in the account that the address names."""

    serializer_class = AccountHoldingSerializer
