from datetime import UTC, date, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Holding
from accounts.tests.factories import AccountFactory, HoldingFactory, InvestmentAccountFactory
from securities.models import Security
from securities.tests.factories import SecurityActionFactory, SecurityFactory, SecurityPriceFactory

FLAT = "/api/v1/holdings"


@pytest.fixture
def account(user):
    return InvestmentAccountFactory(user=user)


@pytest.fixture
def nested(account):
    return f"/api/v1/accounts/{account.pk}/holdings"


def test_a_security_is_held_by_its_symbol(api, account, nested):
    security = SecurityFactory(symbol="BRK-B")

    response = api.post(nested, {"security_id": "brk-b", "quantity": "0.12345678", "average_cost": "410.5"})

    body = response.json()
    assert response.status_code == 201
    assert response["Location"] == f"http://testserver{nested}/{body['id']}"
    assert (body["account_id"], body["security_id"]) == (str(account.pk), str(security.pk))
    assert body["security"]["symbol"] == "BRK-B"
    assert (body["quantity"], body["shares"]) == (0.12345678, 0.12345678)
    assert (body["average_cost"], body["average_price_per_share"], body["currency_code"]) == (410.5, 410.5, "USD")
    assert api.get(f"{nested}/{body['id']}").json() == api.get(f"{FLAT}/{body['id']}").json() == body


def test_a_security_is_held_by_its_id_under_the_clients_names(api, account):
    security = SecurityFactory()

    response = api.post(
        FLAT,
        {
            "account_id": str(account.pk),
            "security_id": str(security.pk),
            "shares": 3,
            "average_price_per_share": "7.0000000001",
            "timestamp": "2025-11-23T10:00",
        },
    )

    body = response.json()
    assert response.status_code == 201
    assert (body["quantity"], body["average_cost"], body["timestamp"]) == (3, 7.0000000001, "2025-11-23T10:00:00Z")


def test_the_flat_route_needs_an_account(api):
    response = api.post(FLAT, {"security_id": SecurityFactory().symbol, "quantity": 1, "average_cost": 1})

    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == "account_id"


def test_a_second_holding_of_the_same_security_is_refused(api, user):
    holding = HoldingFactory(account__user=user)

    response = api.post(
        f"/api/v1/accounts/{holding.account_id}/holdings",
        {"security_id": holding.security.symbol, "quantity": "1", "average_cost": "2"},
    )

    assert response.status_code == 409
    assert response.json()["code"] == "duplicate"
    assert response.json()["detail"] == "The account holds this security already; change that holding."


def test_only_an_investment_account_holds_securities(api, user):
    account = AccountFactory(user=user)

    response = api.post(
        f"/api/v1/accounts/{account.pk}/holdings",
        {"security_id": SecurityFactory().symbol, "quantity": 1, "average_cost": 1},
    )

    assert response.status_code == 400
    assert response.json()["errors"][0]["message"] == "Only an investment account may hold securities."


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"quantity": 0}, "quantity"),
        ({"quantity": -1}, "quantity"),
        ({"quantity": "0.000000001"}, "quantity"),
        ({"quantity": None}, "quantity"),
        ({"quantity": "NaN"}, "quantity"),
        ({"quantity": 1, "shares": 2}, "shares"),
        ({"average_cost": -1}, "average_cost"),
        ({"currency_code": "XXQ"}, "currency_code"),
        ({"timestamp": "soon"}, "timestamp"),
        ({"security_id": ""}, "security_id"),
        ({"security_id": 5.5}, "security_id"),
        ({"security_id": ["A"]}, "security_id"),
        ({"security_id": "x" * 37}, "security_id"),
    ],
)
def test_bad_input_names_its_field_and_fetches_nothing(api, nested, change, field):
    response = api.post(nested, {"security_id": "NEWCO", "quantity": 1, "average_cost": 1, **change})

    assert response.status_code == 400
    assert response.json()["errors"][0]["field"].split(".")[0] == field
    assert not Holding.objects.exists()
    assert not Security.objects.exists()


@pytest.mark.parametrize("name", ["NOSUCH", "not a symbol", "00000000-0000-0000-0000-000000000000", "../x", "é"])
def test_a_security_that_nobody_knows_is_a_404(api, nested, name, settings):
    settings.PRICE_PROVIDERS = []

    response = api.post(nested, {"security_id": name, "quantity": 1, "average_cost": 1})

    assert (response.status_code, response.json()["code"]) == (404, "security_not_found")
    assert not Holding.objects.exists()


