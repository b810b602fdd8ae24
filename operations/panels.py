"""Of what the admin's first page is made: questions with numbers, bars that lie and columns that stand."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString

from finances import charts
from finances.charts import Mark

MOST = 10_000  # rows that a question reads or counts
DAYS = 14


@dataclass(frozen=True)
class Bar:
    """A count beside others, and where its rows are."""

    label: str
    count: int
    address: str = ""
    tone: str = ""  # bad, or nothing

    @property
    def number(self) -> str:
        """Return the count as it is shown."""
        return f"{self.count:,}"

    @property
    def mark(self) -> Mark:
        """Return it as a part of a picture."""
        return Mark(self.count, f"{self.label}: {self.number}", self.address, self.tone)


@dataclass(frozen=True)
class Panel:
    """One question: ``figures`` are numbers with a label, ``bars`` lie and ``columns`` stand, over days."""

    title: str
    figures: list[tuple[str, str, str]] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)
    columns: list[Bar] = field(default_factory=list)
    note: str = ""

    @property
    def bars_drawn(self) -> SafeString:
        """Draw the bars."""
        return charts.bars([bar.mark for bar in self.bars])

    @property
    def columns_drawn(self) -> SafeString:
        """Draw the columns."""
        ends = self.columns[0].label, self.columns[-1].label
        return charts.columns([bar.mark for bar in self.columns], ends=ends)


def listed(model: str, query: str = "") -> str:
    """Return the address of a list, with a filter."""
    return reverse(f"admin:{model}_changelist") + (f"?{query}" if query else "")


def counted(rows: Any) -> int:
    """Count rows, to a bound."""
    found: int = rows.order_by()[:MOST].count()
    return found


def written(count: int) -> str:
    """Write a count; one at the bound may be more."""
    return f"{count:,}" if count < MOST else f"{MOST:,} or more"


def by_day(days: Iterable[date], *, today: date, address: Callable[[date], str]) -> list[Bar]:
    """Return a column for each of the last days, oldest first."""
    counts = Counter(days)
    shown = [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    return [Bar(f"{day:%d %b}", counts[day], address(day)) for day in shown]
