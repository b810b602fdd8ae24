import pytest

from finances.exceptions import ProviderRateLimitedError, ProviderUnavailableError
from securities import services
from securities.models import Security, SecurityPrice
from securities.services import SecurityNotFoundError
from securities.tests.factories import SecurityFactory
from securities.tests.shelf import dividend

pytestmark = pytest.mark.django_db


def test_a_stored_security_is_found_by_id_and_by_symbol_in_any_case(shelf):
    security = SecurityFactory(symbol="BRK-B")

    assert services.get_or_fetch("brk-b") == services.get_or_fetch(str(security.pk)) == security
    assert shelf.calls == []


def test_an_unknown_one_is_fetched_and_stored_with_its_prices(shelf):
    shelf.put("ACME", closes=[100, 101], actions=[dividend("2026-03-03", 1)], sector="Tools", market_cap=10**12)

    security = services.get_or_fetch("acme")

    assert (security.symbol, security.name, security.asset_class) == ("ACME", "ACME Inc.", "equity")
    assert (security.currency_id, security.sector, security.market_cap) == ("USD", "Tools", 10**12)
    assert (security.timezone, security.prices_version) == ("America/New_York", 1)
    assert SecurityPrice.objects.filter(security=security).count() == 2


def test_it_is_stored_without_prices_when_there_are_none(shelf):
    shelf.put("ACME")

    security = services.get_or_fetch("ACME")

    assert security.last_synced_at is not None
    assert not SecurityPrice.objects.exists()


def test_a_currency_that_is_not_ours_stays_unknown(shelf):
    shelf.put("ACME", closes=[100], currency="QQQ")

    assert services.get_or_fetch("ACME").currency_id is None


def test_a_symbol_that_nobody_knows_is_remembered_as_such(shelf):
    for _ in range(2):
        with pytest.raises(SecurityNotFoundError, match="There is no security NOPE"):
            services.get_or_fetch("NOPE")

    assert len(shelf.asked("profile")) == 1


@pytest.mark.parametrize("name", ["a b", "x" * 33, "", "É", "A'B", "../x", "A\x00"])
def test_what_cannot_be_a_symbol_is_nobodys_and_nobody_is_asked(shelf, name):
    with pytest.raises(SecurityNotFoundError):
        services.get_or_fetch(name)

    assert shelf.calls == []


@pytest.mark.parametrize("failure", [ProviderUnavailableError("Away."), ProviderRateLimitedError("Slower.")])
def test_when_the_provider_is_away_nothing_is_stored_nor_remembered(shelf, failure):
    shelf.put("ACME", closes=[100])
    shelf.failure = failure
    with pytest.raises(type(failure)):
        services.get_or_fetch("ACME")

    assert not Security.objects.exists()
    shelf.failure = None
    assert services.get_or_fetch("ACME").symbol == "ACME"


def test_nothing_is_stored_when_the_prices_cannot_be_had(shelf):
    shelf.put("ACME", closes=[100])

    def fail():
        raise ProviderUnavailableError("Away.")

    shelf.during_history = fail

    with pytest.raises(ProviderUnavailableError):
        services.get_or_fetch("ACME")

    assert not Security.objects.exists()


def test_when_somebody_was_faster_theirs_is_returned(shelf):
    shelf.put("ACME", closes=[100])
    shelf.during_history = lambda: SecurityFactory(symbol="ACME", name="Theirs")

    assert services.get_or_fetch("ACME").name == "Theirs"


def test_without_a_provider_only_stored_ones_are_known(settings):
    settings.PRICE_PROVIDERS = []

    with pytest.raises(SecurityNotFoundError):
        services.get_or_fetch("ACME")


def test_a_profile_is_brought_up_to_date(shelf):
    security = SecurityFactory(symbol="ACME", name="Old", sector="Kept")
    shelf.put("ACME", name="New", industry="Hammers")

    services.refresh_profile(security=security)

    security.refresh_from_db()
    assert (security.name, security.sector, security.industry) == ("New", "Kept", "Hammers")


def test_what_is_changed_while_the_provider_is_asked_stays(shelf):
    security = SecurityFactory(symbol="ACME", name="Old", sector="")
    shelf.put("ACME", name="New")
    shelf.during_profile = lambda: Security.objects.update(sector="Tools")

    services.refresh_profile(security=security)

    security.refresh_from_db()
    assert (security.name, security.sector) == ("New", "Tools")


def test_a_security_that_is_deleted_while_the_provider_is_asked_stays_deleted(shelf):
    security = SecurityFactory(symbol="ACME")
    shelf.put("ACME")
    shelf.during_profile = lambda: Security.objects.all().delete()

    with pytest.raises(SecurityNotFoundError):
        services.refresh_profile(security=security)

    assert not Security.objects.exists()
