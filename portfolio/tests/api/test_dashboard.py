"""What the dashboard of the example of docs/valuation.md shows."""

import pytest

from accounts.models import AccountValue
from accounts.tests.factories import AccountFactory, AccountValueFactory, HoldingFactory
from portfolio.tests.api.conftest import at
from securities.tests.factories import SecurityFactory, SecurityPriceFactory

ON = "?on=2020-09-06"
DASHBOARD = f"/api/v1/dashboard{ON}"


@pytest.fixture
def shown(api, example):
    response = api.get(DASHBOARD)
    assert response.status_code == 200, response.json()
    return response.json()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("net_worth", 15287.85),
        ("assets", 16138.60),
        ("liabilities", 850.75),
        ("cash", 9802.35),  # 5200.50 + 1500.25 + 3101.60
        ("invested", 6336.25),
    ],
)
def test_the_figures_are_those_of_the_example(shown, name, value):
    figure = shown[name]

    assert (figure["figure"], figure["value"], figure["currency_code"]) == (name, value, "CAD")
    assert (figure["complete"], figure["missing"], figure["left_out"]) == (True, [], [])


def test_assets_are_divided_and_shares_add_up(shown):
    parts = {name: {part["key"]: part["value"] for part in shown[name]} for name in shown if name.startswith("by_")}

    assert parts["by_account_type"] == {"checking": 8302.10, "tfsa": 7836.50}
    assert parts["by_currency"] == {"CAD": 6700.75, "USD": 6336.25, "EUR": 3101.60}
    assert parts["by_asset_class"] == {"cash": 9802.35, "equity": 6336.25}
    assert [part["name"] for part in shown["by_institution"]] == ["No institution", "Northern Bank"]
    assert [part["name"] for part in shown["by_account_type"]] == ["Checking", "TFSA"]
    assert [part["name"] for part in shown["by_asset_class"]] == ["Cash", "Equity"]
    # 6700.75, 6336.25293... and 3101.60 of 16138.60293...
    assert [part["share"] for part in shown["by_currency"]] == [0.4152, 0.3926, 0.1922]


def test_the_largest_holdings_are_named(shown):
    assert [(each["name"], each["value"], each["share"]) for each in shown["top_holdings"]] == [
        ("AAPL", 6336.25, 0.3926)
    ]


def test_freshness_tells_the_days_of_the_inputs(shown):
    assert shown["freshness"] == {
        "prices": {"oldest_on": "2020-09-04", "newest_on": "2020-09-04"},
        "rates": {"oldest_on": "2020-09-04", "newest_on": "2020-09-04"},
        "values": {"oldest_on": "2020-08-15", "newest_on": "2020-09-03"},
    }


def test_a_change_is_known_when_both_ends_are_and_partial_when_one_is(shown):
    changes = {change["period"]: change for change in shown["changes"]}

    assert (changes["1d"]["since"], changes["1d"]["value"], changes["1d"]["percent"]) == ("2020-09-05", 0, 0)
    assert changes["1d"]["complete"] is True
    month = changes["1m"]  # nothing was recorded by then, and there was no close
    assert (month["since"], month["then"], month["value"], month["percent"]) == ("2020-08-06", None, None, None)
    assert month["complete"] is False
    assert changes["ytd"]["since"] == "2019-12-31"
    assert changes["1y"]["since"] == "2019-09-06"


def test_another_currency_may_be_asked_for(api, example):
    shown = api.get(f"{DASHBOARD}&currency=eur").json()

    # 452596886/29605 CAD / 1.5508
    assert (shown["net_worth"]["value"], shown["net_worth"]["currency_code"]) == (9858.04, "EUR")


def test_nobody_without_accounts_is_worth_zero(api):
    shown = api.get("/api/v1/dashboard").json()

    assert (shown["net_worth"]["value"], shown["net_worth"]["complete"]) == (0, True)
    assert shown["by_currency"] == []


def test_shares_of_a_whole_that_is_not_complete_say_so(api, user, example, shown):
    AccountFactory(user=user, name="New")

    partial = api.get(DASHBOARD).json()

    assert {part["share_complete"] for part in shown["by_currency"] + shown["top_holdings"]} == {True}
    assert {part["share_complete"] for part in partial["by_currency"] + partial["top_holdings"]} == {False}


