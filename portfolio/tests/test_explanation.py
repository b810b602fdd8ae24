"""How figures explain themselves, worked out by hand."""

from decimal import Decimal
from fractions import Fraction

import pytest

from portfolio import explanation
from portfolio.api import shown
from portfolio.explanation import FigureNotFoundError
from portfolio.tests.household import ECB_RATES, account, day, example, household, security
from portfolio.valuation import Name

SUNDAY = day("2020-09-06")


def worth(found, on, name=Name.NET_WORTH):
    return found.on(day(on)).figure(name)


def invested(*held, values=(("2020-08-01", "0", "0"),), rates=ECB_RATES, currency="USD"):
    return household(account("TFSA", values=list(values), held=list(held)), rates=rates, currency=currency)


@pytest.mark.parametrize(
    "name", ["", "nothing", "account:", "account:nobody", "currency:XXX", "change:", "change:2y", "colour:red",
             "liabilities:currency:EUR", "net_worth:", ":", "account:a:b"],
)  # fmt: skip
def test_a_figure_that_does_not_exist_is_not_explained(name):
    with pytest.raises(FigureNotFoundError):
        explanation.explain(example(), name=name, on=SUNDAY)


def test_a_change_is_explained_by_both_its_ends():
    told = explanation.explain(example(), name="change:1d", on=day("2020-09-04"))

    assert [child.value for child in told.tree.children] == [
        worth(example(), "2020-09-04").value, -worth(example(), "2020-09-03").value,
    ]  # fmt: skip
    assert sum(child.value for child in told.tree.children) == told.figure.value


def test_a_leaf_that_is_left_out_is_in_the_explanation_with_its_reason():
    told = explanation.explain(example(account("New")), name="net_worth", on=SUNDAY)

    new = next(child for child in told.tree.children if child.name == "New")
    assert (new.value, [missing.kind.value for missing in new.missing]) == (None, ["value"])


def test_names_may_have_colons():
    odd = security("ODD", closes=[("2020-09-04", "1")], sector="Energy: oil: gas")
    found = invested((odd, [("2020-08-01", "3")]))

    told = explanation.explain(found, name="sector:Energy: oil: gas", on=day("2020-09-04"))

    assert told.figure.value == 3


def test_an_account_that_was_not_there_yet_is_explained_as_nothing():
    told = explanation.explain(example(), name="account:Travel", on=day("2020-08-14"))

    assert (told.figure.value, told.figure.is_complete, told.tree.children) == (0, True, ())


# ---- Bounds ----


def many(count, *, owed):
    """Accounts of ascending amounts, of which the first are owed."""
    return [
        account(f"Account {number}", values=[("2020-09-01", f"{number}.01")], owed=number < owed)
        for number in range(1, count + 1)
    ]


def leaves_of(node):
    return [leaf for child in node.children for leaf in leaves_of(child)] if node.children else [node]


@pytest.mark.parametrize("name", ["net_worth", "assets", "change:1d"])
def test_of_very_many_accounts_the_largest_are_shown_and_all_add_up(name):
    found = household(*many(700, owed=50))

    told = explanation.explain(found, name=name, on=SUNDAY)

    leaves = leaves_of(told.tree)
    assert sum(leaf.value or 0 for leaf in leaves) == told.figure.value
    for tree in told.tree.children if name.startswith("change") else [told.tree]:
        assert len(leaves_of(tree)) == 501
        assert tree.children[-1].name == ("151 more accounts" if name == "assets" else "200 more accounts")
        assert sum(child.value for child in tree.children) == tree.value
        assert "Account 700" in {child.name for child in tree.children}


def test_of_very_many_holdings_the_largest_are_shown_and_those_that_are_left_out_have_their_place():
    held = [
        (
            security(f"S{number}", closes=[("2020-09-04", str(number))] if number % 2 else [], currency="CAD"),
            [("2020-08-01", "1")],
        )
        for number in range(1400)
    ]

    told = explanation.explain(invested(*held, currency="CAD"), name="net_worth", on=day("2020-09-04"))

    [node] = told.tree.children
    *named, rest = node.children
    assert (len(named), rest.name, node.formula.endswith(" + 901 more")) == (500, "901 more", True)
    assert sum(leaf.value is None for leaf in named) == 100
    assert sum(leaf.value or 0 for leaf in node.children) == node.value == told.figure.value == 700**2
    assert {"S1399", "S601"} <= {leaf.name for leaf in named if leaf.value is not None}
    assert "S599" not in {leaf.name for leaf in named}


def test_what_is_split_oddly_very_often_is_still_told_exactly():
    primes = [number for number in range(3, 1000) if all(number % each for each in range(2, int(number**0.5) + 1))]
    days = [f"2020-09-{number:02}" for number in range(1, 4)] + [f"2020-08-{number:02}" for number in range(4, 24)]
    held = [
        (
            security(
                f"S{prime}",
                closes=[("2020-09-04", "1")],
                splits=[(on, str(Decimal(1) / prime)) for on in days],
                currency="CAD",
            ),
            [("2020-08-01", "1")],
        )
        for prime in primes
    ]

    told = explanation.explain(invested(*held, currency="CAD"), name="net_worth", on=day("2020-09-04"))
    text = shown.explanation(told, places=2)["exact"]

    numerator, _, denominator = text.partition("/")
    assert len(denominator) > 4300  # more than Python's str would write
    assert Fraction(int(Decimal(numerator)), int(Decimal(denominator))) == told.figure.value
    assert len(str(shown.explanation(told, places=2))) < 1_000_000


def test_what_is_missing_is_counted_and_not_all_listed():
    held = [(security(f"S{number}", currency="CAD"), [("2020-08-01", "1")]) for number in range(900)]

    told = shown.explanation(
        explanation.explain(invested(*held, currency="CAD"), name="net_worth", on=SUNDAY), places=2
    )

    [node] = told["tree"]["children"]
    for each in (told, told["tree"], node):
        assert (len(each["missing"]), each["missing_count"]) == (50, 900)
    assert (len(node["children"]), node["children"][-1]["missing_count"]) == (102, 800)  # with the cash
    assert len(str(told)) < 200_000
