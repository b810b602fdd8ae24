"""A POST that is sent again under the same key does nothing more, and is answered as it was the first time."""

from datetime import timedelta

import pytest
from django.urls import get_resolver
from django.utils import timezone

from accounts.models import Account
from accounts.tests.factories import AccountFactory
from finances.api.idempotency import IdempotentMixin
from finances.models import IdempotentAnswer
from institutions.models import FinancialInstitution

URL = "/api/v1/accounts"
BODY = {"name": "Savings", "account_type": "savings"}


def post(client, body=BODY, key="key-1", path=URL):
    return client.post(path, body, headers={"Idempotency-Key": key})


def test_the_first_answer_is_given_again(api):
    first = post(api)

    again = post(api)

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    for name in ("Content-Type", "ETag", "Location"):
        assert first[name] == again[name]
    assert "Idempotency-Replayed" not in first
    assert again["Idempotency-Replayed"] == "true"
    assert Account.objects.count() == 1


def test_the_first_answer_is_given_again_even_when_the_row_has_changed(api):
    first = post(api)
    api.patch(first.json() and f"{URL}/{first.json()['id']}", {"name": "Renamed"})

    again = post(api)

    assert again.json()["name"] == "Savings"


@pytest.mark.parametrize(
    ("body", "path"),
    [({**BODY, "name": "Another"}, URL), (BODY, "/api/v1/financial-institutions"), (BODY, f"{URL}?x=1")],
)
def test_a_key_of_another_request_is_a_conflict(api, body, path):
    post(api)

    response = post(api, body, path=path)

    assert (response.status_code, response.json()["code"]) == (409, "idempotency_key_reused")
    assert Account.objects.count() == 1
    assert not FinancialInstitution.objects.exists()


def test_the_trailing_slash_makes_no_other_request(api):
    post(api)

    again = post(api, path=f"{URL}/")

    assert again["Idempotency-Replayed"] == "true"


def test_another_key_is_another_request(api):
    post(api)

    response = post(api, key="key-2")

    assert (response.status_code, response.json()["code"]) == (409, "duplicate")


def test_keys_are_each_users_own(api, signed_in, stranger):
    post(api)

    theirs = post(signed_in(stranger), {**BODY, "name": "Theirs"})

    assert (theirs.status_code, theirs.json()["name"]) == (201, "Theirs")


def test_a_key_ends_after_a_day(api, user):
    post(api)
    IdempotentAnswer.objects.update(created_at=timezone.now() - timedelta(hours=24, seconds=1))

    response = post(api, {**BODY, "name": "Another"})

    assert response.status_code == 201
    assert IdempotentAnswer.objects.count() == 1


def test_a_failure_is_not_kept(api):
    failed = post(api, {**BODY, "account_type": "casino"})

    mended = post(api)

    assert (failed.status_code, mended.status_code) == (400, 201)


def test_what_cannot_be_kept_is_not_written_either(api, monkeypatch):
    api.raise_request_exception = False
    monkeypatch.setattr(IdempotentAnswer, "save", lambda *_, **__: 1 / 0)

    response = post(api)

    assert response.status_code == 500
    assert not Account.objects.exists()
    assert not IdempotentAnswer.objects.exists()


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "caf\u00e9", "a\tb"])
def test_a_key_that_cannot_be_is_refused(api, key):
    response = post(api, key=key)

    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == "Idempotency-Key"
    assert not Account.objects.exists()


def test_a_batch_is_recorded_once(api, user):
    account = AccountFactory(user=user)
    rows = [{"date": "2026-01-01", "value": 1}, {"date": "2026-01-02", "value": 2}]

    first = post(api, rows, path=f"{URL}/{account.pk}/values")
    again = post(api, rows, path=f"{URL}/{account.pk}/values")

    assert first.content == again.content
    assert account.recorded_values.count() == 2


def test_an_action_that_writes_in_its_own_way_is_answered_again_too(superuser_api):
    body = {"date": "2026-01-02", "rates": {"CAD": 1.6}}

    first = post(superuser_api, body, path="/api/v1/currencies/EUR/rates")
    again = post(superuser_api, body, path="/api/v1/currencies/EUR/rates")

    assert first.content == again.content
    assert again["Idempotency-Replayed"] == "true"


def test_a_key_is_ignored_where_nobody_is_signed_in(anonymous, user):
    response = post(anonymous, {"email": "x@example.org", "password": "x"}, path="/api/v1/auth/login")

    assert response.status_code == 401
    assert not IdempotentAnswer.objects.exists()


def test_nothing_of_what_was_sent_is_kept(api):
    post(api, {**BODY, "unknown": "private-matter"})

    answer = IdempotentAnswer.objects.get()
    assert "private-matter" not in f"{answer.fingerprint}{answer.headers}{bytes(answer.body)}"


def test_answers_go_with_their_user(api, user):
    post(api)

    user.delete()

    assert not IdempotentAnswer.objects.exists()


def views_with_post(patterns):
    for pattern in patterns:
        if hasattr(pattern, "url_patterns"):
            yield from views_with_post(pattern.url_patterns)
            continue
        view = getattr(pattern.callback, "cls", None)
        actions = getattr(pattern.callback, "actions", None) or {}
        if view is not None and ("post" in actions or (not actions and hasattr(view, "post"))):
            yield view


def test_every_post_of_somebody_signed_in_takes_a_key():
    [api_root] = [p for p in get_resolver().url_patterns if str(p.pattern) == "api/v1/"]

    views = set(views_with_post(api_root.url_patterns))

    without = {view.__name__ for view in views if not issubclass(view, IdempotentMixin)}
    assert without == {
        "RegisterView",
        "LoginView",
        "RefreshView",
        "LogoutView",
        "ForgotPasswordView",
        "ResetPasswordView",
        "VerifyEmailView",
        "ResendVerificationView",
    }
