"""The doctor names what is wrong and what mends it, and its exit code tells programs."""

import io
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import orjson
import pytest
import time_machine
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts.tests.factories import AccountFactory, HoldingFactory
from currencies.tests.factories import CurrencyRateFactory
from finances.tests.full_redis import FULL
from operations.doctor import storage
from operations.models import Run, Worker
from securities.models import Security
from securities.tests.factories import QuarantinedRecordFactory, SecurityFactory, SecurityPriceFactory
from users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def examined(*options):
    """Return the findings of a check by its name, each as (level, found, remedy), and the exit code."""
    out, code = io.StringIO(), 0
    try:
        call_command("doctor", "--json", *options, stdout=out, stderr=io.StringIO())
    except CommandError as exc:
        code = exc.returncode
    findings = {}
    for finding in orjson.loads(out.getvalue())["findings"]:
        findings.setdefault(finding["check"], []).append((finding["level"], finding["found"], finding["remedy"]))
    return findings, code


def finding(check, *options):
    """Return the one finding of a check that is not well."""
    found = [each for each in examined(*options or ["--offline"])[0][check] if each[0] != "ok"]
    assert len(found) == 1, found
    (found,) = found
    return found


def midnight(*, days_ago=0):
    now = timezone.now() - timedelta(days=days_ago)
    return datetime(now.year, now.month, now.day, tzinfo=UTC)


@pytest.fixture
def held(http_store):
    """Somebody who counts in two currencies and holds a share, with everything that takes, of today."""
    UserFactory(is_superuser=True, base_currency_id="CAD")
    share = SecurityFactory(symbol="ACME", currency_id="USD")
    HoldingFactory(security=share, account__currency_id="USD")
    SecurityPriceFactory(security=share, timestamp=midnight())
    CurrencyRateFactory(target_id="CAD", date=midnight().date())
    CurrencyRateFactory(target_id="USD", date=midnight().date())
    return share


def test_when_all_is_well_every_check_says_so(held):
    findings, code = examined("--offline")

    assert code == 0
    assert set(findings) == {
        "settings", "secrets", "caches", "database", "clock", "disk", "migrations", "people", "rates", "prices",
        "quarantine", "syncs", "work",
    }  # fmt: skip
    assert {found[0] for each in findings.values() for found in each} == {"ok"}


def test_people_read_a_line_for_each_finding_and_its_remedy_below(held):
    QuarantinedRecordFactory(security=held)
    out = io.StringIO()

    call_command("doctor", "--offline", stdout=out, no_color=True)

    lines = out.getvalue().splitlines()
    place = lines.index("warning  quarantine  1 prices, splits or dividends are held back: ACME (1).")
    assert lines[place + 1].strip().startswith("→ Look at them in the admin")
    assert lines[-1].startswith("The doctor found 0 errors and 1 warning; ")


def test_warnings_fail_only_where_that_is_asked(held):
    QuarantinedRecordFactory(security=held)

    assert (examined("--offline")[1], examined("--offline", "--strict")[1]) == (0, 1)


@pytest.mark.parametrize(("age", "level"), [(4, None), (5, "warning"), (7, "warning"), (8, "error")])
def test_rates_that_are_old_are_a_warning_and_those_that_count_no_more_an_error(held, age, level):
    from currencies.models import CurrencyRate

    CurrencyRate.objects.filter(target="CAD").update(date=midnight(days_ago=age).date())

    (found,) = [each for each in examined("--offline")[0]["rates"] if level is None or each[0] != "ok"]

    assert found[0] == (level or "ok")
    if level:
        assert f"CAD ({midnight(days_ago=age).date()})" in found[1]
        assert "sync_rates" in found[2]


def test_no_rates_are_needed_where_there_is_one_currency(http_store):
    AccountFactory(currency_id="CAD", user__base_currency_id="CAD")

    (found,) = examined("--offline")[0]["rates"]

    assert found == ("ok", "Everybody counts in one currency, so no exchange rates are needed.", "")


def test_a_security_that_is_held_and_has_no_price_is_named(held):
    HoldingFactory(security=SecurityFactory(symbol="NONE"))

    level, found, remedy = finding("prices")

    assert (level, found) == ("warning", "1 securities are held and have no price: NONE.")
    assert "sync_prices --all" in remedy


def test_a_price_that_counts_no_more_is_named_with_its_day(held):
    old = SecurityFactory(symbol="OLD")
    HoldingFactory(security=old)
    SecurityPriceFactory(security=old, timestamp=midnight(days_ago=11))

    assert finding("prices")[1] == (
        f"1 securities are held and have no price of the last 10 days: OLD ({midnight(days_ago=11).date()})."
    )