def test_what_is_left_out_is_counted_and_not_all_listed(api, user):
    for number in range(25):
        AccountFactory(user=user, name=f"Account {number}")

    net_worth = api.get(DASHBOARD).json()["net_worth"]

    assert (len(net_worth["left_out"]), net_worth["left_out_count"], len(net_worth["missing"])) == (20, 25, 25)


def test_a_valuation_tells_what_its_holdings_do_not_explain(api, example):
    account = example["TFSA"]
    AccountValueFactory(account=account, timestamp=at("2020-09-04"), value="100000", cash_balance="5000")

    shown = api.get(f"/api/v1/accounts/{account.pk}/valuation?on=2020-09-06&currency=USD").json()

    # 95000 - 4838.40 x 1.5508 / 1.1842
    assert shown["unreconciled"]["amount"] == pytest.approx(88663.7470, abs=1e-4)
    assert (shown["unreconciled"]["on"], shown["unreconciled"]["currency_code"]) == ("2020-09-04", "CAD")
    assert (shown["complete"], shown["unreconciled"]["is_material"]) == (False, True)
    assert shown["left_out"][0]["amount"] == shown["unreconciled"]["amount"]
    assert [missing["kind"] for missing in shown["missing"]] == ["holding"]


def test_a_value_that_was_recorded_long_ago_is_compared_at_the_prices_of_its_day(api, example):
    account = example["TFSA"]
    AccountValueFactory(account=account, timestamp=at("2020-08-28"), value="8016.90", cash_balance="1500.25")
    AccountValue.objects.filter(account=account, timestamp__gt=at("2020-08-31")).delete()

    shown = api.get(f"/api/v1/accounts/{account.pk}/valuation?on=2020-09-12").json()

    # 6516.65 - 4992.30 x 1.5553 / 1.1915
    assert shown["unreconciled"]["amount"] == pytest.approx(0.0540, abs=1e-4)
    assert (shown["unreconciled"]["on"], shown["unreconciled"]["is_material"]) == ("2020-08-28", False)


@pytest.fixture
def bought(example):
    """Ten shares at 1000 USD, told of two days after the value that knows of 6516.65 CAD in securities."""
    microsoft = SecurityFactory(symbol="MSFT")
    SecurityPriceFactory(security=microsoft, timestamp=at("2020-08-31T00:00"), close="1000", high=None, low=None)
    HoldingFactory(account=example["TFSA"], security=microsoft, quantity="10", timestamp=at("2020-09-03"))
    return example["TFSA"]


def test_a_valuation_tells_that_its_cash_is_outdated(api, bought):
    shown = api.get(f"/api/v1/accounts/{bought.pk}/valuation?on=2020-09-06").json()

    # 6516.65 - (4992.30 + 10000) x 1.5553 / 1.1915
    assert shown["unreconciled"]["amount"] == pytest.approx(-13053.2402, abs=1e-4)
    assert (shown["complete"], shown["unreconciled"]["is_material"]) == (False, True)
    assert [(missing["kind"], missing["name"]) for missing in shown["missing"]] == [("cash_outdated", "TFSA")]
    assert "Record a new value" in shown["missing"][0]["reason"]
    assert [(each["name"], each["amount"]) for each in shown["left_out"]] == [("cash paid or received since", None)]
    assert [part["part"] for part in shown["parts"]] == ["cash", "cash_since", "holding", "holding"]


def test_a_dashboard_knows_which_of_its_figures_outdated_cash_is_in(api, bought):
    shown = api.get(DASHBOARD).json()

    names = ("net_worth", "assets", "liabilities", "cash", "invested")
    incomplete = {name for name in names if not shown[name]["complete"]}
    assert incomplete == {"net_worth", "assets", "cash"}
    by_class = {part["key"]: part["complete"] for part in shown["by_asset_class"]}
    assert by_class == {"cash": False, "equity": True}


def test_outdated_cash_is_explained_by_the_value_that_it_was_recorded_with(api, bought):
    told = api.get(f"/api/v1/explain{ON}&figure=account:{bought.pk}").json()

    [account] = told["tree"]["children"]
    leaf = next(child for child in account["children"] if child["value"] is None)
    assert [each["kind"] for each in leaf["missing"]] == ["cash_outdated"]
    assert [(each["kind"], each["on"], each["value"]) for each in leaf["inputs"]] == [("cash", "2020-09-01", "1500.25")]
