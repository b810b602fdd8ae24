"""Securities, prices, splits and dividends for administrators."""

from datetime import date, timedelta
from typing import Any

from django.contrib import admin, messages
from django.db import models
from django.db.models import ProtectedError, QuerySet
from django.db.models.deletion import Collector
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from finances import charts, jobs, money, runs
from finances.admin import ReferenceAdmin, SafeFormMixin
from finances.changelists import LongListMixin, SinceFilter, UntilFilter
from finances.charts import Point
from finances.exceptions import FinancesError
from finances.runs import Origin
from finances.tables.admin import TableAdminMixin, TableExportMixin
from securities import adjustment, stored, syncs
from securities.actions import ActionKind
from securities.admin_lists import CurrencyColumn, PartOfSecurityAdmin, StateFilter, SymbolFilter, digits
from securities.admin_tables import ActionTable, PriceTable, SecurityTable
from securities.bars import Bar
from securities.intervals import Interval
from securities.models import QuarantinedRecord, Security, SecurityAction, SecurityPrice

CHART_DAYS = 365
MANY = 1000
BY_SYNC = (
    "The next sync compares the prices before the split with the provider's, and puts them right where they lack it; "
    "“Sync daily prices now” in the list of securities does so at once. What cannot be told is said at the security."
)
FROM_FILES = (
    "The prices of this security come from files, and are left as they are. If those before the split are divided by "
    "it, import them as traded and replace these."
)


@admin.register(Security)
class SecurityAdmin(TableAdminMixin, CurrencyColumn, LongListMixin, SafeFormMixin, ReferenceAdmin):
    """Securities with their last price, and a picture of the last year."""

    resource_classes = (SecurityTable,)
    list_display = ("symbol", "name", "asset_class", "currency_code", "price", "priced_on", "synced", "state")
    list_filter = (StateFilter, "asset_class", "is_fetched")
    search_fields = ("^symbol", "name")
    search_help_text = "The beginning of a symbol, or a part of a name."
    fieldsets = (
        (None, {"fields": ("symbol", "name", "chart", "links")}),
        ("What it is", {"fields": (
            "asset_class", "currency", "exchange", "timezone", "sector", "industry", "market_cap",
        )}),
        ("How its prices are", {"fields": (
            "state", "is_fetched", "first_and_last", "held_by", "sync_problem", "last_synced_at", "unknown_since",
            "prices_version",
        )}),
        ("Times", {"fields": ("created_at", "updated_at")}),
    )  # fmt: skip

    def save_model(self, request: Any, obj: Security, form: Any, change: bool) -> None:  # noqa: ARG002
        """Store what was changed in the form and nothing else: a sync may have written the rest in the meantime."""
        obj.save(update_fields=[*form.changed_data, "updated_at"] if change else None)

    autocomplete_fields = ("currency",)
    readonly_fields = (
        "chart", "links", "state", "first_and_last", "held_by", "sync_problem", "last_synced_at", "unknown_since",
        "prices_version", "created_at", "updated_at",
    )  # fmt: skip
    actions = ("sync_now",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Security]:  # noqa: ARG002
        """Add the last price."""
        return Security.objects.order_by("symbol").with_last_close()

    @admin.display(description="last price")
    def price(self, security: Any) -> str | None:
        """Show the last close as traded."""
        return None if security.last_close is None else money.plain(security.last_close)

    @admin.display(description="of")
    def priced_on(self, security: Any) -> date | None:
        """Show the day of the last close."""
        return None if security.last_close_at is None else security.last_close_at.date()

    @admin.display(description="state")
    def state(self, security: Security) -> str:
        """Say in a word or two how its prices are."""
        if security.is_syncing:
            return "syncing"
        if security.unknown_since:
            return "unknown to the providers"
        return "held back" if security.sync_problem else "well"

    @admin.display(description="synced", ordering="last_synced_at", empty_value="Never")
    def synced(self, security: Security) -> str | None:
        """Show when its prices were last fetched."""
        return None if security.last_synced_at is None else f"{security.last_synced_at:%Y-%m-%d %H:%M}"

    @admin.display(description="daily prices")
    def first_and_last(self, security: Security) -> str | None:
        """Show from when on and up to when there are daily prices."""
        span = stored.span(security, Interval.DAY)
        return None if span is None else f"{span.first:%Y-%m-%d} to {span.last:%Y-%m-%d}"

    @admin.display(description="in use by")
    def held_by(self, security: Security) -> str:
        """Say how many rows of other tables point at it, such as holdings; counted to a bound."""
        counts = []
        for relation in security._meta.related_objects:
            if relation.on_delete is models.PROTECT:
                rows: Any = models.QuerySet(relation.related_model).filter(**{relation.field.name: security})
                count, name = rows[:MANY].count(), relation.related_model._meta.verbose_name_plural
                counts.append(f"{count} {name}" if count < MANY else f"{MANY} {name} or more")
        return ", ".join(counts)

    @admin.display(description="last year, for today's shares")
    def chart(self, security: Security) -> SafeString:
        """Draw the daily closes of the last year, adjusted for splits."""
        since = timezone.now() - timedelta(days=CHART_DAYS)
        rows = SecurityPrice.objects.filter(security=security, interval=Interval.DAY, timestamp__gte=since)
        bars = [
            Bar(at, None, None, None, close, None)
            for at, close in rows.order_by("timestamp").values_list("timestamp", "close")
        ]
        shown = adjustment.adjusted(bars, steps=adjustment.steps_from(security.adjustments), mode="splits")
        drawn = charts.line([Point(each.bar.at.date(), each.bar.close) for each in shown])
        return format_html('<div class="chart">{}</div>', drawn)

    @admin.display(description="more of it")
    def links(self, security: Security) -> SafeString:
        """Lead to its prices, actions and what was held back."""
        addresses = [
            reverse(f"admin:securities_{model}_changelist")
            for model in ("securityprice", "securityaction", "quarantinedrecord")
        ]
        return format_html(
            '<a href="{}?symbol={symbol}">Prices</a> · <a href="{}?symbol={symbol}">Splits and dividends</a> · '
            '<a href="{}?symbol={symbol}">Held back</a>',
            *addresses,
            symbol=security.pk,
        )

    @admin.action(description="Sync daily prices now")
    def sync_now(self, request: HttpRequest, queryset: QuerySet[Security]) -> None:
        """Fetch the prices of each chosen security, and say what became of it; or leave it to workers, if any."""
        symbols = [security.symbol for security in queryset]
        if jobs.are_queued():
            jobs.start("sync_prices", symbols, cause=runs.ADMIN, user_id=request.user.pk)
            self.message_user(request, f"The sync of {', '.join(symbols)} waits for a worker.", messages.INFO)
            return
        with runs.recorded("sync_prices", arguments=symbols, origin=Origin(runs.ADMIN, request.user.pk)) as run:
            for security in queryset:
                self.sync_one(request, security, run)

    def sync_one(self, request: HttpRequest, security: Security, run: runs.Result) -> None:
        """Fetch the prices of one, and say what became of it."""
        try:
            result = syncs.sync_security(security=security)
        except FinancesError as exc:
            run.fail(f"{security.symbol}: {exc.message}")
            self.message_user(request, f"{security.symbol}: {exc.message}", messages.ERROR)
        else:
            run.succeed(result.message)
            level = messages.WARNING if result.problem or result.is_stale else messages.SUCCESS
            self.message_user(request, result.message, level)

    def get_deleted_objects(self, objs: Any, request: Any) -> Any:  # noqa: ARG002
        """Say what would go, without loading ten thousand prices to list them."""
        collector = Collector(using="default")
        protected: list[str] = []
        try:
            collector.collect(list(objs))
        except ProtectedError as exc:
            protected = [str(row) for row in exc.protected_objects]
        counts = {
            "securities": len(objs),
            "prices": SecurityPrice.objects.filter(security__in=objs).count(),
            "splits and dividends": SecurityAction.objects.filter(security__in=objs).count(),
        }
        return [str(security) for security in objs], counts, set(), protected


