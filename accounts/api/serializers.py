"""Accounts, values and holdings as JSON."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import models
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts import services, units
from accounts.api.fields import CurrencyCodeField, DayField, InstantField, SecurityNameField
from accounts.doubts import doubt_of, settles_doubt
from accounts.market_figures import MarketFigures
from accounts.models import INVESTMENT_TYPES, Account, AccountType, AccountValue, Holding
from accounts.told import CONFIRMED
from accounts.validators import require_not_ahead
from currencies.api.serializers import CurrencySerializer, ShownNumberField
from finances.api.serializers import AnyCaseChoiceField, OwnedModelSerializer, OwnedRelatedField
from finances.exceptions import DuplicateError
from finances.local_days import day_of, named_day, today_in
from institutions.api.serializers import FinancialInstitutionSerializer
from institutions.models import FinancialInstitution
from securities.api.serializers import SecuritySerializer


class AccountSerializer(OwnedModelSerializer):
    """An account with its institution, its currency and its latest recorded value.

    What is owned and has no type of its own, such as a house or a car, is a ``savings`` account whose values say what
    it is worth.
    """

    account_type = AnyCaseChoiceField(AccountType.choices)
    financial_institution_id = OwnedRelatedField(
        source="financial_institution", queryset=FinancialInstitution.objects.all(), required=False, allow_null=True
    )
    currency_code = CurrencyCodeField(
        source="currency", required=False, help_text="Your base currency unless given at creation."
    )
    is_investment_account = serializers.BooleanField(
        required=False,
        help_text="Whether it may hold securities: true for tfsa, rrsp, fhsa and margin unless given, also when the "
        "type changes.",
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
        elif "account_type" in attrs and "is_investment_account" not in attrs:
            attrs["is_investment_account"] = self.follow_type(self.instance, attrs["account_type"])
        return super().validate(attrs)

    def follow_type(self, account: Account, account_type: str) -> bool:
        """Return whether an account of another type is for investments: as its type is, unless it was said otherwise.

        What holds securities stays so.
        """
        if account.is_investment_account != (account.account_type in INVESTMENT_TYPES):
            return account.is_investment_account
        return account_type in INVESTMENT_TYPES or (account.is_investment_account and account.holdings.exists())


class AccountValueSerializer(OwnedModelSerializer):
    """What an account was worth at an instant."""

    timestamp = InstantField(
        required=False, validators=[require_not_ahead], help_text="Now unless given; of a day, its noon where you are."
    )
    date = DayField(
        source="timestamp",
        required=False,
        validators=[require_not_ahead],
        help_text="The timestamp's day in your time zone; on input taken in its place.",
    )

    class Meta:
        model = AccountValue
        fields = ("id", "account_id", "timestamp", "date", "value", "cash_balance", "created_at", "updated_at")
        aliases = {"balance": "value"}

    def to_internal_value(self, data: Any) -> Any:
        """Take ``date`` in place of ``timestamp``."""
        day = data.get("date") if isinstance(data, Mapping) else None
        if isinstance(data, Mapping) and "date" in data and day is None and data.get("timestamp") is None:
            raise serializers.ValidationError({"date": self.fields["date"].error_messages["null"]}, code="null")
        if not isinstance(data, Mapping) or (day is not None and data.get("timestamp") is None and self.moves_to(day)):
            given = {name: data[name] for name in data if name != "timestamp"} if isinstance(data, Mapping) else data
            return super().to_internal_value(given)
        attrs = super().to_internal_value({name: data[name] for name in data if name != "date"})
        return attrs if day is None or data.get("timestamp") is None else self.require_same_day(attrs, day)

    def moves_to(self, day: Any) -> bool:
        """Tell whether ``day`` is another one than that of the stored value; sent back as it was, it keeps its time."""
        stored = getattr(self.instance, "timestamp", None)
        return stored is None or self.day_named(day) != self.day_of(stored)

    def require_same_day(self, attrs: dict[str, Any], day: Any) -> dict[str, Any]:
        """Refuse a ``date`` that contradicts the ``timestamp``."""
        if self.day_named(day) != self.day_of(attrs["timestamp"]):
            raise serializers.ValidationError({"date": "This is not the day of the timestamp."}, code="alias_conflict")
        return attrs

    def day_named(self, text: Any) -> dt.date | None:
        """Return the day that ``text`` names, or that the instant it names is on; None when it names none."""
        try:
            return self.day_of(self.fields["timestamp"].to_internal_value(text))
        except serializers.ValidationError:
            return None

    def day_of(self, at: dt.datetime) -> dt.date:
        """Return the day that an instant is on where the asking user is."""
        return day_of(at, self.context["request"].user.zone)

    def refusal(self, exc: DjangoValidationError) -> Exception:
        """Name the instant of a duplicate as it was sent."""
        refusal = super().refusal(exc)
        if isinstance(refusal, DuplicateError):
            refusal.field = instant_sent(self.initial_data)[0]
        return refusal

    def check(self, candidate: models.Model) -> None:
        """Leave the uniqueness of rows that come together to the service, which asks for all at once."""
        if isinstance(self.parent, serializers.ListSerializer):
            candidate.clean()
        else:
            super().check(candidate)


class FigureField(ShownNumberField):
    """One of the figures of a holding, which its serializer computes once for all of them."""

    def show(self, serializer: Any, _row: Any) -> Any:
        """Return the figure."""
        return getattr(serializer.figures, str(self.field_name))


class HoldingSerializer(OwnedModelSerializer):
    """A security in an account, with what it cost and what it is worth at its newest close.

    ``quantity`` and ``average_cost`` are in units of the day of ``timestamp``, ``quantity_today`` in today's: splits
    in between are applied, in the figures as well. Figures are in ``currency_code``, and null when there is no close
    in that currency of the last ten days.
    """

    account_id = OwnedRelatedField(source="account", queryset=Account.objects.all())
    security_id = SecurityNameField(help_text="On input an id or a symbol; an unknown symbol is looked up.")
    security = SecuritySerializer(read_only=True)
    currency_code = CurrencyCodeField(
        source="currency", required=False, allow_null=True, help_text="That of the security's prices unless given."
    )
    timestamp = InstantField(
        required=False,
        validators=[require_not_ahead],
        help_text="The quantity is held since then; now unless given at creation, unchanged unless given in a change. "
        "Of a day, its noon where you are. The days before keep what was held on them: sent with a quantity it tells "
        "of a purchase or a sale, a quantity alone corrects all days since the stored one, and it alone since when. "
        "Past purchases can be sent one after another, the oldest first. A new quantity after a split needs it, "
        "and a day beyond a split the quantity and the average cost of then.",
    )
    quantity_today = serializers.SerializerMethodField(help_text="The quantity after all splits since the timestamp.")
    quantity_unconfirmed = serializers.SerializerMethodField(
        help_text="Why nobody knows which shares the quantity counts, and what to do about it: it was told after a "
        "split that became known only later. Null when there is no doubt; else the figures may be wrong by the split.",
    )
    current_price = ShownNumberField(
        read_only=True, allow_null=True, help_text="The newest daily close of the last ten days, as traded."
    )
    current_price_at = serializers.DateTimeField(read_only=True, allow_null=True)
    current_price_currency = serializers.SerializerMethodField(
        help_text="Of `current_price`, which may not be that of the figures; null where there is none or it is unknown."
    )
    cost_basis = FigureField(read_only=True)
    market_value = FigureField(read_only=True, allow_null=True)
    gain_loss = FigureField(read_only=True, allow_null=True)
    gain_loss_percent = FigureField(read_only=True, allow_null=True)

    class Meta:
        model = Holding
        fields = (
            "id", "account_id", "security_id", "security", "quantity", "average_cost", "currency_code", "timestamp",
            "quantity_today", "quantity_unconfirmed", "current_price", "current_price_at", "current_price_currency",
            "cost_basis", "market_value", "gain_loss", "gain_loss_percent", "created_at", "updated_at",
        )  # fmt: skip
        fixed_fields = ("account_id", "security_id")
        aliases = {"shares": "quantity", "average_price_per_share": "average_cost"}

    def candidate(self, attrs: dict[str, Any]) -> models.Model:
        """Return the holding as it would be; which security it is of is found out later."""
        return super().candidate({name: value for name, value in attrs.items() if name != "security_id"})

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a change that may be of before a split or of after it."""
        if self.instance is not None:
            units.require_told(self.instance, told=attrs, today=self.today())
        return super().validate(attrs)

    def today(self) -> dt.date:
        """Return the day that it is where the asking user is."""
        return today_in(self.context["request"].user.zone)

    @extend_schema_field(ShownNumberField())
    def get_quantity_today(self, holding: Holding) -> Any:
        """Return the quantity in today's units."""
        return holding.quantity_on(self.today())

    def get_quantity_unconfirmed(self, holding: Holding) -> str | None:
        """Return why the quantity is in doubt."""
        return doubt_of(holding)

    def get_current_price_currency(self, holding: Holding) -> str | None:
        """Return the currency of the security's prices."""
        return None if holding.current_price is None else holding.security.currency_id  # type: ignore[attr-defined]

    def create(self, validated_data: dict[str, Any]) -> Holding:
        """Store the holding of a security that has been found."""
        given = {name: value for name, value in validated_data.items() if name != "security_id"}
        try:
            return services.hold(**given)
        except DjangoValidationError as exc:
            raise self.refusal(exc) from exc

    def update(self, instance: Any, validated_data: dict[str, Any]) -> Any:
        """Store what was sent; a quantity in doubt that is sent once more, with its day, is in doubt no longer."""
        if settles_doubt(instance, told=validated_data):
            instance._change_reason = CONFIRMED  # noqa: SLF001 - where the history takes it from
        return super().update(instance, validated_data)

    def is_so_already(self, instance: Any, attrs: dict[str, Any]) -> bool:
        """Tell whether there is nothing to store, not even that somebody confirms what is stored."""
        return super().is_so_already(instance, attrs) and not settles_doubt(instance, told=attrs)

    def to_representation(self, instance: Any) -> Any:
        """Show the figures as they are now, and the currency that counts."""
        self.figures: MarketFigures = instance.figures
        return {**super().to_representation(instance), "currency_code": instance.currency_code}


class AccountHoldingSerializer(HoldingSerializer):
    """A security in the account that the address names."""

    account_id = OwnedRelatedField(source="account", read_only=True)

    class Meta(HoldingSerializer.Meta):
        pass


def instant_sent(row: Mapping[str, Any]) -> tuple[str, str]:
    """Return the field by which a value that was sent names its instant, and what it says there."""
    name = "date" if row.get("timestamp") is None and row.get("date") is not None else "timestamp"
    return name, str(row.get(name) or "now").strip()


def taken(row: Mapping[str, Any], exc: services.TakenInstantError) -> DuplicateError:
    """Return the fault of a sent value for an instant that has one, in the words in which it was sent."""
    name, text = instant_sent(row)
    kind = "instant" if named_day(text) is None else "day"
    message = (
        f"There is a value of this account for {text}."
        if exc.earlier is None
        else f"Row {exc.earlier} is for the same {kind}, {text}; rows are counted from 0."
    )
    return DuplicateError(message, field=f"{exc.index}.{name}")