def test_what_lies_in_the_future_is_refused(api, nested):
    body = {"security_id": SecurityFactory().symbol, "quantity": 1, "average_cost": 1, "timestamp": "2999-01-01"}

    response = api.post(nested, body)

    fault = response.json()["errors"][0]
    assert (response.status_code, fault["field"], fault["code"]) == (400, "timestamp", "in_future")


def test_there_are_as_many_holdings_as_somebody_may_have(api, user, nested, settings):
    settings.QUOTAS = {**settings.QUOTAS, "holdings": 1}
    HoldingFactory(account__user=user)

    response = api.post(nested, {"security_id": SecurityFactory().symbol, "quantity": 1, "average_cost": 1})

    assert (response.status_code, response.json()["code"]) == (409, "quota_exceeded")


# ---- What it is worth ----


@pytest.fixture
def january(time_machine):
    """It is noon of Wednesday, 2026-01-07, in London."""
    time_machine.move_to(datetime(2026, 1, 7, 12, tzinfo=UTC), tick=False)


def close_of(holding, day, close):
    """Store the close of a day of January 2026."""
    SecurityPriceFactory(security=holding.security, timestamp=datetime(2026, 1, day, tzinfo=UTC), close=close)


def test_figures_are_exact_and_at_the_newest_daily_close(january, api, user):
    holding = HoldingFactory(account__user=user, quantity="12.5", average_cost="80.08")
    for day, close in ((2, "7"), (5, "100.1"), (8, "9")):  # the last one is of tomorrow
        close_of(holding, day, close)
    SecurityPriceFactory(
        security=holding.security, timestamp=datetime(2026, 1, 6, tzinfo=UTC), close="9", interval="1m"
    )

    body = api.get(f"{FLAT}/{holding.pk}").json()

    assert (body["current_price"], body["current_price_at"]) == (100.1, "2026-01-05T00:00:00Z")
    # 12.5 x 80.08 = 1001; 12.5 x 100.1 = 1251.25; 250.25 of 1001 are a quarter
    assert (body["cost_basis"], body["market_value"], body["gain_loss"]) == (1001, 1251.25, 250.25)
    assert body["gain_loss_percent"] == 25


def test_the_figures_of_a_row_are_computed_once_and_afresh_each_time(january, api, user, monkeypatch):
    holding = HoldingFactory(account__user=user)
    close_of(holding, 5, "100")
    computed, figures = [], Holding.figures.fget
    monkeypatch.setattr(Holding, "figures", property(lambda row: computed.append(row.pk) or figures(row)))

    listed = api.get(FLAT).json()[0]
    before = len(computed)
    changed = api.patch(f"{FLAT}/{holding.pk}", {"quantity": 5}).json()

    assert (before, listed["market_value"]) == (1, 1000)
    assert (changed["cost_basis"], changed["market_value"]) == (500, 500)


def test_without_a_price_figures_are_null(api, user):
    holding = HoldingFactory(account__user=user)

    body = api.get(f"{FLAT}/{holding.pk}").json()

    assert body["cost_basis"] == 1000
    for name in ("current_price", "current_price_at", "market_value", "gain_loss", "gain_loss_percent"):
        assert body[name] is None


def test_what_cost_nothing_has_a_gain_but_no_percentage(january, api, user):
    holding = HoldingFactory(account__user=user, average_cost="0")
    close_of(holding, 5, "2")

    body = api.get(f"{FLAT}/{holding.pk}").json()

    assert (body["cost_basis"], body["gain_loss"], body["gain_loss_percent"]) == (0, 20, None)


def test_a_cost_in_another_currency_is_not_compared_with_the_price(january, api, user):
    holding = HoldingFactory(account__user=user, currency_id="CAD")
    close_of(holding, 5, "2")

    body = api.get(f"{FLAT}/{holding.pk}").json()

    assert (body["currency_code"], body["cost_basis"]) == ("CAD", 1000)
    assert (body["current_price"], body["current_price_currency"]) == (2, "USD")
    assert body["market_value"] is body["gain_loss"] is body["gain_loss_percent"] is None


def test_a_price_in_an_unknown_currency_is_not_compared_with_anything(january, api, user):
    holding = HoldingFactory(account__user=user, security__currency_id=None)
    close_of(holding, 5, "2")

    body = api.get(f"{FLAT}/{holding.pk}").json()

    assert body["currency_code"] is body["market_value"] is None


@pytest.mark.parametrize(("day", "price"), [(28, None), (29, 2)])
def test_a_close_counts_for_ten_days(january, api, user, day, price):
    holding = HoldingFactory(account__user=user)
    SecurityPriceFactory(security=holding.security, timestamp=datetime(2025, 12, day - 1, tzinfo=UTC), close="2")

    body = api.get(f"{FLAT}/{holding.pk}").json()

    assert body["current_price"] == price
    assert body["current_price_currency"] == (None if price is None else "USD")


