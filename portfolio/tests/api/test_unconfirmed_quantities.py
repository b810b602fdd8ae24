"""A quantity that was told after a split which was not known yet: nobody knows which shares it counts."""

from datetime import date
from fractions import Fraction

import pytest
import time_machine

from accounts.models import Holding
from accounts.tests.factories import AccountValueFactory, HoldingFactory, InvestmentAccountFactory
from portfolio.tests.api.conftest import at
from securities.tests.factories import SecurityActionFactory, SecurityFactory, SecurityPriceFactory

pytestmark = pytest.mark.django_db
ROOT = "/api/v1"
REASON = (
    "The quantity of ACME as of 2026-11-20 was told after its split of 2026-11-27, which was not known here yet. "
    "Record the quantity again, with its day: 2026-11-27, and the average cost, if it counts the shares after the "
    "split, 2026-11-20 if those before."
)
MISSING = [{"kind": "quantity_unconfirmed", "name": "ACME", "reason": REASON}]


def on(text):
    return time_machine.travel(at(text), tick=False)


class SignedInAnew:
    """A client whose token is never older than what it asks."""

    def __init__(self, sign_in):
        self._sign_in = sign_in

    def __getattr__(self, verb):
        return getattr(self._sign_in(), verb)


@pytest.fixture
def api(user, signed_in):
    return SignedInAnew(lambda: signed_in(user))


@pytest.fixture
def now():
    with on("2026-11-29") as traveller:
        yield traveller


@pytest.fixture
def holding(user):
    """Ten shares as of 2026-11-20, at 100 until 2026-11-27, when they are split 4:1."""
    user.base_currency_id = "USD"
    user.save()
    security = SecurityFactory(symbol="ACME")
    for day, close in [(20, "100"), (26, "100"), (27, "25")]:
        SecurityPriceFactory(security=security, timestamp=at(f"2026-11-{day}T00:00"), close=close)
    account = InvestmentAccountFactory(user=user, currency_id="USD")
    with on("2026-11-20"):
        AccountValueFactory(account=account, timestamp=at("2026-11-20"), value="1000", cash_balance="0")
        return HoldingFactory(account=account, security=security, quantity="10", timestamp=at("2026-11-20"))


def learn_of_the_split(holding):
    SecurityActionFactory(security=holding.security, kind="split", date=date(2026, 11, 27), value="4")


def change(api, holding, **fields):
    response = api.put(f"/api/v1/holdings/{holding.pk}", fields)
    assert response.status_code == 200, response.json()
    return response.json()


@pytest.fixture
def doubtful(api, holding, now):
    """Forty shares told on 2026-11-28, a day before the split is known."""
    now.move_to(at("2026-11-28"))
    change(api, holding, quantity=40)
    now.move_to(at("2026-11-29"))
    learn_of_the_split(holding)
    return holding


def kinds(figure):
    return [one["kind"] for one in figure["missing"] if one["kind"] == "quantity_unconfirmed"]


def every_figure(api, holding):
    """Return each figure of 2026-11-29 that the holding is in."""
    dashboard = api.get(f"{ROOT}/dashboard").json()
    valuation = api.get(f"/api/v1/accounts/{holding.account_id}/valuation").json()
    explained = api.get(f"{ROOT}/explain").json()
    found = [dashboard[name] for name in ("net_worth", "assets", "invested")]
    found += [*dashboard["top_holdings"], *dashboard["by_asset_class"], *dashboard["by_currency"], valuation, explained]
    for by in ("security", "asset_class", "sector", "account", "institution", "currency"):
        allocation = api.get(f"{ROOT}/allocation", {"by": by}).json()
        found += [allocation["total"], *allocation["parts"]]
    return [figure for figure in found if figure.get("key") != "cash"]


def test_a_quantity_told_after_a_split_nobody_knew_of_is_named_in_every_figure_that_it_is_in(api, doubtful):
    figures = every_figure(api, doubtful)

    assert len(figures) > 15
    for figure in figures:
        assert (figure["value"], figure["complete"]) == (4000, False)  # by the rule: 40 x 4 x 25
        assert [one for one in figure["missing"] if one["kind"] == "quantity_unconfirmed"] == MISSING
        assert "ACME, quantity not confirmed" in [one["name"] for one in figure["left_out"]]


def test_it_is_named_on_each_day_of_the_series_that_it_is_of(api, doubtful):
    body = api.get(f"{ROOT}/net-worth", {"start": "2026-11-19", "end": "2026-11-29", "by": "account"}).json()

    [place] = [place for place, one in enumerate(body["missing"]) if one["kind"] == "quantity_unconfirmed"]
    assert (body["missing"][place]["first_on"], body["missing"][place]["last_on"]) == ("2026-11-20", "2026-11-29")
    assert [place in point["missing"] for point in body["points"]] == [False, *[True] * 10]
    assert not any(point["complete"] for point in body["points"][1:])
    assert [body["points"][at]["net_worth"] for at in (1, -1)] == [4000, 4000]


