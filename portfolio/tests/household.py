"""Households for tests, as plain values: nothing here knows the database."""

from datetime import date
from decimal import Decimal

from currencies.conversion import PublishedRate
from portfolio.exchange import RateHistory
from portfolio.inputs import Account, Closes, Position, RecordedValue, Security, Split
from portfolio.timeline import Segment
from portfolio.valuation import Household
from securities.actions import Action, ActionKind
from securities.adjustment import LaterSplits, exact_ratio


def day(text):
    return date.fromisoformat(text)


def security(symbol="AAPL", *, closes=(), splits=(), currency="USD", asset_class="equity", sector="Technology"):
    """A security with ``closes`` and ``splits`` as pairs of day and number."""
    made = Closes(
        [day(on) for on, _ in closes], [price for _, price in closes], [str(place) for place, _ in enumerate(closes, 1)]
    )
    ratios = tuple(Split(day(on), exact_ratio(Decimal(ratio)), place) for place, (on, ratio) in enumerate(splits, 1))
    actions = [Action(day(on), ActionKind.SPLIT, Decimal(ratio)) for on, ratio in splits]
    return Security(
        symbol, symbol, f"{symbol} Inc.", asset_class, sector, currency, made, ratios,
        LaterSplits(actions) if actions else None,
    )  # fmt: skip


def account(name="Chequing", *, values=(), held=(), currency="CAD", kind="checking", owed=False, invests=False):
    """An account with ``values`` as (day, value[, cash]), and ``held`` as (security, [(day, quantity)])."""
    recorded = [
        RecordedValue(f"{name}-{on}", day(on), Decimal(value), Decimal(cash[0]) if cash else None)
        for on, value, *cash in values
    ]
    positions = tuple(
        Position(
            f"{name}-{of.symbol}",
            of,
            tuple(Segment(day(on), None if quantity is None else Decimal(quantity)) for on, quantity in told),
        )
        for of, told in held
    )
    return Account(
        name, name, kind, currency, owed, invests or bool(held), "bank", "Bank", [value.on for value in recorded],
        recorded, positions,
    )  # fmt: skip


def rate(base, quote, on, value):
    return PublishedRate(base, quote, day(on), Decimal(value), "ecb")


def household(*accounts, rates=(), currency="CAD"):
    return Household(tuple(accounts), RateHistory(rates, quote=currency))


def beside(value, cash, *held, on="2020-09-04"):
    """An account in dollars with a value recorded on ``on``, and what is held."""
    return household(account("TFSA", currency="USD", values=[(on, value, cash)], held=list(held)), currency="USD")


TEN_OF_1000 = (security(closes=[("2020-09-04", "1000"), ("2020-09-08", "500")]), [("2020-09-04", "10")])


# The example of docs/valuation.md. Apple's closes as traded are NASDAQ's, the split is of Apple's press release of
# 2020-07-30, the rates are the ECB's.
APPLE = {
    "closes": [("2020-08-28", "499.23"), ("2020-09-04", "120.96")],
    "splits": [("2020-08-31", "4")],
}
ECB_RATES = [
    rate("EUR", "USD", "2020-08-28", "1.1915"),
    rate("EUR", "CAD", "2020-08-28", "1.5553"),
    rate("EUR", "USD", "2020-09-04", "1.1842"),
    rate("EUR", "CAD", "2020-09-04", "1.5508"),
]


def example(*more, currency="CAD"):
    """The household of the example."""
    return household(
        account("Chequing", values=[("2020-09-01", "5200.50")]),
        account(
            "TFSA",
            kind="tfsa",
            values=[("2020-09-01", "8016.90", "1500.25")],
            held=[(security(**APPLE), [("2020-08-03", "10")])],
        ),
        account("Travel", values=[("2020-08-15", "2000")], currency="EUR"),
        account("Credit card", values=[("2020-09-03", "850.75")], kind="credit_card", owed=True),
        *more,
        rates=ECB_RATES,
        currency=currency,
    )
