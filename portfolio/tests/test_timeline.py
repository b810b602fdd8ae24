from datetime import date
from decimal import Decimal

import pytest

from portfolio import timeline
from portfolio.timeline import Version


def version(recorded_on, as_of, quantity):
    amount = None if quantity is None else Decimal(quantity)
    return Version(date.fromisoformat(recorded_on), date.fromisoformat(as_of), amount)


def held(versions, *days):
    """Return the quantities on ``days``, None where nothing is held."""
    told = timeline.segments(versions)
    found = [timeline.find(told, date.fromisoformat(on)) for on in days]
    return [None if segment is None else int(segment.quantity) for segment in found]


def test_a_holding_counts_from_its_as_of_day_on_also_before_it_was_recorded():
    versions = [version("2026-03-01", "2026-01-10", 10)]

    assert held(versions, "2026-01-09", "2026-01-10", "2026-12-31") == [None, 10, 10]


def test_a_changed_quantity_corrects_all_days_since():
    versions = [version("2026-01-10", "2026-01-10", 10), version("2026-03-01", "2026-01-10", 12)]

    assert held(versions, "2026-01-10", "2026-03-01") == [12, 12]


def test_a_purchase_with_its_own_as_of_day_leaves_the_days_before():
    versions = [version("2026-01-10", "2026-01-10", 10), version("2026-03-02", "2026-03-01", 15)]

    assert held(versions, "2026-02-28", "2026-03-01") == [10, 15]


def test_what_is_recorded_later_has_the_last_word_on_its_days():
    versions = [
        version("2026-01-10", "2026-01-10", 10),
        version("2026-03-01", "2026-03-01", 15),
        version("2026-04-01", "2026-02-01", 12),
    ]

    assert held(versions, "2026-01-31", "2026-02-01", "2026-03-01") == [10, 12, 12]


def test_what_was_sold_counts_until_the_day_before_it_was_deleted():
    versions = [version("2026-01-10", "2026-01-10", 10), version("2026-03-01", "2026-01-10", None)]

    assert held(versions, "2026-02-28", "2026-03-01") == [10, None]


def test_what_is_deleted_on_the_day_it_was_recorded_was_a_mistake():
    versions = [version("2026-03-01", "2020-01-01", 10), version("2026-03-01", "2020-01-01", None)]

    assert held(versions, "2020-01-01", "2026-02-28", "2026-03-01") == [None, None, None]


def test_what_is_restored_is_held_again_since_its_as_of_day():
    versions = [
        version("2026-01-10", "2026-01-10", 10),
        version("2026-03-01", "2026-01-10", None),
        version("2026-04-01", "2026-01-10", 10),
    ]

    assert held(versions, "2026-01-10", "2026-03-15") == [10, 10]


def test_a_mistaken_second_life_leaves_the_first_as_it_was():
    versions = [
        version("2026-01-10", "2026-01-10", 10),
        version("2026-03-01", "2026-01-10", None),
        version("2026-04-01", "2026-02-01", 99),
        version("2026-04-01", "2026-02-01", None),
    ]

    assert held(versions, "2026-02-15", "2026-03-01") == [10, None]


# ---- Corrections ----


def test_an_as_of_day_that_is_put_right_later_leaves_nothing_in_the_past():
    versions = [version("2026-03-01", "2016-02-15", 10), version("2026-03-09", "2026-02-15", 10)]

    assert held(versions, "2016-02-15", "2026-02-14", "2026-02-15") == [None, None, 10]


def test_a_correction_brings_back_what_the_mistake_had_replaced():
    versions = [
        version("2026-01-10", "2026-01-10", 10),
        version("2026-03-01", "2025-02-20", 15),
        version("2026-03-02", "2026-02-20", 15),
    ]

    assert held(versions, "2026-01-09", "2026-01-10", "2026-02-20") == [None, 10, 15]


def test_the_same_quantity_as_of_a_day_after_it_was_recorded_confirms_it():
    versions = [version("2026-01-10", "2026-01-10", 10), version("2026-03-01", "2026-03-01", 10)]

    assert held(versions, "2026-01-10", "2026-02-28", "2026-03-01") == [10, 10, 10]


