from decimal import Decimal

import pytest

from securities import intake, quality
from securities.intake import Background
from securities.providers.protocol import History
from securities.quality import Drift, Known
from securities.tests.shelf import at, bars, dividend, split

NOW = at("2026-03-31T12:00")


def examine(series, **known):
    return quality.examine(series, now=NOW, **known)


def reasons(verdict):
    return [(held.bar.at.day, held.reason) for held in verdict.held_back]


def test_an_honest_series_is_taken_in_order():
    series = bars([100, 101, 99, 55, 130])

    verdict = examine(reversed(series))

    assert (verdict.accepted, verdict.held_back) == (series, [])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"close": Decimal(0)}, "not_positive"),
        ({"low": Decimal(-1)}, "not_positive"),
        ({"volume": -1}, "not_positive"),
        ({"high": Decimal(1)}, "high_below_low"),
        ({"close": Decimal(10) ** 14}, "too_large"),
        ({"volume": 2**63}, "too_large"),
        ({"at": at("2026-04-02")}, "future"),
    ],
)
def test_a_bar_that_cannot_be_is_held_back(change, reason):
    series = bars([100, 101, 99])
    series[1] = series[1]._replace(**change)

    verdict = examine(series)

    assert [held.reason for held in verdict.held_back] == [reason]
    assert len(verdict.accepted) == 2


def test_a_bar_told_twice_is_taken_once_and_another_one_for_its_time_is_held_back():
    series = bars([100, 101])

    verdict = examine([*series, series[0], series[1]._replace(close=Decimal(102))])

    assert verdict.accepted == series
    assert reasons(verdict) == [(3, "duplicate")]


def test_single_days_in_another_unit_are_held_back():
    assert reasons(examine(bars([100, 101, "1.01", 100, 102, "10150", 101, 100, 101]))) == [
        (4, "unit_mistake"),
        (9, "unit_mistake"),
    ]


def test_a_known_price_tells_the_right_unit():
    verdict = examine(bars(["1.00", "1.01", "101", "102"]), reference=Known(at("2026-02-27").date(), Decimal(99)))

    assert reasons(verdict) == [(2, "unit_mistake"), (3, "unit_mistake")]


def test_a_split_of_one_hundred_is_no_mistake():
    series = bars([2000, 2010, 20, 21])

    assert examine(series, splits=[split("2026-03-04", 100)]).held_back == []


def test_days_with_a_split_still_in_them_are_held_back():
    series = bars([400, 404, 101, 102])

    verdict = examine(series, splits=[split("2026-03-05", 4)], is_split_adjusted=True)

    assert reasons(verdict) == [(2, "split_mistake"), (3, "split_mistake")]


def test_a_crash_is_no_split_mistake():
    series = bars([400, 404, 30, 31, 32])

    assert examine(series, splits=[split("2026-03-05", 4)], is_split_adjusted=True).held_back == []


def test_a_day_far_from_both_its_neighbours_is_held_back():
    assert reasons(examine(bars([100, 101, 4, 102]))) == [(4, "spike")]


# ---- Against what is stored ----


def closes(*values):
    return {bar.at: bar.close for bar in bars(values)}


@pytest.mark.parametrize(
    ("fetched", "found"),
    [
        ((100, 101, 102), None),
        ((100, 101, 110), None),  # the newest bar was not over yet
        ((100, "101.5", 102), None),  # within two per cent
        ((100, 150, 102), Drift(None)),
        ((25, "25.25", "25.5"), Drift(Decimal("0.25"))),
        ((50, 75, 102), Drift(None)),
    ],
)
def test_new_closes_are_compared_with_stored_ones(fetched, found):
    assert quality.drift(closes(100, 101, 102), closes(*fetched)) == found


def test_a_single_correction_is_no_drift():
    assert quality.drift(closes(100, 101, 102, 103, 104), closes(100, 150, 102, 103, 104)) is None


@pytest.mark.parametrize(("fetched", "found"), [(130, None), (25, Drift(Decimal("0.25")))])
def test_a_single_stored_bar_may_have_moved(fetched, found):
    assert quality.drift(closes(100), closes(fetched)) == found


