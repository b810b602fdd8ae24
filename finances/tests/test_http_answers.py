"""What the way out answers: fresh, cached, stale, or an error of ours."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from finances import http
from finances.exceptions import (
    ProviderError,
    ProviderNotFoundError,
    ProviderRateLimitedError,
    ProviderUnavailableError,
)
from finances.http import transport
from tests.stand_in.server import HTML, Reply

HOUR = timedelta(hours=1)


def refuse_html(status, body):
    if body.startswith(b"<!DOCTYPE"):
        raise ProviderUnavailableError("That is a page.")


POLICY = http.Policy(
    name="test",
    title="The test server",
    ttl={re.compile(r"/kept$"): HOUR, "*/latest/*": HOUR},
    examine=refuse_html,
    gap=timedelta(0),
    max_bytes=100_000,
)


@pytest.fixture
def kept(stand_in):
    """Return the URL of an answer that is kept for an hour."""
    stand_in.routes["/kept"] = Reply(b'{"answer": 42}')
    return f"{stand_in.url}/kept"


def later(**duration):
    return time_machine.travel(datetime.now(UTC) + timedelta(**duration))


def counts():
    stats = http.stats()
    return {name: stats[name] for name in ("hits", "stale_hits", "misses", "errors", "total_requests")}


def test_an_answer_is_asked_for_once_while_it_is_fresh(stand_in, kept):
    first, second = http.get(POLICY, kept), http.get(POLICY, kept)

    assert first.body == second.body == b'{"answer": 42}'
    assert not second.is_stale
    assert len(stand_in.received) == 1


def test_a_url_without_a_pattern_is_never_kept(stand_in):
    stand_in.routes["/other"] = Reply(b"42")

    http.get(POLICY, f"{stand_in.url}/other")
    http.get(POLICY, f"{stand_in.url}/other")

    assert len(stand_in.received) == 2
    assert http.stats()["size"] == 0


def test_parameters_make_another_answer(stand_in, kept):
    policy = http.Policy(name="test", title="The test server", ttl={re.compile("kept"): HOUR}, gap=timedelta(0))
    stand_in.routes["/kept?day=1"] = Reply(b"one")
    stand_in.routes["/kept?day=2"] = Reply(b"two")

    bodies = [http.get(policy, kept, params={"day": day}).body for day in ("1", "2", "1")]

    assert bodies == [b"one", b"two", b"one"]
    assert len(stand_in.received) == 2


def test_an_expired_answer_is_asked_for_again(stand_in, kept):
    http.get(POLICY, kept)
    stand_in.routes["/kept"] = Reply(b"43")

    with later(hours=2):
        answer = http.get(POLICY, kept)

    assert answer.body == b"43"
    assert not answer.is_stale


def test_what_is_still_going_on_is_fresh_for_a_quarter_of_an_hour(stand_in, kept):
    current = replace(POLICY, name="current", is_current=lambda url: url.endswith("/kept"))
    http.get(current, kept)
    stand_in.routes["/kept"] = Reply(b"43")

    with later(minutes=14):
        fresh = http.get(current, kept)
    with later(minutes=16):
        asked_again = http.get(current, kept)

    assert (fresh.body, asked_again.body) == (b'{"answer": 42}', b"43")


def test_an_expired_answer_that_the_server_confirms_is_kept_on(stand_in, kept):
    stand_in.routes["/kept"] = Reply(b"42", headers={"ETag": '"one"'})
    http.get(POLICY, kept)
    stand_in.routes["/kept"] = Reply(b"", status=304, headers={"ETag": '"one"'})

    with later(hours=2):
        confirmed = http.get(POLICY, kept)
        kept_on = http.get(POLICY, kept)

    assert confirmed.body == kept_on.body == b"42"
    assert not confirmed.is_stale
    assert [request.headers.get("If-None-Match") for request in stand_in.received] == [None, '"one"']


FAILING = ["429", "500", "503", "slow", "drip", "html", "empty", "down", "cut_off", "huge", "redirect_to_http",
           "redirect_loop", "no_content"]  # fmt: skip


@pytest.mark.parametrize("mode", FAILING)
def test_while_a_server_fails_its_old_answer_serves_for_a_week(stand_in, kept, settings, mode):
    settings.HTTP_TIMEOUT = 0.2
    stand_in.slow_seconds = 0.4
    http.get(POLICY, kept)
    stand_in.mode = mode

    with later(days=6):
        stale = http.get(POLICY, kept)

    assert stale.body == b'{"answer": 42}'
    assert stale.is_stale
    assert counts() == {"hits": 0, "stale_hits": 1, "misses": 1, "errors": 0, "total_requests": 2}


@pytest.mark.parametrize("mode", FAILING)
def test_a_failing_server_without_an_old_answer_is_a_typed_error(stand_in, kept, settings, mode):
    settings.HTTP_TIMEOUT = 0.2
    stand_in.slow_seconds = 0.4
    stand_in.mode = mode

    with pytest.raises((ProviderRateLimitedError, ProviderUnavailableError)) as failed:
        http.get(POLICY, kept)

    assert failed.value.message.endswith(".")
    assert counts() == {"hits": 0, "stale_hits": 0, "misses": 0, "errors": 1, "total_requests": 1}
    assert http.stats()["size"] == 0


def test_after_a_week_an_old_answer_serves_no_more(stand_in, kept):
    http.get(POLICY, kept)
    stand_in.mode = "500"

    with later(days=8), pytest.raises(ProviderUnavailableError):
        http.get(POLICY, kept)


def test_an_answer_that_trickles_in_for_too_long_is_given_up(stand_in, kept, settings):
    settings.HTTP_TIMEOUT = 0.2  # for each byte; three times that for the whole
    stand_in.routes["/kept"] = Reply(b"x" * 100)
    stand_in.slow_seconds = 0.05
    stand_in.mode = "drip"

    with pytest.raises(ProviderUnavailableError, match="ReadTimeout"):
        http.get(POLICY, kept)


def test_a_definite_no_is_not_hidden_behind_an_old_answer(stand_in, kept):
    http.get(POLICY, kept)
    stand_in.mode = "not_found"

    with later(hours=2), pytest.raises(ProviderNotFoundError):
        http.get(POLICY, kept)


def test_a_server_that_refuses_is_asked_on(stand_in, kept):
    stand_in.mode = "invalid_key"

    for _ in range(4):
        with pytest.raises(ProviderError, match="refuses the request"):
            http.get(POLICY, kept)

    assert len(stand_in.received) == 4


def test_after_a_429_nothing_goes_out_and_old_answers_serve(stand_in, kept):
    http.get(POLICY, kept)
    stand_in.mode, stand_in.retry_after = "429", "120"

    with later(hours=2):
        answers = [http.get(POLICY, kept) for _ in range(3)]
        with pytest.raises(ProviderRateLimitedError) as refused:
            http.get(POLICY, f"{stand_in.url}/another")
        cooldowns = http.stats()["cooldowns"]

    assert all(answer.is_stale for answer in answers)
    assert len(stand_in.received) == 2
    assert 115 <= refused.value.retry_after <= 120
    assert cooldowns["test"]["reason"] == "rate limited"


def test_after_three_failures_nothing_goes_out(stand_in, kept):
    stand_in.mode = "500"

    for _ in range(5):
        with pytest.raises(ProviderUnavailableError):
            http.get(POLICY, kept)

    assert len(stand_in.received) == 3


def test_one_server_at_rest_does_not_stop_another(stand_in, kept):
    stand_in.mode = "429"
    other = http.Policy(name="other", title="Another server", ttl={}, gap=timedelta(0))
    with pytest.raises(ProviderRateLimitedError):
        http.get(POLICY, kept)
    stand_in.mode = "ok"

    answer = http.get(other, kept)

    assert answer.body == b'{"answer": 42}'


def test_a_page_in_the_place_of_an_answer_is_not_kept(stand_in, kept):
    stand_in.routes["/kept"] = Reply(HTML)

    with pytest.raises(ProviderUnavailableError, match=r"That is a page\."):
        http.get(POLICY, kept)

    assert http.stats()["size"] == 0


def test_a_certificate_of_nobody_is_refused(stand_in, kept, monkeypatch):
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")

    with pytest.raises(ProviderUnavailableError, match="SSLError"):
        http.get(POLICY, kept)


def test_a_redirect_within_https_is_followed(stand_in, kept):
    stand_in.routes["/moved"] = Reply(b"", status=302, headers={"Location": "/kept"})

    answer = http.get(POLICY, f"{stand_in.url}/moved")

    assert answer.body == b'{"answer": 42}'


@pytest.mark.parametrize("target", ["http://127.0.0.1:1/", "file:///etc/hostname", "ftp://127.0.0.1/", "javascript:1"])
def test_a_redirect_out_of_https_is_not_followed(stand_in, kept, target):
    stand_in.routes["/kept"] = Reply(b"", status=302, headers={"Location": target})

    with pytest.raises(ProviderUnavailableError):
        http.get(POLICY, kept)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "120"}, 120),
        ({"Retry-After": " 0 "}, 0),
        ({"Retry-After": "Fri, 30 Oct 2026 12:02:00 GMT"}, 120),
        ({"Retry-After": "Fri, 30 Oct 2026 11:00:00 GMT"}, 0),
        # By the server's own clock, which is an hour behind ours.
        ({"Retry-After": "Fri, 30 Oct 2026 11:02:00 GMT", "Date": "Fri, 30 Oct 2026 11:00:00 GMT"}, 120),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "1e3"}, None),
        ({"Retry-After": "9" * 100}, None),
        ({"Retry-After": "٣"}, None),
        ({"Retry-After": "Fri, 99 Oct 2026 12:02:00 GMT"}, None),
    ],
)
def test_retry_after_is_read_in_both_forms(headers, seconds):
    noon = datetime(2026, 10, 30, 12, 0, tzinfo=UTC)

    assert transport.seconds_to_wait(headers, noon) == seconds


def test_the_counters_add_up(stand_in, kept):
    http.get(POLICY, kept)
    http.get(POLICY, kept)
    http.get(POLICY, kept)
    with pytest.raises(ProviderNotFoundError):
        http.get(POLICY, f"{stand_in.url}/nothing")

    stats = http.stats()

    assert counts() == {"hits": 2, "stale_hits": 0, "misses": 1, "errors": 1, "total_requests": 4}
    assert stats["hit_rate"] == 0.5
    assert stats["size"] == 1
    assert stats["cooldowns"] == {}


def test_nothing_asked_yet_is_a_hit_rate_of_zero(http_store):
    stats = http.stats()

    assert stats["backend"] == http_store
    assert stats["total_requests"] == 0
    assert stats["hit_rate"] == 0.0


def test_a_cache_that_is_away_is_a_typed_error(stand_in, kept, settings, tmp_path):
    (tmp_path / "file").write_text("in the way of a directory")
    settings.VAR_DIR = tmp_path / "file" / "below"
    settings.REDIS_URL = ""
    http.forget_sessions()

    with pytest.raises(ProviderUnavailableError, match="cache of outside answers is away"):
        http.get(POLICY, kept)
    with pytest.raises(ProviderUnavailableError):
        http.stats()
