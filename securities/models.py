"""Securities, what was paid for them, and what their companies did to the shares."""

import uuid
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any, Self

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Exists, OuterRef, Q, Subquery
from django.db.models.functions import Lower
from django.utils import timezone

from finances.fields import BytewiseField, ExactDecimalField, lower
from finances.marked import SharedModel, SharedQuerySet
from finances.models import TimestampedModel
from finances.sql import IsMidnight
from finances.time_zones import require_timezone
from securities.actions import ActionKind
from securities.completeness import Calendar
from securities.intervals import Interval
from securities.reasons import Reason
from securities.symbols import SYMBOL_MESSAGE, SYMBOL_PATTERN
from securities.versioned import VersionedModel

# Longer than any sync takes; whoever claimed a security this long ago is dead.
SYNC_TIMEOUT = timedelta(minutes=10)
LARGEST_MARKET_CAP = 2**63 - 1
# A weekend with a holiday on either side is no reason to look; more is. Figures bear a little more still.
STALE_AFTER = timedelta(days=5)
STATES = {
    "held-back": "held back", "unknown": "unknown to the providers", "stale": "stale", "never": "never synced",
    "priceless": "without prices",
}  # fmt: skip


class AssetClass(models.TextChoices):
    """What kind of thing a security is."""

    EQUITY = "equity"
    ETF = "etf", "ETF"
    MUTUAL_FUND = "mutual_fund"
    INDEX = "index"
    CURRENCY = "currency"
    CRYPTOCURRENCY = "cryptocurrency"
    FUTURE = "future"
    OPTION = "option"
    BOND = "bond"
    CASH = "cash"
    OTHER = "other"


CALENDARS = {AssetClass.CRYPTOCURRENCY: Calendar.ALWAYS, AssetClass.CURRENCY: Calendar.WEEKDAYS}
INTERVALS = [(interval.value, interval.value) for interval in Interval]


def is_under_way(sync_started_at: datetime | None) -> bool:
    """Tell whether who began to fetch then is still at it, or else has come to an untimely end."""
    return sync_started_at is not None and sync_started_at >= timezone.now() - SYNC_TIMEOUT


class SecurityQuerySet(SharedQuerySet):
    """Securities by name, by state, and with their last price."""

    def matching(self, text: str) -> Self:
        """Keep what has ``text`` in its symbol's beginning or in its name. `securities.searching` puts it in order."""
        return self.filter(Q(symbol__startswith=text.upper()) | Q(search_name__contains=lower(text)))

    def claimable(self, now: datetime) -> Self:
        """Keep what nobody syncs, or nobody alive."""
        return self.filter(Q(sync_started_at=None) | Q(sync_started_at__lt=now - SYNC_TIMEOUT))

    def with_last_close(self, *, on: datetime | None = None) -> Self:
        """Add ``last_close`` and ``last_close_at``: the newest daily close, up to ``on``; None without prices."""
        newest = SecurityPrice.objects.filter(security=OuterRef("pk"), interval=Interval.DAY).order_by("-timestamp")
        if on is not None:
            newest = newest.filter(timestamp__lte=on)
        return self.annotate(
            last_close=Subquery(newest.values("close")[:1]), last_close_at=Subquery(newest.values("timestamp")[:1])
        )

    def in_state(self, state: str, *, now: datetime) -> Self:
        """Keep what is in one of ``STATES``: what somebody may have to look at; in an unknown one is nothing."""
        if state == "held-back":
            return self.exclude(sync_problem="")
        if state == "unknown":
            return self.exclude(unknown_since=None)
        if state == "stale":
            return self.with_last_close().filter(last_close_at__lt=now - STALE_AFTER)
        if state == "never":
            return self.filter(last_synced_at=None)
        return self.without_prices() if state == "priceless" else self.none()

    def in_use(self) -> Self:
        """Keep what something points at that must not lose it, such as what somebody holds."""
        users = [each for each in Security._meta.related_objects if each.on_delete is models.PROTECT]
        rows: list[Any] = [
            models.QuerySet(each.related_model).filter(**{each.field.name: OuterRef("pk")}) for each in users
        ]
        return self.filter(reduce(or_, (Q(Exists(each)) for each in rows), Q(pk__in=[])))

    def with_prices(self) -> Self:
        """Keep what has prices."""
        return self.filter(Exists(SecurityPrice.objects.filter(security=OuterRef("pk"))))

    def without_prices(self) -> Self:
        """Keep what has no prices."""
        return self.filter(~Exists(SecurityPrice.objects.filter(security=OuterRef("pk"))))


