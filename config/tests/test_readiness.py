"""Live and ready are two things."""

import pytest
from django.conf import settings as configured
from django.db.migrations.recorder import MigrationRecorder

from config import readiness
from finances.tests.full_redis import FULL
from tests.test_outages import ask


@pytest.mark.django_db
def test_live_asks_nobody(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.get("/health/live")

    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


@pytest.mark.django_db
def test_ready_says_what_is_there_by_two_queries(client, settings, django_assert_num_queries):
    client.get("/health/ready")

    with django_assert_num_queries(2):
        answer = client.get("/health/ready")

    cache = "ok" if settings.REDIS_URL else "none"
    assert answer.status_code == 200
    known = {"database": "ok", "migrations": "ok", "cache": cache, "limits": cache}
    assert answer.json() == {"status": "ready", **known}


@pytest.mark.django_db
def test_a_migration_that_is_missing_keeps_requests_away(client):
    MigrationRecorder.Migration.objects.filter(app="users").order_by("-id").first().delete()

    answer = client.get("/health/ready")

    assert (answer.status_code, answer.json()["migrations"], answer["Retry-After"]) == (503, "missing", "5")


@pytest.mark.django_db
def test_migrations_of_a_later_version_do_not(client):
    MigrationRecorder.Migration.objects.create(app="users", name="9999_later")

    assert client.get("/health/ready").status_code == 200


def test_without_its_database_or_its_cache_the_service_lives_but_is_not_ready(tmp_path):
    nobody = "127.0.0.1:1"
    away = {"DATABASE_URL": f"postgres://nobody@{nobody}/nothing", "REDIS_URL": f"redis://{nobody}/0"}

    answers = ask(tmp_path, "/health/live", "/health/ready", **away)

    assert answers["/health/live"][0] == 200
    assert answers["/health/ready"][0] == 503
    for part in ('"database":"away"', '"migrations":"unknown"', '"cache":"away"', '"limits":"away"'):
        assert part in answers["/health/ready"][3]


@pytest.mark.skipif(not configured.REDIS_URL, reason="no Redis here")
@pytest.mark.django_db
def test_the_redis_of_limits_is_asked_by_itself(client, settings):
    nobody = {**settings.CACHES["throttles"], "LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = settings.CACHES | {"throttles": nobody}

    answer = client.get("/health/ready")

    assert (answer.status_code, answer.json()["cache"], answer.json()["limits"]) == (503, "ok", "away")


@pytest.mark.django_db
def test_a_redis_of_limits_that_is_full_is_told_and_keeps_no_requests_away(client, settings, monkeypatch):
    settings.REDIS_URL, settings.CACHES = "redis://somewhere", settings.CACHES | {"throttles": FULL}
    monkeypatch.setattr(readiness, "cache_state", lambda: "ok")

    answer = client.get("/health/ready")

    assert (answer.status_code, answer.json()["status"], answer.json()["limits"]) == (200, "ready", "full")


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["ready", "database"])
def test_who_asks_for_others_too_often_is_refused_alone(client, settings, path):
    settings.THROTTLE_RATES = settings.THROTTLE_RATES | {"health": "2/min", "anon": "1/min"}

    statuses = [client.get(f"/health/{path}").status_code for _ in range(3)]

    assert statuses == [200, 200, 429]
    assert client.get(f"/health/{path}", REMOTE_ADDR="192.0.2.7").status_code == 200


@pytest.mark.parametrize("path", ["/health", "/health/live"])
def test_whether_it_lives_is_never_refused_and_counted_nowhere(client, settings, path):
    settings.THROTTLE_RATES = dict.fromkeys(settings.THROTTLE_RATES, "1/day")
    settings.CACHES = settings.CACHES | {"throttles": {"BACKEND": "nowhere.to.be.found"}}

    assert [client.get(path).status_code for _ in range(3)] == [200] * 3
