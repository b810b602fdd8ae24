"""Securities, their prices and their actions as tables that are imported and exported.

Prices go the way of every import: what cannot be believed is held back, and adjustments are derived anew.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from import_export.fields import Field
from import_export.results import RowResult

from currencies.admin_tables import currency_column
from finances.exceptions import InvalidValueError
from finances.tables.limits import MAX_BULK_ROWS
from finances.tables.resources import TableResource
from finances.tables.widgets import DayWidget, DecimalWidget, InstantWidget, IntegerWidget, TextWidget
from securities import imports, ingest, services
from securities.bars import Bar
from securities.intervals import Interval
from securities.models import Security, SecurityAction, SecurityPrice
from securities.providers.protocol import History
from securities.symbols import require_symbol

PRICES = ("open", "high", "low", "close")


class SecurityTable(TableResource):
    """Securities, found again by their symbol."""

    required = ("symbol",)
    symbol = Field("symbol", "symbol", widget=TextWidget())
    name = Field("name", "name", widget=TextWidget())
    asset_class = Field("asset_class", "asset_class", widget=TextWidget())
    currency = currency_column("currency")
    exchange = Field("exchange", "exchange", widget=TextWidget())
    timezone = Field("timezone", "timezone", widget=TextWidget())
    sector = Field("sector", "sector", widget=TextWidget())
    industry = Field("industry", "industry", widget=TextWidget())
    market_cap = Field("market_cap", "market_cap", widget=IntegerWidget())

    class Meta(TableResource.Meta):
        model = Security
        fields = (
            "symbol",
            "name",
            "asset_class",
            "currency",
            "exchange",
            "timezone",
            "sector",
            "industry",
            "market_cap",
        )

    def find(self, row: Any) -> Any:
        """Find it by its symbol, in any case."""
        symbol = self.cell(row, "symbol").upper()
        return Security.objects.filter(symbol=symbol).select_related("currency").first()

    def filter_export(self, queryset: Any, **_options: Any) -> Any:
        """Fetch the currency with each security."""
        return queryset.select_related("currency")


class ActionTable(TableResource):
    """Splits and dividends; exported only."""

    symbol = Field("security__symbol", "symbol", widget=TextWidget())
    kind = Field("kind", "kind", widget=TextWidget())
    date = Field("date", "date", widget=DayWidget())
    value = Field("value", "value", widget=DecimalWidget())
    currency = Field("currency_id", "currency", widget=TextWidget())

    class Meta(TableResource.Meta):
        model = SecurityAction
        fields = ("symbol", "kind", "date", "value", "currency")


class Series(NamedTuple):
    """What rows of prices belong together by."""

    symbol: str
    interval: Interval
    currency: str


@dataclass
class Group:
    """The bars of a series in a file, and the numbers of their rows, counted from 1."""

    rows: dict[datetime, int] = field(default_factory=dict)
    bars: list[Bar] = field(default_factory=list)


class PriceTable(TableResource):
    """Prices of any number of securities, found again by security, interval and time.

    A security that is not stored yet needs its ``currency``, as quoted: GBp are pence.
    """

    required = ("symbol", "timestamp", "close")
    max_rows = MAX_BULK_ROWS
    symbol = Field("security__symbol", "symbol", widget=TextWidget())
    interval = Field("interval", "interval", widget=TextWidget())
    timestamp = Field("timestamp", "timestamp", widget=InstantWidget(lambda _row: UTC))
    open = Field("open", "open", widget=DecimalWidget())
    high = Field("high", "high", widget=DecimalWidget())
    low = Field("low", "low", widget=DecimalWidget())
    close = Field("close", "close", widget=DecimalWidget())
    volume = Field("volume", "volume", widget=IntegerWidget())
    currency = Field("security__currency_id", "currency", widget=TextWidget())

    class Meta(TableResource.Meta):
        model = SecurityPrice
        fields = ("symbol", "interval", "timestamp", "open", "high", "low", "close", "volume", "currency")
        use_bulk = True  # no savepoint for each row: they are stored at once at the end

    def __init__(self, **options: Any) -> None:
        """Begin with no rows."""
        super().__init__(**options)
        self.groups: dict[Series, Group] = defaultdict(Group)
        self.currencies: dict[str, str | None] = {}

    def get_diff_headers(self) -> list[str]:
        """Return the columns of the preview."""
        return [*super().get_diff_headers(), "what becomes of it"]

    def import_row(self, row: Any, instance_loader: Any, **options: Any) -> RowResult:  # noqa: ARG002
        """Read a row; it is stored with all others of its series."""
        result = RowResult()
        try:
            self.keep(*self.read(row), number=options["row_number"])
        except ValidationError as exc:
            result.import_type, result.validation_error = RowResult.IMPORT_TYPE_INVALID, exc
            return result
        result.import_type = RowResult.IMPORT_TYPE_SKIP  # until it is known
        result.diff = [row.get(each.column_name) or "" for each in self.get_import_fields()]
        return result

    def keep(self, series: Series, bar: Bar, *, number: int) -> None:
        """Put a bar to the others of its series.

        Raises:
            ValidationError: there is one of the same time.
        """
        group = self.groups[series]
        if bar.at in group.rows:
            raise ValidationError({"timestamp": f"Row {group.rows[bar.at]} is of the same time."})
        group.rows[bar.at] = number
        group.bars.append(bar)

    def read(self, row: Any) -> tuple[Series, Bar]:
        """Return what a row says.

        Raises:
            ValidationError: one of its cells says nothing that can be used; names it.
        """
        cells, faults = {}, {}
        for name in self.fields:
            try:
                cells[name] = self.cell(row, name)
            except ValueError as exc:
                faults[name] = str(exc)
        try:
            series = self.series_of(cells) if "symbol" not in faults else None
        except InvalidValueError as exc:
            faults[exc.field or "symbol"] = exc.message
        for name in ("timestamp", "close"):
            if name not in faults and cells[name] is None:
                faults[name] = "This is missing."
        if faults or series is None:
            raise ValidationError(faults)
        at = cells["timestamp"].replace(microsecond=0)
        if not series.interval.is_intraday:
            at = at.replace(hour=0, minute=0, second=0)
        opened, high, low, close = (cells[name] for name in PRICES)
        return series, Bar(at, opened, high, low, close, cells["volume"])

    def series_of(self, cells: dict[str, Any]) -> Series:
        """Return the series that a row is of.

        Raises:
            InvalidValueError: its symbol, interval or currency cannot be used; names which.
        """
        symbol, named = require_symbol(cells["symbol"]), (cells.get("currency") or "").strip()
        try:
            interval = Interval((cells.get("interval") or "").strip() or Interval.DAY)
        except ValueError as exc:
            raise InvalidValueError("An interval is one of 1m, 1h, 1d, 1wk and 1mo.", field="interval") from exc
        if symbol not in self.currencies:
            security = services.find(symbol)
            self.currencies[symbol] = security.currency_id if security is not None else None
        if named and named not in self.currencies.values():
            imports.require_currency(named)
        if not named and self.currencies[symbol] is None:
            raise InvalidValueError("Nothing tells the currency of this security; name it.", field="currency")
        return Series(symbol, interval, named or str(self.currencies[symbol]))

    def after_import(self, _dataset: Any, result: Any, **_options: Any) -> None:
        """Store all series of a file without faults, and say of each row what became of it."""
        if result.has_errors() or result.has_validation_errors():
            return
        for series, group in self.groups.items():
            before = self.stored(series, group)
            bars = sorted(group.bars, key=lambda bar: bar.at)
            history = History(bars=bars, currency=series.currency)
            # Whoever imports here has seen in the preview what becomes of each row.
            taken = imports.take_in(symbol=series.symbol, interval=series.interval, history=history, replaces=True)
            held_back = {held.bar.at: held.reason for held in taken.intake.held_back_bars}
            for bar in bars:
                self.tell(result, group.rows[bar.at], bar, before.get(bar.at), held_back.get(bar.at))

    def stored(self, series: Series, group: Group) -> dict[datetime, Bar]:
        """Return what is stored of a series between the first and the last of its rows; two queries."""
        security = services.find(series.symbol)
        if security is None:
            return {}
        return ingest.stored_bars(security, series.interval, group.rows)

    def tell(self, result: Any, number: int, bar: Bar, before: Bar | None, held_back: str | None) -> None:
        """Say in the preview what becomes of a row, and count it."""
        row = result.rows[number - 1]
        told = f"held back: {held_back.replace('_', ' ')}" if held_back else ""
        if not held_back and before is None:
            row.import_type = RowResult.IMPORT_TYPE_NEW
        elif not held_back and bar.as_stored() != before:
            row.import_type, told = RowResult.IMPORT_TYPE_UPDATE, "changed"
        row.diff.append(told or ("new" if before is None else "as it was"))
        result.totals[RowResult.IMPORT_TYPE_SKIP] -= 1
        result.totals[row.import_type] += 1