class Security(SharedModel, TimestampedModel):
    """Something that has a price: a share, a fund, an index, a currency pair. The same for all users.

    ``prices_version`` grows with every change of its prices, splits or dividends; ``adjustments`` are the steps that
    `securities.adjustment` derives from them, kept because every read of a series needs them. ``split_readings`` are
    the splits as `securities.splits` read them in the prices of the last sync, by interval; a change is compared anew.
    Of one that the provider does not reach nothing is known (null).
    """

    is_kept_for_history = True

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    symbol = models.CharField(max_length=32, validators=[RegexValidator(SYMBOL_PATTERN, SYMBOL_MESSAGE)])
    name = models.CharField(max_length=200, blank=True)
    search_name = models.GeneratedField(
        expression=Lower("name"), output_field=BytewiseField(max_length=200), db_persist=True
    )
    asset_class = models.CharField(max_length=20, choices=AssetClass, default=AssetClass.OTHER)
    exchange = models.CharField(max_length=50, blank=True)
    currency = models.ForeignKey(
        "currencies.Currency",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Of its prices, as stored; unknown when empty.",
    )
    timezone = models.CharField(
        max_length=64, blank=True, validators=[require_timezone], help_text="Of the exchange, by its IANA name."
    )
    sector = models.CharField(max_length=100, blank=True)
    industry = models.CharField(max_length=100, blank=True)
    market_cap = models.BigIntegerField(null=True, blank=True, help_text="In whole units of the currency.")
    is_fetched = models.BooleanField(
        default=True,
        help_text="Ask the providers for its prices when all or all held are synced; not for what comes from files.",
    )
    last_synced_at = models.DateTimeField(null=True, blank=True, editable=False)
    sync_started_at = models.DateTimeField(null=True, blank=True, editable=False)
    unknown_since = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Since when no provider knows it any more."
    )
    sync_problem = models.TextField(
        blank=True, editable=False, help_text="Why the last sync stored nothing, or not all; empty when all is well."
    )
    prices_version = models.PositiveBigIntegerField(default=0, editable=False)
    adjustments = models.JSONField(default=list, blank=True, editable=False)
    split_readings = models.JSONField(default=dict, blank=True, editable=False)

    objects = SecurityQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "securities"
        ordering = ("symbol",)
        indexes = (models.Index(fields=("search_name", "symbol", "id"), name="security_name"),)  # see search_indexes
        constraints = (
            models.UniqueConstraint(
                fields=("symbol",),
                name="security_symbol_unique",
                violation_error_code="duplicate",
                violation_error_message="There is a security with this symbol.",
            ),
            models.CheckConstraint(
                condition=Q(symbol__regex=SYMBOL_PATTERN),
                name="security_symbol_form",
                violation_error_message=SYMBOL_MESSAGE,
            ),
            models.CheckConstraint(
                condition=Q(asset_class__in=AssetClass.values),
                name="security_asset_class_known",
                violation_error_message="This asset class is not known.",
            ),
            models.CheckConstraint(
                condition=Q(market_cap__gte=0),
                name="security_market_cap_not_negative",
                violation_error_message="A market capitalisation is not negative.",
            ),
        )

    def __str__(self) -> str:
        return self.symbol

    def clean_fields(self, exclude: Any = None) -> None:
        """Take the symbol in any case."""
        self.symbol = self.symbol.upper()
        super().clean_fields(exclude=exclude)

    @property
    def is_syncing(self) -> bool:
        """Whether somebody alive is fetching its prices."""
        return is_under_way(self.sync_started_at)

    @property
    def calendar(self) -> Calendar:
        """Return when it is traded."""
        return CALENDARS.get(AssetClass(self.asset_class), Calendar.SESSIONS)