@admin.register(SecurityPrice)
class SecurityPriceAdmin(TableAdminMixin, PartOfSecurityAdmin):
    """Prices as traded."""

    resource_classes = (PriceTable,)
    skip_admin_log = True  # of tens of thousands; the quarantine and the security's version tell enough
    list_display = ("security", "interval", "at", "opened", "highest", "lowest", "closed", "volume")
    list_filter = (SymbolFilter, SinceFilter, UntilFilter, "interval")
    list_display_links = ("at",)
    index = ("-interval", "-timestamp")
    kinds = tuple(interval.value for interval in Interval)

    @admin.display(description="time")
    def at(self, row: SecurityPrice) -> str:
        """Show the day of a price of a day, else the instant in UTC."""
        return f"{row.timestamp:%Y-%m-%d %H:%M}" if Interval(row.interval).is_intraday else f"{row.timestamp:%Y-%m-%d}"

    @admin.display(description="open")
    def opened(self, row: SecurityPrice) -> str | None:
        """Show the digits without the column's zeros."""
        return digits(row.open)

    @admin.display(description="high")
    def highest(self, row: SecurityPrice) -> str | None:
        """Show the digits without the column's zeros."""
        return digits(row.high)

    @admin.display(description="low")
    def lowest(self, row: SecurityPrice) -> str | None:
        """Show the digits without the column's zeros."""
        return digits(row.low)

    @admin.display(description="close")
    def closed(self, row: SecurityPrice) -> str | None:
        """Show the digits without the column's zeros."""
        return digits(row.close)


@admin.register(SecurityAction)
class SecurityActionAdmin(TableExportMixin, CurrencyColumn, PartOfSecurityAdmin):
    """Splits and dividends as they were then."""

    autocomplete_fields = ("security", "currency")
    resource_classes = (ActionTable,)
    list_display = ("security", "kind", "date", "plain_value", "currency_code", "is_taken_out")
    list_filter = (SymbolFilter, SinceFilter, UntilFilter, "kind")
    list_display_links = ("date",)
    readonly_fields = ("created_at", "updated_at")
    day_field = "date"
    index = ("-kind", "-date")
    kinds = tuple(kind.value for kind in ActionKind)

    def save_model(self, request: HttpRequest, obj: SecurityAction, form: Any, change: bool) -> None:
        """Store the row, and say what becomes of the prices before a split."""
        super().save_model(request, obj, form, change)
        if obj.kind == ActionKind.SPLIT:
            self.message_user(request, BY_SYNC if obj.security.is_fetched else FROM_FILES, messages.INFO)

    @admin.display(description="value")
    def plain_value(self, row: SecurityAction) -> str | None:
        """Show the digits without the column's zeros."""
        return digits(row.value)


@admin.register(QuarantinedRecord)
class QuarantinedRecordAdmin(PartOfSecurityAdmin):
    """What was held back. To be looked at and deleted, not edited."""

    list_display = ("security", "subject", "interval", "timestamp", "reason", "detail", "found_at")
    list_filter = (SymbolFilter, SinceFilter, UntilFilter, "subject", "reason")
    list_display_links = ("timestamp",)
    index = ("-subject", "-interval", "-timestamp")

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Let nobody add one."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Let nobody change one."""
        return False
