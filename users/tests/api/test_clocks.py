"""Clocks are set, and those of two machines differ."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from users import sessions

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)


def pair_signed_at(user, moment):
    with time_machine.travel(moment, tick=False):
        return sessions.start(user=user)


def ask(anonymous, pair, moment):
    """Return the statuses of a question and of a refresh at a moment."""
    with time_machine.travel(moment, tick=False):
        me = anonymous.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {pair.access_token}"})
        renewed = anonymous.post("/api/v1/auth/refresh", {"refresh_token": pair.refresh_token})
    return me.status_code, renewed.status_code


@pytest.mark.parametrize("ahead", [timedelta(seconds=2), timedelta(hours=2)])
def test_what_was_signed_by_a_clock_that_was_ahead_is_good(anonymous, user, ahead):
    pair = pair_signed_at(user, NOW + ahead)

    assert ask(anonymous, pair, NOW) == (200, 200)


def test_no_token_lives_longer_for_it(anonymous, user):
    pair = pair_signed_at(user, NOW)

    assert ask(anonymous, pair, NOW + timedelta(minutes=30)) == (401, 200)
    assert ask(anonymous, pair_signed_at(user, NOW), NOW + timedelta(days=7, seconds=1)) == (401, 401)


def test_what_claims_to_be_signed_in_days_is_refused(anonymous, user):
    pair = pair_signed_at(user, NOW + timedelta(days=2))

    assert ask(anonymous, pair, NOW) == (401, 401)