class SecurityPrice(VersionedModel):
    """What was paid for a security from ``timestamp`` on, for one interval: as traded, whatever was split later.

    In whole units of the security's currency. The time stamp of a day, week or month is the midnight (as if in UTC)
    of its first day by the exchange's calendar. Kept small, since there are millions: no time stamps of its own.
    """

    security = models.ForeignKey(Security, on_delete=models.CASCADE, related_name="prices", db_index=False)
    interval = models.CharField(max_length=3, choices=INTERVALS, default=Interval.DAY.value)
    timestamp = models.DateTimeField()
    open = ExactDecimalField(max_digits=24, decimal_places=10, null=True, blank=True)
    high = ExactDecimalField(max_digits=24, decimal_places=10, null=True, blank=True)
    low = ExactDecimalField(max_digits=24, decimal_places=10, null=True, blank=True)
    close = ExactDecimalField(max_digits=24, decimal_places=10)
    volume = models.BigIntegerField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("security", "interval", "timestamp"),
                name="security_price_unique",
                violation_error_code="duplicate",
                violation_error_message="There is a price of this security for this instant.",
            ),
            models.CheckConstraint(
                condition=Q(interval__in=[interval.value for interval in Interval]),
                name="security_price_interval_known",
                violation_error_message="An interval is one of 1m, 1h, 1d, 1wk and 1mo.",
            ),
            models.CheckConstraint(
                condition=Q(interval__in=[interval.value for interval in Interval if interval.is_intraday])
                | Q(IsMidnight("timestamp")),
                name="security_price_of_a_day_at_midnight",
                violation_error_message="A price of a day, a week or a month is at midnight (UTC) of its first day.",
            ),
            models.CheckConstraint(
                condition=Q(close__gt=0),
                name="security_price_close_positive",
                violation_error_message="A price is greater than zero.",
            ),
            models.CheckConstraint(
                condition=(Q(open__gt=0) | Q(open=None))
                & (Q(high__gt=0) | Q(high=None))
                & (Q(low__gt=0) | Q(low=None)),
                name="security_price_positive",
                violation_error_message="A price is greater than zero.",
            ),
            models.CheckConstraint(
                condition=Q(high__gte=models.F("low")) | Q(high=None) | Q(low=None),
                name="security_price_high_not_below_low",
                violation_error_message="The high is not below the low.",
            ),
            models.CheckConstraint(
                condition=Q(volume__gte=0) | Q(volume=None),
                name="security_price_volume_not_negative",
                violation_error_message="A volume is not negative.",
            ),
        )

    def __str__(self) -> str:
        return f"{self.timestamp:%Y-%m-%d %H:%M} {self.interval}"


class SecurityAction(VersionedModel, TimestampedModel):
    """A split or a dividend of a security, on its ex-date by the exchange's calendar."""

    security = models.ForeignKey(Security, on_delete=models.CASCADE, related_name="actions", db_index=False)
    kind = models.CharField(max_length=8, choices=[(kind.value, kind.value) for kind in ActionKind])
    date = models.DateField()
    value = ExactDecimalField(
        max_digits=24,
        decimal_places=12,
        help_text="Of a split: new shares for one old. Of a dividend: the amount for one share as it was then.",
    )
    currency = models.ForeignKey(
        "currencies.Currency",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Of a dividend, when it is not that of the prices.",
    )
    is_taken_out = models.BooleanField(
        "taken out of older prices",
        null=True,
        blank=True,
        help_text="Of a split: whether the provider divides the prices before it by its ratio. When unknown, the next "
        "sync finds out, and says so when it cannot.",
    )

    class Meta:
        ordering = ("-date", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("security", "kind", "date"),
                name="security_action_unique",
                violation_error_code="duplicate",
                violation_error_message="There is one of this kind for this security and day.",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=[kind.value for kind in ActionKind]),
                name="security_action_kind_known",
                violation_error_message="It is a split or a dividend.",
            ),
            models.CheckConstraint(
                condition=Q(value__gt=0),
                name="security_action_value_positive",
                violation_error_message="A ratio or an amount is greater than zero.",
            ),
            models.CheckConstraint(
                condition=Q(kind=ActionKind.DIVIDEND.value) | Q(currency=None),
                name="security_action_split_without_currency",
                violation_error_message="A split has no currency.",
            ),
            models.CheckConstraint(
                condition=Q(kind=ActionKind.SPLIT.value) | Q(is_taken_out=None),
                name="security_action_split_taken_out",
                violation_error_message="Only a split is taken out of older prices.",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.date:%Y-%m-%d}"


class QuarantinedRecord(models.Model):
    """What a source told and nobody believed: not stored among the prices, but kept to be looked at."""

    class Subject(models.TextChoices):
        """What it would have been."""

        PRICE = "price"
        SPLIT = "split"
        DIVIDEND = "dividend"

    security = models.ForeignKey(Security, on_delete=models.CASCADE, related_name="quarantined", db_index=False)
    subject = models.CharField(max_length=8, choices=Subject)
    interval = models.CharField(max_length=3, choices=INTERVALS, blank=True)
    timestamp = models.DateTimeField()
    reason = models.CharField(max_length=30, choices=[(reason.value, reason.replace("_", " ")) for reason in Reason])
    detail = models.CharField(max_length=300)
    found_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("security", "subject", "interval", "timestamp"), name="quarantined_record_unique"
            ),
        )

    def __str__(self) -> str:
        return f"{self.subject} {self.timestamp:%Y-%m-%d %H:%M}"
