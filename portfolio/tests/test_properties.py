"""What holds for every household."""

import dataclasses
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from currencies.conversion import PublishedRate
from finances import money
from portfolio import explanation
from portfolio.exchange import RateHistory
from portfolio.inputs import Account, Closes, Position, RecordedValue, Security, Split
from portfolio.series import series
from portfolio.tests import reference
from portfolio.timeline import Segment
from portfolio.valuation import Dimension, Household, Name
from securities.actions import Action, ActionKind
from securities.adjustment import LaterSplits, exact_ratio

FIRST = date(2026, 1, 1)
DAYS = st.integers(0, 40).map(lambda number: FIRST + timedelta(days=number))
CODES = st.sampled_from(["CAD", "USD", "EUR"])
# Small whole numbers besides, so that what is recorded often agrees with the holdings, or nearly does.
FEW_UNITS, ROUND = st.integers(1, 20).map(Decimal), st.integers(0, 40).map(lambda number: Decimal(number * 10))
AMOUNTS = st.decimals(-(10**9), 10**9, places=8) | ROUND
POSITIVE = st.decimals("0.00000001", 10**6, places=8) | FEW_UNITS
FEW = {"max_size": 4}
unhurried = settings(deadline=None)  # another run on the same machine is no failure of this one


@st.composite
def securities(draw, key):
    days = sorted(draw(st.sets(DAYS, **FEW)))
    prices = (st.decimals("0.0000000001", 10**5, places=10) | st.sampled_from([Decimal(1), Decimal(10)])).map(
        money.plain
    )
    closes = Closes(days, [draw(prices) for _ in days], [str(place) for place, _ in enumerate(days)])
    ratios = {
        on: draw(st.sampled_from(["2", "4", "0.5", "0.333333333333", "1.5"])) for on in draw(st.sets(DAYS, max_size=2))
    }
    splits = tuple(Split(on, exact_ratio(Decimal(ratio)), 1) for on, ratio in sorted(ratios.items()))
    later = LaterSplits([Action(on, ActionKind.SPLIT, Decimal(ratio)) for on, ratio in ratios.items()])
    code = draw(st.one_of(CODES, st.none()))
    return Security(key, "SYM", "", "equity", "", code, closes, splits, later if splits else None)


@st.composite
def accounts(draw, name):
    days = sorted(draw(st.sets(DAYS, **FEW)))
    values = [RecordedValue(name, on, draw(AMOUNTS), draw(st.one_of(AMOUNTS, st.none()))) for on in days]
    positions = []
    for place in range(draw(st.integers(0, 3))):
        told = [Segment(on, draw(st.one_of(POSITIVE, st.none()))) for on in sorted(draw(st.sets(DAYS, max_size=3)))]
        positions.append(Position(f"{name}-{place}", draw(securities(f"{name}-{place}")), tuple(told)))
    is_liability, is_investment = draw(st.booleans()), bool(positions) or draw(st.booleans())
    return Account(name, name, "type", draw(CODES), is_liability, is_investment, "", "", days, values, tuple(positions))


@st.composite
def rates(draw):
    pairs = st.tuples(CODES, CODES).filter(lambda pair: pair[0] != pair[1])
    found = draw(st.dictionaries(st.tuples(pairs, DAYS), st.decimals("0.001", 1000, places=12), max_size=12))
    return [PublishedRate(*pair, on, rate, "ecb") for (pair, on), rate in found.items()]


@st.composite
def households(draw):
    made = tuple(draw(accounts(f"account {number}")) for number in range(draw(st.integers(0, 4))))
    return made, draw(rates()), draw(CODES)


def of(given_household):
    made, published, currency = given_household
    return Household(made, RateHistory(published, quote=currency))


@unhurried
@given(households(), DAYS)
def test_net_worth_is_what_the_plain_reading_of_the_rules_gives(made, on):
    figure = of(made).on(on).figure(Name.NET_WORTH)

    value, complete = reference.net_worth(made[0], made[1], on=on, currency=made[2])
    assert figure.is_complete == complete
    assert (figure.value or 0) == value


@settings(max_examples=50, deadline=None)
@given(households(), st.integers(1, 5))
def test_each_point_of_a_series_is_the_figure_of_its_day(made, step):
    days = [FIRST + timedelta(days=number) for number in range(0, 60, step)]

    for point in series(of(made), days, by_account=True):
        day = of(made).on(point.on)
        expected = day.figure(Name.NET_WORTH)
        assert (point.net_worth.value, point.net_worth.oldest_input_on) == (expected.value, expected.oldest_input_on)
        assert set(point.net_worth.missing) == set(expected.missing)
        assert {leaf.slot for leaf in point.net_worth.left_out} == {leaf.slot for leaf in expected.left_out}
        assert point.assets.value == day.figure(Name.ASSETS).value
        assert point.liabilities.value == day.figure(Name.LIABILITIES).value
        own = [day.total(day.of_account(account.id)).value for account in made[0]]
        assert [figure.value for figure in point.by_account] == own