@pytest.mark.parametrize(
    ("state", "found"),
    [
        ({"sync_started_at": datetime(2026, 1, 1, tzinfo=UTC)}, "1 syncs were killed, and hold nothing up: ACME."),
        ({"sync_problem": "Held back."}, "The last sync of 1 securities that are held left something out: ACME."),
        (
            {"unknown_since": datetime(2026, 1, 1, tzinfo=UTC)},
            "No provider knows these any more, which are held: ACME.",
        ),
    ],
)
def test_a_sync_without_a_good_end_is_found(held, state, found):
    Security.objects.filter(pk=held.pk).update(**state)

    assert finding("syncs")[:2] == ("warning", found)


def test_a_sync_under_way_is_well(held):
    Security.objects.filter(pk=held.pk).update(sync_started_at=timezone.now())

    assert examined("--offline")[0]["syncs"] == [("ok", "1 syncs are running.", "")]


def test_that_nobody_can_administer_is_found(http_store):
    UserFactory(is_superuser=True, is_active=False)

    assert finding("people")[1:] == ("Nobody can sign in to the admin.", "Run `manage.py createsuperuser`.")


def test_a_migration_that_is_missing_is_an_error_and_nothing_is_read_of_such_tables(held):
    (newest,) = MigrationLoader(connection).graph.leaf_nodes("accounts")
    MigrationRecorder(connection).record_unapplied(*newest)

    findings, code = examined("--offline")

    assert code == 1
    assert findings["migrations"][0][:2] == (
        "error",
        f"1 migrations are not applied: {'.'.join(newest)}.",
    )
    assert "rates" not in findings


def test_a_database_of_a_later_version_is_an_error(held):
    MigrationRecorder(connection).record_applied("accounts", "0099_later")

    assert finding("migrations")[:2] == (
        "error",
        "The database has seen migrations that this version does not have: accounts.0099_later.",
    )


def test_a_database_that_is_away_is_one_error_and_the_rest_is_told(http_store):
    def away(*_):
        raise OperationalError("connection refused\nIs the server running?")

    assert connection.features.supports_json_field  # a connection remembers the answer, whatever it was
    with connection.execute_wrapper(away):
        findings, code = examined("--offline")

    assert code == 1
    assert findings["database"] == [
        (
            "error",
            "The database does not answer: connection refused",
            "See that the database runs, and that DATABASE_URL is right.",
        )
    ]
    assert set(findings) == {"settings", "secrets", "caches", "database"}


@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite has no clock of its own")
@pytest.mark.parametrize(("ahead", "level"), [(10, "warning"), (3600, "error")])
def test_a_clock_that_is_wrong_is_found(held, ahead, level):
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=ahead)):
        found = finding("clock")

    assert found[0] == level
    assert "seconds behind this machine's" in found[1]


def test_a_full_disk_is_found(held, monkeypatch):
    monkeypatch.setattr(storage, "LITTLE_FREE", 2**60)
    assert finding("disk")[0] == "warning"

    monkeypatch.setattr(storage, "LEAST_FREE", 2**60)
    assert finding("disk")[0] == "error"


def test_a_folder_that_others_may_look_into_is_found(held, settings):
    settings.VAR_DIR.chmod(0o755)

    assert finding("disk") == (
        "warning", f"Others on this machine may look into {settings.VAR_DIR}.", f"chmod 700 {settings.VAR_DIR}",
    )  # fmt: skip


def test_a_folder_that_is_not_there_is_found(held, settings):
    settings.VAR_DIR /= "gone"

    found = examined("--offline")[0]["disk"]

    assert found[0][:2] == ("error", f"{settings.VAR_DIR} cannot be written.")


def test_settings_that_others_may_read_are_found(held, tmp_path, monkeypatch):
    file = tmp_path / ".env"
    file.write_text("DJANGO_SECRET_KEY=…")
    file.chmod(0o644)
    monkeypatch.setenv("ENV_FILE", str(file))

    assert finding("secrets")[2] == f"chmod 600 {file}"


def test_what_is_rarely_meant_in_production_is_found(held, settings):
    settings.IN_PRODUCTION, settings.HTTPS_ONLY, settings.TRUSTED_PROXY_COUNT = True, True, 0
    settings.FRONTEND_URL = "http://localhost:3000"
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.dummy.EmailBackend"}}

    told = " ".join(found for _, found, _ in examined("--offline")[0]["settings"])

    assert "No mail leaves" in told
    assert "Links in mails lead to http://localhost:3000" in told
    assert "requests are redirected for ever" in told


def test_that_https_is_not_insisted_on_is_told_once_by_our_own_setting(held, settings):
    settings.IN_PRODUCTION, settings.HTTPS_ONLY = True, False
    settings.SECURE_SSL_REDIRECT = settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = False
    settings.SECURE_HSTS_SECONDS = 0

    told = [(found, remedy) for _, found, remedy in examined("--offline")[0]["settings"]]

    assert [found for found, _ in told if "HTTPS" in found or "security.W0" in found] == [
        "HTTPS is not insisted on: passwords and tokens may travel in the clear."
    ]
    assert "Set HTTPS_ONLY=true once a proxy in front ends HTTPS." in [remedy for _, remedy in told]


