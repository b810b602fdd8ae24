"""A made-up market: a few securities whose prices follow from their symbol and the time, the same at every start."""

import math
import struct
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

YEAR = 365.25 * 86_400  # seconds
START_OF_2026 = 1_767_225_600
# Seconds from one bar to the next; other intervals begin with days, weeks and months.
STEPS = {"1m": 60, "1h": 3600}


@dataclass(frozen=True, slots=True)
class Split:
    """``numerator`` new shares for ``denominator`` old ones, from the exchange's day ``on``."""

    on: date
    numerator: int
    denominator: int = 1

    @property
    def ratio(self) -> float:
        """Return how many shares one old share becomes."""
        return self.numerator / self.denominator


@dataclass(frozen=True, slots=True)
class Paid:
    """A dividend at the opening ``at`` (Unix seconds), split-adjusted like the close of the day before."""

    at: int
    amount: float
    close_before: float


@dataclass
class Company:
    """A security; ``price`` is what one of its first shares would cost at the start of 2026, in ``currency``."""

    symbol: str
    name: str
    price: float
    currency: str = "USD"
    kind: str = "EQUITY"
    exchange: str = "NMS"
    timezone: str = "America/New_York"
    opens: tuple[int, int] = (9, 30)
    minutes: int = 390
    dividend: float = 0.0
    first: date = date(2020, 1, 2)
    sector: str = "Technology"
    industry: str = "Consumer Electronics"
    splits: list[Split] = field(default_factory=list)

    @property
    def zone(self) -> ZoneInfo:
        """Return the time zone of the exchange."""
        return ZoneInfo(self.timezone)

    @property
    def trades_always(self) -> bool:
        """Tell whether no day is a holiday."""
        return self.minutes == 1440

    def opening(self, day: date) -> int:
        """Return when trade begins on ``day``, in Unix seconds."""
        return int(datetime(day.year, day.month, day.day, *self.opens, tzinfo=self.zone).timestamp())

    def day_of(self, moment: float) -> date:
        """Return the exchange's day of an instant."""
        return datetime.fromtimestamp(moment, self.zone).date()