def test_purchases_of_the_past_that_are_entered_on_one_day_are_each_told_of_their_own_days():
    versions = [
        version("2026-11-27", "2026-01-15", 10),
        version("2026-11-27", "2026-06-15", 20),
        version("2026-11-27", "2026-09-15", 15),
    ]

    assert held(versions, "2026-01-14", "2026-03-01", "2026-07-01", "2026-11-27") == [None, 10, 20, 15]


def test_purchases_that_are_entered_the_other_way_round_end_with_the_last_word():
    versions = [version("2026-11-27", "2026-06-15", 20), version("2026-11-27", "2026-01-15", 10)]

    assert held(versions, "2026-03-01", "2026-07-01") == [10, 10]


def test_a_slip_in_the_day_that_is_mended_on_the_same_day_leaves_nothing():
    versions = [version("2026-11-27", "2016-01-15", 10), version("2026-11-27", "2026-01-15", 10)]

    assert held(versions, "2016-01-15", "2026-01-14", "2026-01-15") == [None, None, 10]


def test_a_slip_in_the_quantity_that_is_mended_on_the_same_day_makes_nothing_younger():
    versions = [
        version("2026-01-02", "2026-01-02", 10),
        version("2026-01-20", "2026-01-20", 99),
        version("2026-01-20", "2026-01-02", 10),  # as it was
        version("2026-01-21", "2026-01-15", 10),  # held on both days, as it would be without the slip
    ]

    assert held(versions, "2026-01-03", "2026-01-15", "2026-01-21") == [10, 10, 10]


@pytest.mark.parametrize("steps", [[("2026-01-10", 20), ("2026-06-15", 20)], [("2026-06-15", 10), ("2026-06-15", 20)]])
def test_a_purchase_that_is_entered_field_by_field_leaves_the_days_before(steps):
    versions = [version("2026-01-10", "2026-01-10", 10)]
    versions += [version("2026-11-27", as_of, quantity) for as_of, quantity in steps]

    assert held(versions, "2026-01-10", "2026-06-14", "2026-06-15") == [10, 10, 20]


def test_what_is_deleted_and_entered_anew_on_one_day_is_only_what_was_entered_last():
    versions = [
        version("2026-11-27", "2026-01-15", 99),
        version("2026-11-27", "2026-01-15", None),
        version("2026-11-27", "2026-03-15", 10),
        version("2026-11-27", "2026-06-15", 20),
    ]

    assert held(versions, "2026-02-01", "2026-04-01", "2026-07-01") == [None, 10, 20]


def test_of_what_is_recorded_on_one_day_the_last_counts():
    versions = [
        version("2026-01-10", "2026-01-10", 10),
        version("2026-03-01", "2016-03-01", 15),
        version("2026-03-01", "2026-03-01", 15),
    ]

    assert held(versions, "2016-03-01", "2026-02-28", "2026-03-01") == [None, 10, 15]


def test_what_is_deleted_and_restored_on_one_day_was_never_away():
    versions = [
        version("2026-01-10", "2026-01-10", 10),
        version("2026-03-01", "2026-01-10", None),
        version("2026-03-01", "2026-01-10", 10),
    ]

    assert held(versions, "2026-01-10", "2026-03-01") == [10, 10]


def test_an_edit_of_the_cost_does_not_make_the_quantity_younger():
    versions = [
        version("2026-01-02", "2026-01-02", 10),
        version("2026-01-20", "2026-01-02", 10),  # another average cost
        version("2026-01-21", "2026-01-15", 10),  # held on both days, as it would be without the edit
    ]

    assert held(versions, "2026-01-01", "2026-01-03", "2026-01-12", "2026-01-15") == [None, 10, 10, 10]


def test_what_was_deleted_in_between_is_told_anew():
    versions = [
        version("2026-01-02", "2026-01-02", 10),
        version("2026-01-10", "2026-01-02", None),
        version("2026-01-20", "2026-01-02", 10),
        version("2026-01-21", "2026-01-15", 10),  # a correction of what was told the day before
    ]

    assert held(versions, "2026-01-03", "2026-01-12", "2026-01-15") == [10, None, 10]