def test_splits_since_it_was_recorded_are_in_its_figures(january, api, user):
    holding = HoldingFactory(account__user=user, quantity="10", average_cost="100")  # as of 2026-01-01
    close_of(holding, 5, "30")
    for on, ratio in (
        (date(2026, 1, 1), "7"),
        (date(2026, 1, 5), "4"),
        (date(2026, 1, 6), "2"),
        (date(2026, 1, 8), "9"),
    ):
        SecurityActionFactory(security=holding.security, kind="split", date=on, value=ratio)

    body = api.get(f"{FLAT}/{holding.pk}").json()

    # 10 x 4 = 40 on the day of the close, x 30 = 1200; the 2:1 after it doubles the shares and halves the price
    assert (body["quantity"], body["quantity_today"]) == (10, 80)
    assert (body["cost_basis"], body["market_value"], body["gain_loss_percent"]) == (1000, 1200, 20)


def test_a_list_of_split_securities_costs_as_many_queries_as_one_of_one(january, api, user):
    def split_holding():
        SecurityActionFactory(security=HoldingFactory(account__user=user).security, kind="split", value="2")

    split_holding()
    with CaptureQueriesContext(connection) as one:
        api.get(FLAT)
    for _ in range(10):
        split_holding()

    with CaptureQueriesContext(connection) as many:
        api.get(FLAT)

    assert len(many) == len(one)


@pytest.fixture
def split_since(user):
    """Ten shares as of 2026-01-01, split 4:1 on 2026-01-05."""
    holding = HoldingFactory(account__user=user)
    SecurityActionFactory(security=holding.security, kind="split", date=date(2026, 1, 5), value="4")
    return holding


@pytest.mark.parametrize("verb", ["put", "patch"])
@pytest.mark.parametrize("name", ["quantity", "shares"])
def test_a_new_quantity_after_a_split_must_say_of_when_it_is(january, api, split_since, verb, name):
    response = getattr(api, verb)(f"{FLAT}/{split_since.pk}", {name: 44, "average_cost": 25})

    body = response.json()
    assert (response.status_code, body["code"], body["errors"][0]["field"]) == (400, "as_of_required", "timestamp")
    assert body["errors"][0]["message"] == (
        f"There was a split of {split_since.security} since 2026-01-01: 4 for 1 on 2026-01-05. Give the timestamp with "
        "the quantity: 2026-01-07, and the average cost, if it counts the shares after the split, 2026-01-01 if it "
        "counts those before."
    )
    assert Holding.objects.get().quantity == 10


@pytest.mark.parametrize("verb", ["put", "patch"])
@pytest.mark.parametrize("day", ["2026-01-05", "2026-01-07"])
def test_another_day_after_a_split_must_come_with_the_quantity_of_then(january, api, split_since, verb, day):
    response = getattr(api, verb)(f"{FLAT}/{split_since.pk}", {"timestamp": day, "average_cost": 25})

    body = response.json()
    assert (response.status_code, body["code"], body["errors"][0]["field"]) == (400, "as_of_required", "quantity")
    assert body["errors"][0]["message"] == (
        f"There was a split of {split_since.security} between 2026-01-01 and {day}: 4 for 1 on 2026-01-05. "
        f"Give with the timestamp the quantity of {day}, and the average cost of one unit of it."
    )
    assert api.get(f"{FLAT}/{split_since.pk}").json()["quantity_today"] == 40


def test_a_day_before_a_split_must_come_with_the_quantity_of_then_too(january, api, split_since):
    api.patch(f"{FLAT}/{split_since.pk}", {"timestamp": "2026-01-06", "quantity": 40, "average_cost": 25})

    response = api.patch(f"{FLAT}/{split_since.pk}", {"timestamp": "2026-01-02"})

    assert (response.status_code, response.json()["code"]) == (400, "as_of_required")
    assert api.get(f"{FLAT}/{split_since.pk}").json()["quantity_today"] == 40


@pytest.mark.parametrize(
    ("change", "today"),
    [
        ({"quantity": 44, "timestamp": "2026-01-07", "average_cost": 25}, 44),
        ({"quantity": 12, "timestamp": "2026-01-04"}, 48),  # on the same side of the split
        ({"quantity": 11, "timestamp": "2026-01-01"}, 44),
        ({"quantity": 10, "average_cost": 25}, 40),
        ({"average_cost": 25}, 40),
        ({"timestamp": "2026-01-04"}, 40),
        ({"timestamp": "2025-12-01"}, 40),
        ({"timestamp": "2026-01-07", "shares": 10, "average_cost": 25}, 10),
    ],
)
def test_what_says_of_when_it_is_or_leaves_the_quantity_is_taken(january, api, split_since, change, today):
    response = api.patch(f"{FLAT}/{split_since.pk}", change)

    assert (response.status_code, response.json()["quantity_today"]) == (200, today)