class Market:
    """All companies, and the clock by which bars and splits have happened."""

    def __init__(self) -> None:
        """Open with the usual companies."""
        self.companies = {company.symbol: company for company in companies()}
        self.clock = time.time

    def stop_clock(self, moment: datetime) -> None:
        """Let it be ``moment`` from now on."""
        self.clock = moment.timestamp

    def announce(self, symbol: str, split: Split) -> None:
        """Let a company split its shares; all prices that are asked for from now on are adjusted."""
        self.companies[symbol].splits.append(split)

    def known_splits(self, company: Company) -> list[Split]:
        """Return the splits that have happened."""
        if not company.splits:
            return []
        today = company.day_of(self.clock())
        return [split for split in company.splits if split.on <= today]

    def price(self, company: Company, moment: float) -> float:
        """Return the price at an instant, as Yahoo writes it: split-adjusted, a 32-bit float."""
        noise = zlib.crc32(f"{company.symbol}{moment}".encode()) / 2**32 - 0.5
        growth = math.exp(0.05 * (moment - START_OF_2026) / YEAR)
        day, splits = company.day_of(moment) if company.splits else date.min, self.known_splits(company)
        before = math.prod(split.ratio for split in splits if split.on <= day)
        traded = round(company.price * growth * (1 + noise / 50) / before, 2)
        return as_float32(traded / self.later_splits(company, day))

    def close(self, company: Company, interval: str, start: int) -> float:
        """Return the close of the bar that begins at ``start``: of a day on which trade goes on, the last price."""
        now = int(self.clock())
        is_open = interval == "1d" and not company.trades_always and start <= now < start + company.minutes * 60
        return self.price(company, now // 60 * 60 if is_open else start)

    def later_splits(self, company: Company, day: date) -> float:
        """Return how many shares one share of ``day`` has become by now."""
        return math.prod(split.ratio for split in self.known_splits(company) if split.on > day)

    def dividends(self, company: Company, since: float, until: float) -> list[Paid]:
        """Return what was paid in a window: on the first Tuesday of every third month, after the first."""
        paid = []
        for start, before in pairwise(reversed(self.bars(company, "1d", since - 7 * 86_400, until))):
            day = company.day_of(start)
            if start >= since and company.dividend and is_payday(day):
                amount = company.dividend / self.later_splits(company, day)
                paid.append(Paid(start, amount, self.price(company, before)))
        return paid[::-1]

    def bars(self, company: Company, interval: str, since: float, until: float) -> list[int]:
        """Return when the bars begin that lie in a window and have begun, in Unix seconds."""
        until = min(until, self.clock())
        days = list(trading_days(company, max(company.first, company.day_of(since)), company.day_of(until)))
        if interval in STEPS:
            length = company.minutes * 60
            openings = [company.opening(day) for day in days]
            starts = [start for opening in openings for start in range(opening, opening + length, STEPS[interval])]
        elif interval == "1d":
            starts = [company.opening(day) for day in days]
        else:
            starts = [midnight(company, day) for day in first_days(days, interval)]
        return [start for start in starts if since <= start < until]


def is_payday(day: date) -> bool:
    """Tell whether dividends are paid on ``day``."""
    return day.month % 3 == 2 and day.weekday() == 1 and day.day <= 7


def as_float32(value: float) -> float:
    """Return what is left of ``value`` in 32 bits."""
    return float(struct.unpack("f", struct.pack("f", value))[0])


def midnight(company: Company, day: date) -> int:
    """Return when ``day`` begins where the exchange is, in Unix seconds."""
    return int(datetime(day.year, day.month, day.day, tzinfo=company.zone).timestamp())


def trading_days(company: Company, first: date, last: date) -> Iterator[date]:
    """Yield the days of trade from ``first`` to ``last``."""
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        if company.trades_always or day.weekday() < 5:
            yield day


def first_days(days: list[date], interval: str) -> list[date]:
    """Return the first days of the weeks or months in which ``days`` lie."""
    begins = [day - timedelta(days=day.weekday()) if interval == "1wk" else day.replace(day=1) for day in days]
    return begins[:1] + [day for before, day in pairwise(begins) if day != before]


def companies() -> list[Company]:
    """Return the usual companies, each with one thing that is its own. None of them exists."""
    return [
        Company("ACME", "Acme Anvils Inc.", 190, dividend=0.25),
        Company("BOLT", "Bolt & Nut Corporation", 400, dividend=0.75, sector="Industrials", industry="Hardware"),
        Company("TENFOLD", "Tenfold Inc.", 1_200, splits=[Split(date(2024, 6, 10), 10)], dividend=0.1),
        Company("LATE", "Late Splitter Inc.", 800),
        Company("GADGET", "Gadget Works Inc.", 55, first=date(2022, 3, 1)),
        Company(
            "PENNY.L", "Penny Lane plc", 305.3, currency="GBp", exchange="LSE", timezone="Europe/London",
            opens=(8, 0), minutes=510, dividend=4.5,
        ),
        Company(
            "RAND.JO", "Rand Mines Ltd", 15_400, currency="ZAc", exchange="JNB", timezone="Africa/Johannesburg",
            opens=(9, 0), minutes=480,
        ),
        Company(
            "SHEKEL.TA", "Shekel Scales Ltd", 4_200, currency="ILA", exchange="TLV", timezone="Asia/Jerusalem",
            opens=(10, 0), minutes=435,
        ),
        Company(
            "RHEIN.DE", "Rhein AG", 210, currency="EUR", exchange="GER", timezone="Europe/Berlin", opens=(9, 0),
            minutes=510,
        ),
        Company("BASKET", "Basket of Everything ETF", 480, kind="ETF", exchange="PCX", dividend=0.6, sector=""),
        Company(
            "COIN-USD", "Coin USD", 90_000, kind="CRYPTOCURRENCY", exchange="CCC", timezone="UTC", opens=(0, 0),
            minutes=1440, sector="",
        ),
        Company("^ALL", "All of Them", 5_000, kind="INDEX", exchange="SNP", sector=""),
    ]  # fmt: skip