def test_the_holding_itself_says_so(api, doubtful):
    flat = api.get(f"/api/v1/holdings/{doubtful.pk}").json()

    assert (flat["quantity_today"], flat["quantity_unconfirmed"]) == (160, REASON)
    assert [each["quantity_unconfirmed"] for each in api.get("/api/v1/holdings").json()] == [REASON]


def test_an_explanation_names_the_split_and_adds_up(api, doubtful):
    [account] = api.get(f"{ROOT}/explain").json()["tree"]["children"]

    [doubt] = [node for node in account["children"] if node["name"] == "ACME, quantity not confirmed"]
    assert ([each["kind"] for each in doubt["inputs"]], doubt["value"]) == (["split"], None)
    assert sum(Fraction(node["exact"]) for node in account["children"] if node["exact"] is not None) == 4000


@pytest.mark.parametrize(
    ("fields", "quantity", "worth"),
    [
        ({"quantity": 40, "timestamp": "2026-11-27", "average_cost": 25}, 40, 1000),
        ({"quantity": 40, "timestamp": "2026-11-29", "average_cost": 25}, 40, 1000),
        ({"quantity": 40, "timestamp": "2026-11-20"}, 160, 4000),  # what was stored, and now it is certain
        ({"quantity": 10, "timestamp": "2026-11-20"}, 40, 1000),
    ],
)
def test_to_record_it_again_with_its_day_ends_it_at_once(api, doubtful, fields, quantity, worth):
    every_figure(api, doubtful)  # which are kept

    body = change(api, doubtful, **fields)

    assert (body["quantity_today"], body["quantity_unconfirmed"]) == (quantity, None)
    for figure in every_figure(api, doubtful):
        assert (figure["value"], kinds(figure)) == (worth, [])


@pytest.mark.parametrize(
    "fields", [{"average_cost": 7}, {"quantity": 40, "average_cost": 7}, {"timestamp": "2026-11-21"}]
)
def test_what_does_not_tell_the_quantity_with_its_day_ends_nothing(api, doubtful, fields):
    body = change(api, doubtful, **fields)

    assert body["quantity_unconfirmed"].startswith("The quantity of ACME as of 2026-11-2")
    assert kinds(api.get(f"{ROOT}/dashboard").json()["net_worth"]) == ["quantity_unconfirmed"]


def test_another_cost_after_it_was_confirmed_brings_no_doubt_back(api, doubtful):
    change(api, doubtful, quantity=40, timestamp="2026-11-20")

    assert change(api, doubtful, average_cost=7)["quantity_unconfirmed"] is None
    assert kinds(api.get(f"{ROOT}/dashboard").json()["net_worth"]) == []


def test_the_figures_that_are_kept_are_dropped_when_the_split_is_learnt(api, holding, now):
    now.move_to(at("2026-11-28"))
    change(api, holding, quantity=40)
    before = api.get(f"{ROOT}/dashboard").json()["net_worth"]
    now.move_to(at("2026-11-28T13:00"))

    learn_of_the_split(holding)

    after = api.get(f"{ROOT}/dashboard").json()["net_worth"]
    assert (before["value"], kinds(before)) == (1000, [])
    assert (after["value"], kinds(after)) == (4000, ["quantity_unconfirmed"])


@pytest.mark.parametrize(
    ("told_on", "fields"),
    [
        ("2026-11-26", {"quantity": 40}),  # before the split
        ("2026-11-28", {"quantity": 40, "timestamp": "2026-11-27"}),  # of after it
        ("2026-11-28", {"average_cost": 7}),  # the quantity was told long before
    ],
)
def test_what_was_told_before_a_split_or_is_of_after_it_is_certain(api, holding, now, told_on, fields):
    now.move_to(at(told_on))
    change(api, holding, **fields)
    now.move_to(at("2026-11-29"))

    learn_of_the_split(holding)

    assert api.get(f"/api/v1/holdings/{holding.pk}").json()["quantity_unconfirmed"] is None
    assert kinds(api.get(f"{ROOT}/dashboard").json()["net_worth"]) == []


def test_a_split_that_was_known_leaves_no_doubt(api, holding, now):
    now.move_to(at("2026-11-27"))
    learn_of_the_split(holding)
    now.move_to(at("2026-11-28"))

    body = change(api, holding, quantity=40, timestamp="2026-11-20")

    assert (body["quantity_today"], body["quantity_unconfirmed"]) == (160, None)


def test_a_new_holding_of_a_day_before_a_split_that_is_learnt_later_is_doubtful_too(api, holding, now):
    Holding.objects.all().delete()
    now.move_to(at("2026-11-28"))
    again = HoldingFactory(
        account=holding.account, security=holding.security, quantity="40", timestamp=at("2026-11-20")
    )
    now.move_to(at("2026-11-29"))

    learn_of_the_split(holding)

    assert api.get(f"/api/v1/holdings/{again.pk}").json()["quantity_unconfirmed"] == REASON
    assert kinds(api.get(f"{ROOT}/dashboard").json()["net_worth"]) == ["quantity_unconfirmed"]
