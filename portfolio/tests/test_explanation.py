"""How figures explain themselves, worked out by hand."""

import pytest

from portfolio import explanation
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