@pytest.mark.parametrize("verb", ["put", "patch"])
@pytest.mark.parametrize("name", ["quantity", "shares"])
@pytest.mark.parametrize("day", ["2026-01-05", "2026-01-07"])
def test_a_quantity_of_after_a_split_must_come_with_its_cost(january, api, split_since, verb, name, day):
    response = getattr(api, verb)(f"{FLAT}/{split_since.pk}", {name: 44, "timestamp": day})

    body = response.json()
    assert (response.status_code, body["code"]) == (400, "average_cost_required")
    assert body["errors"][0]["field"] == "average_cost"
    assert body["errors"][0]["message"] == (
        f"There was a split of {split_since.security} between 2026-01-01 and {day}: 4 for 1 on 2026-01-05. "
        f"Give with the timestamp the average cost of one unit as of {day}."
    )
    assert api.get(f"{FLAT}/{split_since.pk}").json()["quantity_today"] == 40


def test_a_quantity_of_before_a_split_must_come_with_its_cost_too(january, api, split_since):
    api.patch(f"{FLAT}/{split_since.pk}", {"timestamp": "2026-01-06", "quantity": 40, "average_cost": 25})

    response = api.patch(f"{FLAT}/{split_since.pk}", {"timestamp": "2026-01-02", "quantity": 10})

    assert (response.status_code, response.json()["code"]) == (400, "average_cost_required")


def test_with_its_cost_the_cost_of_all_stays_what_it_was(january, api, split_since):
    before = api.get(f"{FLAT}/{split_since.pk}").json()["cost_basis"]

    body = api.patch(
        f"{FLAT}/{split_since.pk}", {"quantity": 40, "timestamp": "2026-01-07", "average_price_per_share": 25}
    ).json()

    assert (before, body["cost_basis"]) == (1000, 1000)


def test_what_cost_nothing_costs_nothing_in_any_units(january, api, split_since):
    split_since.average_cost = 0
    split_since.save()

    response = api.patch(f"{FLAT}/{split_since.pk}", {"quantity": 40, "timestamp": "2026-01-07"})

    assert (response.status_code, response.json()["average_cost"]) == (200, 0)


# ---- Changes, lists ----


@pytest.mark.parametrize("verb", ["put", "patch"])
@pytest.mark.parametrize("is_nested", [True, False])
def test_only_what_is_sent_changes_and_never_what_is_held_where(api, user, verb, is_nested):
    holding = HoldingFactory(account__user=user)
    elsewhere, other = InvestmentAccountFactory(user=user), SecurityFactory()
    root = f"/api/v1/accounts/{holding.account_id}/holdings" if is_nested else FLAT

    response = getattr(api, verb)(
        f"{root}/{holding.pk}", {"shares": 4, "account_id": str(elsewhere.pk), "security_id": str(other.pk)}
    )

    body = response.json()
    assert response.status_code == 200
    assert (body["quantity"], body["average_cost"]) == (4, 100)
    assert (body["account_id"], body["security_id"]) == (str(holding.account_id), str(holding.security_id))


def test_a_holding_is_deleted_but_its_security_stays(api, user):
    holding = HoldingFactory(account__user=user)

    response = api.delete(f"{FLAT}/{holding.pk}")

    assert response.status_code == 204
    assert Security.objects.filter(pk=holding.security_id).exists()


def test_a_security_that_is_held_cannot_be_deleted(user):
    from django.db.models import ProtectedError

    holding = HoldingFactory(account__user=user)

    with pytest.raises(ProtectedError):
        holding.security.delete()


def test_the_flat_list_is_filtered_and_ordered(api, user):
    first = HoldingFactory(account__user=user, security__symbol="BBB")
    HoldingFactory(account=first.account, security__symbol="AAA")
    HoldingFactory(account__user=user, security=first.security)

    def symbols(query):
        return [row["security"]["symbol"] for row in api.get(FLAT, query).json()]

    assert symbols({}) == ["BBB", "AAA", "BBB"]
    assert symbols({"account": str(first.account_id)}) == ["BBB", "AAA"]
    assert symbols({"symbol": "bbb"}) == ["BBB", "BBB"]
    assert symbols({"ordering": "symbol"}) == ["AAA", "BBB", "BBB"]
    assert symbols({"ordering": "-symbol", "limit": 1}) == ["BBB"]
