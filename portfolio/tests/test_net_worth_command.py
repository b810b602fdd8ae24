"""`manage.py net_worth`, over the example of docs/valuation.md."""

from fractions import Fraction

import pytest
from django.core.management import CommandError, call_command

from portfolio import chart
from portfolio.tests.api.conftest import seed

pytestmark = pytest.mark.django_db


def told(capsys, *options):
    call_command("net_worth", *options)
    return capsys.readouterr().out


def test_a_table_and_a_chart(user, capsys):
    seed(user)

    shown = told(capsys, user.email, "--on=2020-09-06")

    assert f"{user.email} on 2020-09-06, in CAD" in shown
    assert "net worth                   15,287.85" in shown
    assert "liabilities                    850.75" in shown
    assert shown.splitlines()[-1].strip().startswith("2019-09-30")


def test_what_is_missing_is_said(user, capsys):
    seed(user)

    shown = told(capsys, user.email, "--on=2020-08-28")

    assert "(partial)" in shown
    assert "missing: No value of TFSA is recorded on the day or before." in shown


def test_a_month_of_which_something_is_missing_is_a_gap_in_the_chart_and_not_a_crash(user, capsys):
    seed(user)

    shown = told(capsys, user.email, "--on=2020-08-28").splitlines()[-1]

    assert shown.endswith(" 2020-08-28  (gaps: 1 of 13 months are not complete)")
    assert "▁  2020-08-28" in shown


def test_a_tree_is_no_table(user):
    with pytest.raises(CommandError, match="not allowed with"):
        call_command("net_worth", user.email, "--explain", "--csv")


def test_the_tree_behind_it(user, capsys):
    seed(user)

    shown = told(capsys, user.email, "--on=2020-09-06", "--explain")

    assert "net_worth: 15,287.85 CAD = assets - liabilities: the sum of all accounts, what is owed negative" in shown
    assert "AAPL: 6,336.25 CAD = quantity x split x close x rate USD/CAD" in shown
    assert "- close of AAPL, as traded on 2020-09-04: 120.96 (stored daily close)" in shown


def test_the_months_as_csv(user, capsys):
    seed(user)

    lines = told(capsys, user.email, "--on=2020-09-06", "--csv").splitlines()

    assert lines[0] == "date,net_worth,assets,liabilities,currency,complete"
    assert (lines[1], lines[-1]) == (
        "2019-09-30,0.00,0.00,0.00,CAD,true",
        "2020-09-06,15287.85,16138.60,850.75,CAD,true",
    )
    assert len(lines) == 14


@pytest.mark.parametrize(("options", "message"), [(["nobody@example.org"], "no user"), (["x", "--on=soon"], "no day")])
def test_a_question_that_cannot_be_answered_says_why(db, options, message):
    with pytest.raises(CommandError, match=message):
        call_command("net_worth", *options)


def test_a_chart_spans_from_the_least_to_the_largest():
    assert chart.sparkline([Fraction(0), None, Fraction(7), Fraction(14)]) == "▁ ▄█"
    assert chart.sparkline([Fraction(3)] * 2) == "▁▁"
    assert chart.sparkline([None]) == " "