@pytest.mark.parametrize(("ratio", "is_unit"), [("100.5", True), ("0.01", True), ("0.25", False), (None, False)])
def test_a_hundred_is_a_change_of_unit(ratio, is_unit):
    assert Drift(ratio and Decimal(ratio)).is_unit is is_unit


# ---- Dividends ----


def examine_dividends(*actions, series, **known):
    accepted, held_back = quality.examine_actions(actions, bars=series, **known)
    return accepted, [(held.action, held.reason) for held in held_back]


def test_a_dividend_by_which_the_price_falls_is_taken_however_large():
    special = dividend("2026-03-04", 20)

    assert examine_dividends(special, series=bars([100, 100, 81])) == ([special], [])


def test_a_large_dividend_that_the_price_does_not_feel_is_held_back():
    wrong = dividend("2026-03-04", 20)

    assert examine_dividends(wrong, series=bars([100, 100, 101])) == ([], [(wrong, "dividend_too_large")])


def test_a_dividend_that_the_adjusted_closes_contradict_is_held_back():
    series, wrong = bars([100, 100, 100]), dividend("2026-03-04", 5)
    adjusted = {series[0].at: Decimal("99.95"), series[1].at: Decimal("99.95"), series[2].at: Decimal(100)}

    _, held_back = examine_dividends(wrong, series=series, adjusted_closes=adjusted)

    assert held_back == [(wrong, "dividend_contradicted")]


def test_of_a_dividend_told_twice_the_day_of_the_fall_is_taken():
    early, right = dividend("2026-03-03", 2), dividend("2026-03-04", 2)

    accepted, held_back = examine_dividends(early, right, series=bars([100, 100, 98]))

    assert (accepted, held_back) == ([right], [(early, "dividend_repeated")])


@pytest.mark.parametrize("action", [split("2026-03-04", 0), dividend("2026-03-04", -1)])
def test_an_action_of_nothing_is_held_back(action):
    assert examine_dividends(action, series=bars([1, 2, 3])) == ([], [(action, "not_positive")])


# ---- Splits told twice, or of days to come ----


def prepare(closes, actions, *, known=(), timezone="America/New_York", now=NOW):
    history = History(bars(closes), actions, currency="USD", timezone=timezone, is_split_adjusted=True)
    return intake.prepare(history, background=Background(actions=known), now=now)


def test_a_split_told_for_two_neighbouring_days_counts_once():
    prepared = prepare([100] * 15, [split("2026-03-12", 4), split("2026-03-13", 4)])

    assert prepared.actions == [split("2026-03-12", 4)]
    assert [(held.action.on.day, held.reason) for held in prepared.held_back_actions] == [(13, "split_repeated")]
    assert [bar.close for bar in prepared.bars] == [400] * 8 + [100] * 7


def test_a_split_told_again_for_another_day_than_the_stored_one_is_held_back():
    prepared = prepare([100] * 15, [split("2026-03-13", 4)], known=[split("2026-03-12", 4)])

    assert prepared.actions == []
    assert [bar.close for bar in prepared.bars] == [400] * 8 + [100] * 7


def test_another_ratio_or_another_month_is_another_split():
    actions = [split("2026-03-12", 4), split("2026-03-13", 2), split("2026-03-26", 4)]

    assert prepare([100] * 20, actions).actions == actions


def test_a_split_of_a_day_to_come_is_not_yet_in_the_prices():
    prepared = prepare([100] * 10, [split("2026-04-01", 4)], known=[split("2026-04-02", 2)])

    assert prepared.actions == []
    assert [bar.close for bar in prepared.bars] == [100] * 10


def test_its_day_begins_where_the_exchange_is():
    actions, evening = [split("2026-04-01", 4)], at("2026-03-31T23:00")

    assert prepare([100] * 10, actions, timezone="Australia/Sydney", now=evening).actions == actions
    assert prepare([100] * 10, actions, now=evening).actions == []
