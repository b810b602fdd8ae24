"""Securities and prices as JSON."""

from datetime import UTC, date, datetime, time
from typing import Any

from rest_framework import serializers

from finances.api.fields import IntegerField
from finances.api.pagination import MAX_OFFSET
from finances.api.representation import RepresentationMixin
from finances.api.serializers import AliasesMixin, QuerySerializer, SharedFieldsMixin
from securities.completeness import Completeness
from securities.intervals import Interval
from securities.models import AssetClass
from securities.providers.protocol import Listing

MAX_POINTS = 10_000
MAX_RESULTS = 100
LONGEST_SEARCH = 100
ISO_DAY_LENGTH = len("2026-01-31")
INTERVALS = [interval.value for interval in Interval]
ADJUSTMENTS = ("none", "splits", "all")


class TextOrNullField(serializers.CharField):
    """A text that is null when nothing is known."""

    def __init__(self, **kwargs: Any) -> None:
        """Let null be declared."""
        super().__init__(allow_null=True, **kwargs)

    def to_representation(self, value: Any) -> Any:
        """Return null for an empty text."""
        return value or None


class SecuritySerializer(SharedFieldsMixin, AliasesMixin, RepresentationMixin, serializers.Serializer[Any]):
    """A security: stored, or known to a provider only."""

    id = serializers.CharField(help_text="A UUID; of a security that is not stored, its symbol.")
    symbol = serializers.CharField()
    name = serializers.CharField()
    asset_class = serializers.ChoiceField(AssetClass.choices)
    exchange = TextOrNullField()
    currency = TextOrNullField(source="currency_id", help_text="Of its prices, by its ISO 4217 code.")
    sector = TextOrNullField()
    industry = TextOrNullField()
    market_cap = serializers.IntegerField(allow_null=True)
    last_synced_at = serializers.DateTimeField(allow_null=True)
    is_syncing = serializers.BooleanField()
    in_database = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField(allow_null=True)
    updated_at = serializers.DateTimeField(allow_null=True)

    class Meta:
        aliases = {"security_type": "asset_class"}

    def get_in_database(self, _security: Any) -> bool:
        """Tell whether it is stored here."""
        return True


NOT_STORED = {
    "sector": None,
    "industry": None,
    "market_cap": None,
    "last_synced_at": None,
    "is_syncing": False,
    "in_database": False,
    "created_at": None,
    "updated_at": None,
}


def listed(listing: Listing) -> dict[str, Any]:
    """Show what only a provider knows as a security is shown; its id is its symbol, which a holding takes as well."""
    asset_class = listing.asset_class if listing.asset_class in AssetClass.values else AssetClass.OTHER.value
    return {
        "id": listing.symbol.upper(),
        "symbol": listing.symbol.upper(),
        "name": listing.name,
        "asset_class": asset_class,
        "security_type": asset_class,
        "exchange": listing.exchange or None,
        "currency": listing.currency or None,
        **NOT_STORED,
    }


class SearchQuery(QuerySerializer):
    """What to look for."""

    q = serializers.CharField(max_length=LONGEST_SEARCH, help_text="The beginning of a symbol, or a part of a name.")
    limit = IntegerField(min_value=1, max_value=MAX_RESULTS, default=10, help_text="Results at most.")


class SyncQuery(QuerySerializer):
    """Which prices to fetch."""

    interval = serializers.ChoiceField(INTERVALS, default=Interval.DAY.value)
    since = serializers.DateField(required=False, help_text="Back to this day; all there is for the first sync.")


class PriceSyncResultSerializer(serializers.Serializer[Any]):
    """What became of a sync."""

    security = SecuritySerializer()
    prices_synced = serializers.IntegerField(help_text="Prices that are stored now as the provider gives them.")
    message = serializers.CharField()


class MomentField(serializers.DateTimeField):
    """An instant, or a day, which means its beginning, or with ``is_end`` its last second."""

    def __init__(self, *, is_end: bool = False, **kwargs: Any) -> None:
        """Keep which end of the range this is."""
        self.is_end = is_end
        super().__init__(default_timezone=UTC, **kwargs)

    def to_internal_value(self, value: Any) -> datetime:
        """Read either."""
        moment: datetime = super().to_internal_value(value)
        if self.is_end and isinstance(value, str) and len(value.strip()) == ISO_DAY_LENGTH:
            return end_of(moment.date())
        return moment


def end_of(day: date) -> datetime:
    """Return the last second of a day."""
    return datetime.combine(day, time(23, 59, 59), tzinfo=UTC)


class PricesQuery(QuerySerializer):
    """Which prices."""

    interval = serializers.ChoiceField(INTERVALS, default=Interval.DAY.value, help_text="The length of a bar.")
    start = MomentField(required=False, help_text="The first instant, or day; 30 days before the end, 24 h for 1m.")
    end = MomentField(required=False, is_end=True, help_text="The last instant, or day, included; now unless given.")
    adjusted = serializers.ChoiceField(
        ADJUSTMENTS,
        default="splits",
        help_text="For nothing: as traded; for splits; or for all: splits and dividends. adj_close always is for all.",
    )
    limit = IntegerField(min_value=1, max_value=MAX_POINTS, default=MAX_POINTS, help_text="Points at most.")
    offset = IntegerField(min_value=0, max_value=MAX_OFFSET, default=0, help_text="Points to leave out.")

    class Meta:
        aliases = {"skip": "offset"}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a range that ends before it starts."""
        if "start" in attrs and "end" in attrs and attrs["end"] < attrs["start"]:
            raise serializers.ValidationError({"end": "The range ends before it starts."}, code="invalid_range")
        return attrs


class ShownPriceField(serializers.DecimalField):
    """A price with the digits that it has."""

    def __init__(self, **kwargs: Any) -> None:
        """Set no limit."""
        super().__init__(max_digits=None, decimal_places=None, **kwargs)


class PricePointSerializer(serializers.Serializer[Any]):
    """A bar. The database writes it; this says how."""

    timestamp = serializers.DateTimeField(help_text="Its beginning; of a day or longer, midnight of its first day.")
    open = ShownPriceField(allow_null=True)
    high = ShownPriceField(allow_null=True)
    low = ShownPriceField(allow_null=True)
    close = ShownPriceField()
    volume = serializers.IntegerField(allow_null=True)
    adj_close = ShownPriceField(help_text="The close, adjusted for splits and dividends.")


class PriceSeriesSerializer(serializers.Serializer[Any]):
    """The prices of a security in a range of time, oldest first."""

    security = SecuritySerializer()
    prices = PricePointSerializer(many=True)
    interval_type = serializers.ChoiceField(INTERVALS)
    adjusted = serializers.ChoiceField(ADJUSTMENTS)
    count = serializers.IntegerField(help_text="Points in this answer.")
    requested_start = serializers.DateTimeField()
    requested_end = serializers.DateTimeField()
    actual_start = serializers.DateTimeField(allow_null=True, help_text="Of the first point in this answer.")
    actual_end = serializers.DateTimeField(allow_null=True, help_text="Of the last point in this answer.")
    data_completeness = serializers.ChoiceField(
        [completeness.value for completeness in Completeness],
        help_text="How many of the points that an exchange makes are there: 80 % and more, 40 %, fewer, none.",
    )