@unhurried
@given(households(), DAYS)
def test_accounts_and_parts_add_up_to_the_whole(made, on):
    day = of(made).on(on)

    signs = {account.id: -1 if account.is_liability else 1 for account in made[0]}
    by_account = sum(sign * (day.total(day.of_account(key)).value or 0) for key, sign in signs.items())
    assert by_account == (day.figure(Name.NET_WORTH).value or 0)
    for side in (Name.ASSETS, Name.LIABILITIES):
        for by in Dimension:
            parts = [part.figure.value or 0 for part in day.divided(by, side=side)]
            assert sum(parts) == (day.figure(side).value or 0)


@unhurried
@given(households(), DAYS)
def test_cash_and_invested_are_all_assets_that_are_known_to_be_one_or_the_other(made, on):
    day = of(made).on(on)
    undivided = day.total([leaf for leaf in day.chosen(Name.ASSETS) if leaf.part == "undivided"])

    parts = [day.figure(Name.CASH).value, day.figure(Name.INVESTED).value, undivided.value]

    assert sum(part or 0 for part in parts) == (day.figure(Name.ASSETS).value or 0)


@unhurried
@given(households(), DAYS, CODES, AMOUNTS)
def test_a_transfer_between_own_accounts_of_one_currency_changes_nothing(made, on, code, amount):
    def with_values(here, there):
        pair = tuple(
            Account(
                name, name, "checking", code, False, False, "", "", [FIRST], [RecordedValue(name, FIRST, value, None)]
            )
            for name, value in (("here", here), ("there", there))
        )
        return of((made[0] + pair, *made[1:])).on(on)

    before, after = with_values(Decimal(5), Decimal(7)), with_values(Decimal(5) - amount, Decimal(7) + amount)

    # Zero needs no rate: without one, an account that was emptied counts, and the other is left out.
    is_convertible = before.rates.known(code) is not None
    totals = [day.figure(Name.NET_WORTH) for day in (before, after)]
    if is_convertible or amount not in {-7, 5}:
        assert totals[0].value == totals[1].value
        assert totals[0].missing == totals[1].missing
    assert in_all(before, code) == in_all(after, code) == 12


def in_all(day, code):
    """Return what the two accounts of a transfer have together, in their own currency, whether it counts or not."""
    return sum(leaf.amount for leaf in day.leaves if leaf.account.id in {"here", "there"} and leaf.currency == code)


@unhurried
@given(households(), DAYS, CODES, st.booleans())
def test_an_account_of_nothing_changes_nothing(made, on, code, owed):
    nothing = Account(
        "0", "0", "checking", code, owed, False, "", "", [FIRST], [RecordedValue("0", FIRST, Decimal(0), None)]
    )

    with_it = of(((*made[0], nothing), *made[1:])).on(on).figure(Name.NET_WORTH)

    without = of(made).on(on).figure(Name.NET_WORTH)
    assert (with_it.value or 0, with_it.missing) == (without.value or 0, without.missing)


@unhurried
@given(households(), DAYS, st.integers(2, 1000))
def test_a_currency_of_a_smaller_unit_scales_every_figure(made, on, parts):
    stored, published, currency = made
    scaled = [
        dataclasses.replace(rate, rate=rate.rate * parts) if rate.quote == currency
        else dataclasses.replace(rate, rate=money.from_fraction(Fraction(rate.rate) / parts)) if rate.base == currency
        else rate
        for rate in published
        if rate.base != currency
    ]  # fmt: skip
    plain = [rate for rate in published if rate.base != currency]
    only_foreign = tuple(account for account in stored if account.currency != currency and not account.positions)

    before = of((only_foreign, plain, currency)).on(on).figure(Name.NET_WORTH)
    after = of((only_foreign, scaled, currency)).on(on).figure(Name.NET_WORTH)

    assert after.value == (None if before.value is None else before.value * parts)


@unhurried
@given(households(), DAYS)
def test_the_leaves_of_an_explanation_add_up_exactly(made, on):
    told = explanation.explain(of(made), name="net_worth", on=on)

    leaves = [leaf for account in told.tree.children for leaf in account.children]
    assert sum(leaf.value or 0 for leaf in leaves) == (told.figure.value or 0)
    assert {why for leaf in leaves for why in leaf.missing} == set(told.figure.missing)


@given(st.lists(st.fractions(max_denominator=10**6), max_size=12), st.integers(0, 6))
def test_shares_add_up_to_one_and_are_off_by_less_than_a_unit(parts, places):
    shares = money.shares(parts, decimal_places=places)

    if sum(parts):
        assert sum(shares) == 1
        assert all(
            abs(Fraction(share) - part / sum(parts)) < Fraction(1, 10**places)
            for share, part in zip(shares, parts, strict=True)
        )
    else:
        assert shares is None


@given(st.fractions())
def test_an_exact_text_reads_back_as_the_same_number(value):
    assert Fraction(money.exact_text(value)) == value