def test_settings_that_no_start_would_survive_are_errors(held, settings):
    settings.RATE_PROVIDERS = ["nobody"]

    level, found, _ = finding("settings")

    assert level == "error"
    assert "RATE_PROVIDERS: There is no rate provider 'nobody'" in found


def test_a_cache_that_forgets_is_an_error(held, settings):
    settings.CACHES = {**settings.CACHES, "default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}

    level, found, _ = finding("caches")

    assert level == "error"
    assert found.startswith("These caches do not remember")
    assert found.endswith(": default.")


def test_where_limits_are_counted_is_named_to_whoever_is_to_look(held, settings):
    settings.CACHES = {**settings.CACHES, "throttles": FULL}

    level, found, hint = finding("caches")

    assert (level, found.endswith(": throttles.")) == ("error", True)
    assert "LIMITS_REDIS_URL" in hint


def test_providers_that_answer_are_well_and_are_not_asked_again_at_once(held, stand_in, yahoo, settings):
    settings.RATE_PROVIDERS = ["open-er-api", "ecb"]

    first = [found for _, found, _ in examined()[0]["providers"]]
    asked = len(stand_in.received)
    second = [found for _, found, _ in examined()[0]["providers"]]

    assert first == ["open-er-api answers.", "ecb answers.", "yahoo answers."]
    assert second[:2] == [
        "open-er-api answered a while ago; its answer is fresh enough.",
        "ecb answered a while ago; its answer is fresh enough.",
    ]
    assert len(stand_in.received) == asked == 2


def test_offline_asks_nobody(held, stand_in, yahoo, settings):
    settings.RATE_PROVIDERS = ["open-er-api", "ecb"]

    examined("--offline")

    assert (stand_in.received, yahoo.count()) == ([], 0)


def test_a_provider_that_is_away_and_one_that_rests_are_warnings(held, stand_in, yahoo, settings):
    settings.RATE_PROVIDERS = ["open-er-api", "ecb"]
    stand_in.mode, yahoo.mode, yahoo.retry_after = "500", "429", "120"

    first = examined()[0]["providers"]
    asked = yahoo.count()
    second = examined()[0]["providers"]

    assert [level for level, _, _ in first] == ["warning"] * 3
    assert "out of order (500)" in first[0][1]
    assert second[2][0] == "warning"
    assert second[2][1].startswith("yahoo is not asked for 1")
    assert second[2][1].endswith("seconds more (rate limited).")
    assert yahoo.count() == asked


def test_a_key_that_is_not_accepted_is_an_error(held, stand_in, settings):
    settings.RATE_PROVIDERS, settings.PRICE_PROVIDERS = ["exchangerate-api"], []
    settings.EXCHANGERATE_API_KEY = "wrong"

    errors = [each for each in examined()[0]["providers"] if each[0] == "error"]

    assert len(errors) == 1
    assert "EXCHANGERATE_API_KEY" in errors[0][1]


def test_a_redis_that_is_away_is_an_error_and_the_rest_is_told(tmp_path):
    away = {"REDIS_URL": "redis://127.0.0.1:1/0", "DATABASE_URL": f"sqlite:///{tmp_path / 'new.sqlite3'}"}
    environment = {**os.environ, "DJANGO_ENV": "test", "VAR_DIR": str(tmp_path), **away}

    done = subprocess.run(
        [sys.executable, "manage.py", "doctor", "--offline", "--json"],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        check=False,
    )

    found = [
        (each["check"], each["found"]) for each in orjson.loads(done.stdout)["findings"] if each["level"] == "error"
    ]
    assert done.returncode == 1
    assert found[0] == ("caches", "These caches do not remember, in Redis: default, http, throttles, locks.")
    assert found[1] == ("caches", "The cache of outside answers is away.")
    assert found[2][0] == "migrations"  # the database is new


def test_tasks_that_nobody_is_there_for_are_an_error(settings):
    settings.WORKERS = True
    DBTaskResult.objects.create(
        task_path="x.y", status="READY", args_kwargs={"args": [], "kwargs": {}}, backend_name="default"
    )

    findings, code = examined("--offline")
    Worker.objects.create(id="1", process="here", roles="worker")
    after, _ = examined("--offline")

    assert code == 1
    assert "WORKERS is set, and no worker lives; 1 tasks wait for one." in str(findings)
    assert "1 workers live, 1 tasks wait." in str(after)


def test_runs_that_failed_lately_are_named():
    for name, hours in (("sync_prices", 2), ("purge", 40)):
        at = timezone.now() - timedelta(hours=hours)
        Run.objects.create(name=name, outcome="failed", process="here", started_at=at, finished_at=at)

    findings, _ = examined("--offline")

    assert "Runs of the last day failed, in part or whole: sync_prices." in str(findings)
