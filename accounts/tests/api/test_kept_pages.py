"""First pages and rows that are kept as they were written show every change of them, whoever makes it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import Account, Holding
from accounts.tests.factories import AccountFactory, AccountValueFactory, HoldingFactory, InvestmentAccountFactory
from currencies.models import Currency
from finances import caching
from institutions.models import FinancialInstitution
from institutions.tests.factories import FinancialInstitutionFactory
from securities.models import Security, SecurityAction, SecurityPrice
from securities.tests.factories import SecurityActionFactory, SecurityPriceFactory
from users.models import User

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
LISTS = ("accounts", "holdings")


@pytest.fixture
def noon(time_machine):
    """It is 2026-03-10 at noon, UTC."""
    time_machine.move_to(NOON, tick=False)
    return time_machine


@pytest.fixture
def account(noon, user):
    """An account with an institution, a value and a holding, which has prices of today and of tomorrow."""
    bank = FinancialInstitutionFactory(user=user)
    account = InvestmentAccountFactory(user=user, financial_institution=bank, currency_id="USD")
    AccountValueFactory(account=account, timestamp=NOON - timedelta(days=1))
    AccountValueFactory(account=account, timestamp=NOON + timedelta(days=1), value=77)
    holding = HoldingFactory(account=account)
    for number in (9, 11):
        SecurityPriceFactory(security=holding.security, timestamp=datetime(2026, 3, number, tzinfo=UTC), close=number)
    return account


def shown(api, name):
    """Return what a list shows; see that it is what one with a query shows, which is never kept, and what rows show."""
    response, fresh = api.get(f"/api/v1/{name}"), api.get(f"/api/v1/{name}?offset=0")
    assert response.json() == fresh.json()
    assert [response[header] for header in ("X-Total-Count", "Link")] == [
        fresh[header] for header in ("X-Total-Count", "Link")
    ]
    assert [api.get(f"/api/v1/{name}/{row['id']}").json() for row in fresh.json()] == fresh.json()
    return response.json()


def saved(row, **values):
    """Change a row."""
    vars(row).update(values)
    row.save()


CHANGES = {
    "an institution": ("accounts", lambda: FinancialInstitution.objects.update(name="Another")),
    "an institution's kind": ("accounts", lambda: FinancialInstitution.objects.update(institution_type="insurer")),
    "a currency": ("accounts", lambda: Currency.objects.filter(code="USD").update(name="Buck")),
    "a currency that was saved": ("accounts", lambda: saved(Currency.objects.get(code="USD"), name="Buck")),
    "an institution that was saved": ("accounts", lambda: saved(FinancialInstitution.objects.get(), name="Another")),
    "an institution that goes": ("accounts", lambda: FinancialInstitution.objects.all().delete()),
    "a currency's places": ("accounts", lambda: Currency.objects.filter(code="USD").update(decimal_places=3)),
    "an account": ("accounts", lambda: Account.objects.update(name="Another")),
    "an account that was saved": ("accounts", lambda: Account.objects.get().save()),
    "a value": ("accounts", lambda: AccountValueFactory(account=Account.objects.get(), timestamp=NOON)),
    "one more account": ("accounts", lambda: AccountFactory(user=Account.objects.get().user)),
    "a security": ("holdings", lambda: Security.objects.update(name="Another")),
    "a security that was saved": ("holdings", lambda: saved(Security.objects.get(), name="Another")),
    "a security's market": ("holdings", lambda: Security.objects.update(market_cap=5)),
    "a security's currency": ("holdings", lambda: Security.objects.update(currency_id="CAD")),
    "a sync that begins": ("holdings", lambda: Security.objects.update(sync_started_at=timezone.now())),
    "a price": ("holdings", lambda: SecurityPrice.objects.filter(timestamp__lt=NOON).update(close=8)),
    "one more price": (
        "holdings",
        lambda: SecurityPriceFactory(
            security=Security.objects.get(), timestamp=datetime(2026, 3, 10, tzinfo=UTC), close=12
        ),
    ),
    "a price that goes": ("holdings", lambda: SecurityPrice.objects.filter(timestamp__lt=NOON).delete()),
    "a split": (
        "holdings",
        lambda: SecurityActionFactory(security=Security.objects.get(), kind="split", value=4, date=date(2026, 3, 1)),
    ),
    "a holding": ("holdings", lambda: Holding.objects.update(quantity=3)),
    "one more holding": ("holdings", lambda: HoldingFactory(account=Account.objects.get())),
    "a holding that goes": ("holdings", lambda: Holding.objects.get().delete()),
}


@pytest.mark.parametrize(("name", "change"), CHANGES.values(), ids=CHANGES)
def test_a_change_of_what_a_list_shows_is_seen_at_once(noon, account, api, name, change):
    before = [shown(api, name), shown(api, name)]
    noon.shift(timedelta(seconds=1))

    change()

    assert before[0] == before[1] != shown(api, name)


def test_a_split_that_is_taken_back_is_seen_at_once(account, api):
    split = SecurityActionFactory(security=Security.objects.get(), kind="split", value=4, date=date(2026, 3, 1))
    before = shown(api, "holdings")

    SecurityAction.objects.filter(pk=split.pk).delete()

    assert before != shown(api, "holdings")


@pytest.mark.parametrize("name", LISTS)
def test_a_new_day_brings_its_values_and_prices(noon, account, user, signed_in, name):
    before = shown(signed_in(user), name)

    noon.shift(timedelta(days=1))

    assert before != shown(signed_in(user), name)


@pytest.mark.parametrize("name", LISTS)
def test_a_new_day_comes_with_another_time_zone_too(noon, account, user, signed_in, name):
    noon.move_to(datetime(2026, 3, 10, 23, 30, tzinfo=UTC), tick=False)
    AccountValueFactory(account=account, timestamp=datetime(2026, 3, 11, 5, tzinfo=UTC), value=78)
    before = shown(signed_in(user), name)

    User.objects.filter(pk=user.pk).update(timezone="Asia/Tokyo")

    assert before != shown(signed_in(user), name)


def test_another_time_zone_counts_for_the_days_of_splits(noon, account, user, api):
    Holding.objects.update(timestamp=datetime(2026, 2, 28, 23, 30, tzinfo=UTC))
    SecurityActionFactory(security=Security.objects.get(), kind="split", value=4, date=date(2026, 3, 1))
    assert shown(api, "holdings")[0]["quantity_today"] == 40

    User.objects.filter(pk=user.pk).update(timezone="Asia/Tokyo")  # where it is the same day, but was the next then

    assert shown(api, "holdings")[0]["quantity_today"] == 10


def test_a_sync_that_never_ends_is_over_in_time(noon, account, api):
    Security.objects.update(sync_started_at=NOON)
    assert shown(api, "holdings")[0]["security"]["is_syncing"] is True

    noon.shift(timedelta(minutes=11))

    assert shown(api, "holdings")[0]["security"]["is_syncing"] is False


def test_nobody_is_shown_what_was_kept_for_another(account, api, stranger, signed_in):
    assert len(shown(api, "holdings")) == 1

    assert shown(signed_in(stranger), "holdings") == shown(signed_in(stranger), "accounts") == []


@pytest.mark.parametrize(
    "path",
    [
        "accounts",
        "accounts/{account}",
        "holdings",
        "holdings/{holding}",
        "accounts/{account}/values",
        "accounts/{account}/holdings",
    ],
)
def test_what_has_not_changed_is_not_read_again(account, api, path, django_assert_num_queries):
    address = f"/api/v1/{path.format(account=account.pk, holding=Holding.objects.get().pk)}"
    before = api.get(address)

    with django_assert_num_queries(1):  # who asks, and what has changed
        after = api.get(address)

    assert (after.content, after.get("Link"), after["ETag"]) == (before.content, before.get("Link"), before["ETag"])


@pytest.mark.parametrize("name", LISTS)
def test_a_page_is_kept_once_however_its_address_ends(account, api, name):
    before = api.get(f"/api/v1/{name}")
    kept = len(caching.near.kept)

    after = api.get(f"/api/v1/{name}/")

    assert after.content == before.content
    assert len(caching.near.kept) == kept > 0


@pytest.mark.parametrize("name", ["accounts", "holdings"])
@pytest.mark.parametrize("key", ["nothing", "00000000-0000-0000-0000-000000000000"])
def test_a_row_that_does_not_exist_is_asked_for_in_vain(account, api, name, key):
    assert [api.get(f"/api/v1/{name}/{key}").status_code for _ in range(2)] == [404, 404]


@pytest.mark.parametrize("name", ["accounts", "holdings"])
def test_a_strangers_row_does_not_exist_though_it_is_kept(account, api, stranger, signed_in, name):
    [row] = api.get(f"/api/v1/{name}").json()
    api.get(f"/api/v1/{name}/{row['id']}")

    assert signed_in(stranger).get(f"/api/v1/{name}/{row['id']}").status_code == 404


@pytest.mark.parametrize("name", ["accounts", "holdings"])
def test_a_row_that_is_gone_is_not_shown_any_more(account, api, name):
    [row] = api.get(f"/api/v1/{name}").json()
    api.get(f"/api/v1/{name}/{row['id']}")

    api.delete(f"/api/v1/{name}/{row['id']}")

    assert api.get(f"/api/v1/{name}/{row['id']}").status_code == 404


@pytest.mark.parametrize("name", ["accounts", "holdings"])
def test_the_tag_of_a_kept_row_is_good_for_a_write(account, api, name):
    [row] = api.get(f"/api/v1/{name}").json()
    address = f"/api/v1/{name}/{row['id']}"
    tag = [api.get(address)["ETag"] for _ in range(2)][1]

    written = [api.patch(address, {}, headers={"If-Match": found}).status_code for found in (tag, '"another.one"')]

    assert (written, api.get(address, headers={"If-None-Match": tag}).status_code) == ([200, 412], 304)


def test_links_name_the_host_that_was_asked(account, api, settings):
    settings.ALLOWED_HOSTS = ["*"]

    hosts = [api.get("/api/v1/accounts", headers={"Host": host})["Link"] for host in ("one.example", "two.example")]

    assert ["one.example" in hosts[0], "two.example" in hosts[1]] == [True, True]
