"""Accounts, values and holdings as JSON."""

from collections.abc import Mapping
from typing import Any

from django.db import models
from rest_framework import serializers

from accounts import services
from accounts.api.fields import AnyCaseChoiceField, CurrencyCodeField, InstantField, SecurityNameField
from accounts.models import INVESTMENT_TYPES, Account, AccountType, AccountValue, Holding
from currencies.api.serializers import CurrencySerializer, ShownNumberField
from finances.api.serializers import OwnedModelSerializer, OwnedRelatedField
from institutions.api.serializers import FinancialInstitutionSerializer
from institutions.models import FinancialInstitution
from securities.api.serializers import SecuritySerializer


class AccountSerializer(OwnedModelSerializer):
    """An account with its institution, its currency and its latest recorded value."""

    account_type = AnyCaseChoiceField(AccountType.choices)
    financial_institution_id = OwnedRelatedField(
        source="financial_institution", queryset=FinancialInstitution.objects.all(), required=False, allow_null=True
    )
    currency_code = CurrencyCodeField(
        source="currency", required=False, help_text="Your base currency unless given at creation."
    )
    is_investment_account = serializers.BooleanField(
        required=False, help_text="Whether it may hold securities: true for tfsa, rrsp, fhsa and margin unless given."
    )
    is_asset = serializers.BooleanField(read_only=True, help_text="False for what is owed.")
    current_balance = ShownNumberField(
        read_only=True, allow_null=True, help_text="The latest recorded value; what is owed is positive."
    )
    current_cash_balance = ShownNumberField(read_only=True, allow_null=True)
    current_balance_at = serializers.DateTimeField(read_only=True, allow_null=True)
    financial_institution = FinancialInstitutionSerializer(read_only=True, allow_null=True)
    currency = CurrencySerializer(read_only=True)

    class Meta:
        model = Account
        fields = (
            "id", "user_id", "name", "account_type", "description", "financial_institution_id", "currency_code",
            "is_investment_account", "is_asset", "interest_rate", "current_balance", "current_cash_balance",
            "current_balance_at", "financial_institution", "currency", "created_at", "updated_at",
        )  # fmt: skip

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Fill in what a new account has unless it is said."""
        if self.instance is None:
            attrs.setdefault("is_investment_account", attrs["account_type"] in INVESTMENT_TYPES)
            attrs.setdefault("currency", self.context["request"].user.base_currency)
        return super().validate(attrs)


class AccountValueSerializer(OwnedModelSerializer):
    """What an account was worth at an instant."""

    timestamp = InstantField(required=False, help_text="Now unless given.")
    date = serializers.DateField(read_only=True, help_text="The timestamp's day in UTC; on input taken in its place.")

    class Meta:
        model = AccountValue
        fields = ("id", "account_id", "timestamp", "date", "value", "cash_balance", "created_at", "updated_at")
        aliases = {"balance": "value"}

    def to_internal_value(self, data: Any) -> Any:
        """Take ``date`` in place of ``timestamp``."""
        day = data.get("date") if isinstance(data, Mapping) else None
        if day is None:
            return super().to_internal_value(data)
        if data.get("timestamp") is not None:
            return self.require_same_day(super().to_internal_value(data), day)
        given = {name: data[name] for name in data if name not in {"date", "timestamp"}}
        stored = getattr(self.instance, "timestamp", None)
        if stored is None or self.day_of(day) != stored.date():  # sent back as it was, a day keeps its time
            given["timestamp"] = day
        try:
            return super().to_internal_value(given)
        except serializers.ValidationError as exc:
            detail: Any = exc.detail
            raise serializers.ValidationError(
                {"date" if k == "timestamp" else k: v for k, v in detail.items()}
            ) from exc

    def require_same_day(self, attrs: dict[str, Any], day: Any) -> dict[str, Any]:
        """Refuse a ``date`` that contradicts the ``timestamp``."""
        if self.day_of(day) != attrs["timestamp"].date():
            raise serializers.ValidationError({"date": "This is not the day of the timestamp."}, code="alias_conflict")
        return attrs

    def day_of(self, text: Any) -> Any:
        """Return the day that ``text`` names, in UTC; None when it names none."""
        try:
            return InstantField().to_internal_value(text).date()
        except serializers.ValidationError:
            return None

    def check(self, candidate: models.Model) -> None:
        """Leave the uniqueness of rows that come together to the service, which asks for all at once."""
        if isinstance(self.parent, serializers.ListSerializer):
            candidate.clean()
        else:
            super().check(candidate)


class HoldingSerializer(OwnedModelSerializer):
    """A security in an account, with what it cost and what it is worth at its newest price, as traded.

    Figures are in ``currency_code``, and null when there is no price in that currency. Splits after ``timestamp`` are
    not applied.
    """

    account_id = OwnedRelatedField(source="account", queryset=Account.objects.all())
    security_id = SecurityNameField(help_text="On input an id or a symbol; an unknown symbol is looked up.")
    security = SecuritySerializer(read_only=True)
    currency_code = CurrencyCodeField(
        source="currency", required=False, allow_null=True, help_text="That of the security's prices unless given."
    )
    timestamp = InstantField(required=False, help_text="As of; now unless given.")
    current_price = ShownNumberField(read_only=True, allow_null=True, help_text="The newest daily close, as traded.")
    current_price_at = serializers.DateTimeField(read_only=True, allow_null=True)
    cost_basis = ShownNumberField(source="figures.cost_basis", read_only=True)
    market_value = ShownNumberField(source="figures.market_value", read_only=True, allow_null=True)
    gain_loss = ShownNumberField(source="figures.gain_loss", read_only=True, allow_null=True)
    gain_loss_percent = ShownNumberField(source="figures.gain_loss_percent", read_only=True, allow_null=True)

    class Meta:
        model = Holding
        fields = (
            "id", "account_id", "security_id", "security", "quantity", "average_cost", "currency_code", "timestamp",
            "current_price", "current_price_at", "cost_basis", "market_value", "gain_loss", "gain_loss_percent",
            "created_at", "updated_at",
        )  # fmt: skip
        fixed_fields = ("account_id", "security_id")
        aliases = {"shares": "quantity", "average_price_per_share": "average_cost"}

    def get_fields(self) -> dict[str, Any]:
        """Take the account from the address where that names one."""
        fields = super().get_fields()
        if "account" in self.context.get("given", {}):
            fields["account_id"].read_only = True
        return fields

    def candidate(self, attrs: dict[str, Any]) -> models.Model:
        """Return the holding as it would be; which security it is of is found out later."""
        return super().candidate({name: value for name, value in attrs.items() if name != "security_id"})

    def create(self, validated_data: dict[str, Any]) -> Holding:
        """Store the holding of a security that has been found."""
        return services.hold(**{name: value for name, value in validated_data.items() if name != "security_id"})

    def to_representation(self, instance: Any) -> Any:
        """Show the currency that counts."""
        return {**super().to_representation(instance), "currency_code": instance.currency_code}
