"""What becomes of questions to Yahoo while it fails, at the provider and at the API."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from finances import http
from finances.exceptions import ProviderRateLimitedError, ProviderUnavailableError
from securities.intervals import Interval
from securities.models import Security, SecurityPrice
from securities.providers.yahoo import Yahoo

PROVIDER = Yahoo()
EVENING = datetime(2026, 3, 13, 21, 30, tzinfo=UTC)
SILENCE = ["500", "garbage", "html", "down", "slow"]


@pytest.fixture(autouse=True)
def _evening(yahoo, settings):
    settings.HTTP_TIMEOUT, yahoo.slow_seconds = 0.5, 1.0
    with time_machine.travel(EVENING):
        yield


def history(symbol="ACME"):
    return PROVIDER.history(symbol, interval=Interval.DAY, since=date(2026, 3, 9), until=date(2026, 3, 30))


@pytest.mark.parametrize("mode", SILENCE)
@pytest.mark.parametrize("ask", [history, PROVIDER.profile, lambda symbol: PROVIDER.quotes([symbol])])
def test_silence_is_an_outage_and_never_no_data(yahoo, ask, mode):
    yahoo.mode = mode

    with pytest.raises(ProviderUnavailableError):
        ask("ACME")


@pytest.mark.parametrize("mode", [*SILENCE, "429"])
def test_while_yahoo_fails_its_old_answers_serve_for_a_week(yahoo, mode):
    fresh = history()
    yahoo.mode = mode

    with time_machine.travel(EVENING + timedelta(days=6)):
        stale = history()
        stats = http.stats()

    assert stale.is_stale
    assert stale.bars == fresh.bars
    assert stats["stale_hits"] == 2
    assert "yahoo" in stats["cooldowns"] or mode != "429"


def test_old_profiles_serve_too_although_no_crumb_can_be_had(yahoo):
    fresh = PROVIDER.profile("ACME")
    http.forget_sessions()
    yahoo.mode = "429"

    with time_machine.travel(EVENING + timedelta(days=6)):
        stale = PROVIDER.profile("ACME")

    assert stale == fresh


def test_a_429_stops_all_requests_for_as_long_as_yahoo_says(yahoo):
    yahoo.mode, yahoo.retry_after = "429", "120"

    with pytest.raises(ProviderRateLimitedError) as first:
        history()
    asked = yahoo.count()
    with pytest.raises(ProviderRateLimitedError):
        PROVIDER.search("acme", limit=5)

    assert first.value.retry_after == 120
    assert asked == yahoo.count() == 1
    assert http.stats()["cooldowns"] == {"yahoo": {"seconds": 120, "reason": "rate limited"}}


def test_a_429_to_the_crumb_is_one_of_yahoos(yahoo):
    yahoo.mode = "429"

    with pytest.raises(ProviderRateLimitedError):
        PROVIDER.profile("ACME")

    assert yahoo.count("getcrumb") == 1
    assert yahoo.count("quoteSummary") == 0


def test_consent_is_given_once(yahoo):
    yahoo.mode = "consent"

    first, second = history(), history("BOLT")

    assert len(first.bars) == len(second.bars) == 5
    assert yahoo.count("collectConsent") == 1


def test_a_crumb_that_is_refused_is_replaced(yahoo):
    PROVIDER.profile("ACME")
    yahoo.crumb = "an0therOne"

    profile = PROVIDER.profile("BOLT")

    assert profile.name == "Bolt & Nut Corporation"


def test_what_was_never_seen_is_a_503_that_says_when_to_come_back(yahoo, api):
    yahoo.mode, yahoo.retry_after = "429", "77"

    response = api.get("/api/v1/securities/ACME")

    assert response.status_code == 503
    assert response.json()["code"] == "provider_rate_limited"
    assert 70 <= int(response["Retry-After"]) <= 77
    assert not Security.objects.exists()


@pytest.mark.parametrize("mode", ["500", "down", "garbage"])
def test_an_outage_is_a_503_that_says_when_to_come_back(yahoo, api, mode):
    yahoo.mode = mode

    response = api.get("/api/v1/securities/ACME/prices")

    assert response.status_code == 503
    assert response.json()["code"] == "provider_unavailable"
    assert int(response["Retry-After"]) > 0
    assert not SecurityPrice.objects.exists()


def test_an_unknown_symbol_is_a_404_that_is_remembered_for_an_hour(yahoo, api):
    first = api.get("/api/v1/securities/NOPE")
    asked = yahoo.count()

    second = api.get("/api/v1/securities/NOPE")

    assert (first.status_code, second.status_code) == (404, 404)
    assert yahoo.count() == asked


def test_a_sync_during_an_outage_serves_what_is_left_and_says_so(yahoo, user, signed_in):
    signed_in(user).get("/api/v1/securities/GADGET")
    signed_in(user).post("/api/v1/securities/GADGET/sync")
    yahoo.mode = "down"

    # nothing was stored since, so that a day later the same window is asked for
    with time_machine.travel(EVENING + timedelta(hours=26)):
        response = signed_in(user).post("/api/v1/securities/GADGET/sync")

    assert response.status_code == 200
    assert response.json()["message"].endswith("The provider is away; this is an older answer of its own.")


def test_a_search_during_an_outage_shows_what_is_stored(yahoo, api):
    api.get("/api/v1/securities/ACME")
    yahoo.mode = "500"

    response = api.get("/api/v1/securities/search?q=acme")

    assert [found["symbol"] for found in response.json()] == ["ACME"]
    assert "Only stored securities are shown" in response["Warning"]
