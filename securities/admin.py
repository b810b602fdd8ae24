"""Securities, prices, splits and dividends for administrators."""

from datetime import date, timedelta
from typing import Any

from django.contrib import admin, messages
from django.db.models import ProtectedError, QuerySet
from django.db.models.deletion import Collector
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from finances import jobs, money, runs
from finances.admin import ReferenceAdmin, SafeRelationsMixin
from finances.changelists import CappedPaginator, TextFilter
from finances.exceptions import FinancesError
from finances.runs import Origin
from securities import adjustment, charts, services, syncs
from securities.bars import Bar
from securities.charts import Point
from securities.intervals import Interval, instant_of
from securities.models import QuarantinedRecord, Security, SecurityAction, SecurityPrice

CHART_DAYS = 365


class SymbolFilter(TextFilter):
    """By the security, found first, so that the rows come straight out of their index."""

    title = "symbol"
    parameter_name = "symbol"

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the rows of one security."""
        if not self.value():
            return queryset
        security = services.find(str(self.value()).strip())
        return queryset.filter(security_id=security.pk) if security is not None else queryset.none()


class DayFilter(TextFilter):
    """By one end of a range of days."""

    input_type = "date"
    lookup = ""

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the rows on one side of the day; what is no day keeps none."""
        if not self.value():
            return queryset
        try:
            day = date.fromisoformat(str(self.value()))
        except ValueError:
            return queryset.none()
        name = "date" if hasattr(queryset.model, "date") else "timestamp"
        last = instant_of(day).replace(hour=23, minute=59, second=59)
        moment = day if name == "date" else (last if self.lookup == "lte" else instant_of(day))
        return queryset.filter(**{f"{name}__{self.lookup}": moment})


class SinceFilter(DayFilter):
    """From a day on."""

    title, parameter_name, lookup = "first day", "since", "gte"


class UntilFilter(DayFilter):
    """Up to a day."""

    title, parameter_name, lookup = "last day", "until", "lte"


class LongListAdmin(SafeRelationsMixin, admin.ModelAdmin):
    """A table that grows without end: never counted whole, and sorted by nothing but its keys."""

    list_per_page = 50
    list_select_related = ("security",)
    show_full_result_count = False
    paginator = CappedPaginator
    sortable_by = ()

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """Show one security's rows by time, of all the newest stored."""
        return (self.time_field,) if request.GET.get("symbol") else ("-id",)

    time_field = "-timestamp"


class CurrencyColumn:
    """Shows a row's currency by its code, without a query for it."""

    @admin.display(description="currency", ordering="currency")
    def currency_code(self, row: Any) -> str | None:
        """Return the code."""
        code: str | None = row.currency_id
        return code


@admin.register(Security)
class SecurityAdmin(CurrencyColumn, SafeRelationsMixin, ReferenceAdmin):
    """Securities with their last price, and a picture of the last year."""

    list_display = ("symbol", "name", "asset_class", "currency_code", "price", "priced_on", "last_synced_at", "state")
    list_filter = ("asset_class",)
    list_per_page = 50
    search_fields = ("^symbol", "name")
    show_full_result_count = False

    def save_model(self, request: Any, obj: Security, form: Any, change: bool) -> None:  # noqa: ARG002
        """Store what was changed in the form and nothing else: a sync may have written the rest in the meantime."""
        obj.save(update_fields=[*form.changed_data, "updated_at"] if change else None)

    autocomplete_fields = ("currency",)
    readonly_fields = (
        "chart", "links", "state", "sync_problem", "last_synced_at", "unknown_since", "prices_version", "created_at",
        "updated_at",
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
        return charts.line_chart([Point(each.bar.at.date(), each.bar.close) for each in shown])

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
class SecurityPriceAdmin(LongListAdmin):
    """Prices as traded."""

    autocomplete_fields = ("security",)
    list_display = ("security", "interval", "timestamp", "opened", "highest", "lowest", "closed", "volume")
    list_filter = (SymbolFilter, SinceFilter, UntilFilter, "interval")
    list_display_links = ("timestamp",)

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
class SecurityActionAdmin(CurrencyColumn, LongListAdmin):
    """Splits and dividends as they were then."""

    autocomplete_fields = ("security",)
    list_display = ("security", "kind", "date", "plain_value", "currency_code")
    list_filter = (SymbolFilter, SinceFilter, UntilFilter, "kind")
    list_display_links = ("date",)
    raw_id_fields = ("currency",)
    readonly_fields = ("created_at", "updated_at")
    time_field = "-date"

    @admin.display(description="value")
    def plain_value(self, row: SecurityAction) -> str | None:
        """Show the digits without the column's zeros."""
        return digits(row.value)


@admin.register(QuarantinedRecord)
class QuarantinedRecordAdmin(LongListAdmin):
    """What was held back. To be looked at and deleted, not edited."""

    list_display = ("security", "subject", "interval", "timestamp", "reason", "detail", "found_at")
    list_filter = (SymbolFilter, SinceFilter, UntilFilter, "subject", "reason")
    list_display_links = ("timestamp",)

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Let nobody add one."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Let nobody change one."""
        return False


def digits(value: Any) -> str | None:
    """Return a decimal without the zeros of its column."""
    return None if value is None else money.plain(value)
