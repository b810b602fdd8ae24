"""Live and ready are two things."""

import pytest
from django.db.migrations.recorder import MigrationRecorder

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
    assert answer.json() == {"status": "ready", "database": "ok", "migrations": "ok", "cache": cache}


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
    for part in ('"database":"away"', '"migrations":"unknown"', '"cache":"away"'):
        assert part in answers["/health/ready"][3]
