"""The example of docs/valuation.md, recomputed: the document's numbers are those of the program."""

from fractions import Fraction
from pathlib import Path

import pytest

from finances import money
from portfolio import explanation
from portfolio.tests.household import beside, day, example, security
from portfolio.valuation import Name

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs" / "valuation.md").read_text(encoding="utf-8")
SUNDAY = day("2020-09-06")


def row(name):
    """Return the exact and the rounded number in the document's row of ``name``."""
    found = next(line for line in DOCUMENT.splitlines() if line.startswith(f"| {name} |"))
    return found.split("|")[3].strip(), found.split("|")[4].strip()


def written(value):
    return money.exact_text(value), str(money.rounded_fraction(value, decimal_places=2))


@pytest.mark.parametrize(
    ("account", "leaf", "name"),
    [
        ("Chequing", "balance", "Chequing"),
        ("TFSA", "cash", "TFSA: cash"),
        ("TFSA", "AAPL", "TFSA: AAPL"),
        ("Travel", "balance", "Travel"),
        ("Credit card", "balance", "Credit card"),
    ],
)
def test_each_leaf_is_as_documented(account, leaf, name):
    on = example().on(SUNDAY)
    found = next(one for one in on.leaves if (one.account.name, one.label) == (account, leaf))

    assert written(on.total([found]).value) == row(name)


@pytest.mark.parametrize("name", ["assets", "net worth"])
def test_each_sum_is_as_documented(name):
    figure = example().on(SUNDAY).figure(Name(name.replace(" ", "_")))

    assert written(figure.value) == row(f"**{name}**")
    assert figure.is_complete
    assert figure.oldest_input_on == day("2020-08-15")


def test_the_sum_is_the_one_worked_out_by_hand():
    # 5200.50 + 1500.25 + 40 x 120.96 x 1.5508 / 1.1842 + 2000 x 1.5508 - 850.75
    by_hand = (
        Fraction("6700.75") + Fraction("4838.4") * Fraction(15508, 11842) + Fraction("3101.6") - Fraction("850.75")
    )

    assert example().on(SUNDAY).figure(Name.NET_WORTH).value == by_hand == Fraction(452596886, 29605)


@pytest.mark.parametrize("on", ["2020-08-28", "2020-08-30", "2020-08-31"])
def test_a_split_alone_changes_nothing(on):
    found = example(currency="USD").on(day(on))
    apple = [leaf for leaf in found.leaves if leaf.label == "AAPL"]

    assert found.total(apple).value == Fraction("4992.30")
    assert "4992.30 USD" in DOCUMENT


def leaves_of(node):
    return [leaf for child in node.children for leaf in leaves_of(child)] if node.children else [node]


def test_the_explanation_adds_up_exactly_and_names_its_inputs():
    told = explanation.explain(example(), name="net_worth", on=SUNDAY)

    assert sum(leaf.value for leaf in leaves_of(told.tree)) == told.figure.value == Fraction(452596886, 29605)
    apple = next(leaf for leaf in leaves_of(told.tree) if leaf.name == "AAPL")
    assert apple.formula == "quantity x split x close x rate USD/CAD"
    assert [(each.kind, each.on.isoformat(), each.value, each.source) for each in apple.inputs] == [
        ("holding", "2020-08-03", "10", "recorded"),
        ("split", "2020-08-31", "4", "stored action"),
        ("price", "2020-09-04", "120.96", "stored daily close"),
        ("rate", "2020-09-04", "5000/5921", "ecb"),  # 1 / 1.1842
        ("rate", "2020-09-04", "1.5508", "ecb"),
    ]


# ---- Whether the holdings and the cash are all of it ----

FRIDAY, MONDAY = "2026-01-09", "2026-01-12"


def shares(symbol, *told):
    return security(symbol, closes=[(FRIDAY, "1000"), (MONDAY, "1000")]), list(told)


@pytest.mark.parametrize(
    ("recorded", "held", "value"),
    [
        ("nothing", [shares("A", (FRIDAY, "40"))], "20 000 + 40 000"),
        ("40 shares of B, as of Monday", [shares("A", (FRIDAY, "40")), shares("B", (MONDAY, "40"))], "20 000 + 80 000"),
        (
            "60 shares of B, as of Monday",
            [shares("A", (FRIDAY, "40")), shares("B", (MONDAY, "60"))],
            "20 000 + 100 000",
        ),
        ("50 shares of A, as of Monday", [shares("A", (FRIDAY, "40"), (MONDAY, "50"))], "20 000 + 50 000"),
        ("A is deleted", [shares("A", (FRIDAY, "40"), (MONDAY, None))], "20 000 + 80 000, not itemised"),
    ],
)
def test_what_is_not_all_of_an_account_is_told_as_documented(recorded, held, value):
    figure = beside("100000", "20000", *held, on=FRIDAY).on(day(MONDAY)).figure(Name.NET_WORTH)

    line = next(line for line in DOCUMENT.splitlines() if line.startswith(f"| {recorded} |"))
    cells = [cell.strip() for cell in line.split("|")[2:5]]
    left_out = [f"{int(leaf.amount):,}".replace(",", " ") if leaf.amount else "unknown" for leaf in figure.left_out]
    assert cells == [value, ", ".join(f"`{missing.kind}`" for missing in figure.missing), ", ".join(left_out)]
    cash, invested = value.removesuffix(", not itemised").replace(" ", "").split("+")
    assert figure.value == int(cash) + int(invested)
