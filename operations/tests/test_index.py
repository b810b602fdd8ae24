"""The admin's first page: what an operator asks each morning, each number a link to its rows."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts.tests.factories import AccountValueFactory
from currencies.tests.factories import CurrencyRateFactory
from finances.exceptions import ProviderUnavailableError
from operations import index
from operations.models import Run
from securities.tests.factories import QuarantinedRecordFactory, SecurityFactory, SecurityPriceFactory
from users import sessions
from users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db
HOME = reverse("admin:index")


@pytest.fixture
def admin_client(client, superuser):
    client.force_login(superuser)
    return client


def midnight(*, days_ago):
    return (timezone.now() - timedelta(days=days_ago)).replace(hour=0, minute=0, second=0, microsecond=0)


def trouble():
    """Make something of everything that needs a hand, and something that does not."""
    SecurityPriceFactory(security=SecurityFactory(symbol="FRESH"), timestamp=midnight(days_ago=0))
    SecurityPriceFactory(security=SecurityFactory(symbol="STALE"), timestamp=midnight(days_ago=9))
    SecurityFactory(symbol="HELD", sync_problem="Held back: 1 spike.", last_synced_at=timezone.now())
    SecurityFactory(symbol="GONE", unknown_since=timezone.now())
    QuarantinedRecordFactory(security=SecurityFactory(symbol="LOCKED"))
    CurrencyRateFactory(date=(timezone.now() - timedelta(days=6)).date())


def test_what_needs_a_hand_is_told_with_where_it_is(admin_client):
    trouble()

    needs = admin_client.get(HOME).context["needs"]

    day = (timezone.now() - timedelta(days=6)).date()
    assert [(need.count, need.label) for need in needs] == [
        (1, "Securities held back"),
        (1, "Securities unknown to the providers"),
        (1, "Securities stale"),
        (1, "Records in quarantine"),
        (6, f"Days since the newest exchange rate, of {day}"),
    ]
    rows = [admin_client.get(need.address).context["cl"].result_list for need in needs[:4]]
    assert [[str(getattr(row, "symbol", getattr(row, "security", None))) for row in each] for each in rows] == [
        ["HELD"], ["GONE"], ["STALE"], ["LOCKED"],
    ]  # fmt: skip


def test_when_all_is_well_it_says_so(admin_client):
    SecurityPriceFactory(timestamp=midnight(days_ago=1))
    CurrencyRateFactory(date=timezone.now().date())

    assert "All is well" in admin_client.get(HOME).text


def test_sign_ins_stand_on_their_days(admin_client, user):
    sessions.start(user=user)
    sessions.start(user=user)

    panel = index.people(timezone.now())

    assert [bar.count for bar in panel.columns] == [0] * 13 + [2]
    assert len(admin_client.get(panel.columns[-1].address).context["cl"].result_list) == 2
    assert panel.figures[1][:2] == ("sessions", "2")


def test_securities_are_counted_by_the_age_of_their_price(db):
    trouble()

    panel = index.prices(timezone.now())

    assert {bar.label: bar.count for bar in panel.bars} == {
        "up to a day": 1, "up to 5 days": 0, "stale": 1, "without prices": 3,
    }  # fmt: skip


def test_every_link_of_the_page_opens(admin_client):
    trouble()
    context = admin_client.get(HOME).context
    addresses = {need.address for need in context["needs"]}
    for panel in context["panels"]:
        addresses |= {address for *_, address in panel.figures} | {bar.address for bar in (*panel.bars, *panel.columns)}

    answers = {address: admin_client.get(address).status_code for address in addresses if address}

    assert set(answers.values()) == {200}, answers
    assert len(answers) > 20


def test_a_store_that_is_away_is_a_note_and_no_failure(admin_client, monkeypatch):
    def away():
        raise ProviderUnavailableError("The cache is away.")

    monkeypatch.setattr("finances.http.stats", away)

    assert "The cache is away." in admin_client.get(HOME).text


def test_the_page_costs_as_many_queries_whatever_there_is_and_reads_to_a_bound(admin_client):
    trouble()
    admin_client.get(HOME)
    with CaptureQueriesContext(connection) as few:
        admin_client.get(HOME)
    for _ in range(5):
        SecurityPriceFactory()
        AccountValueFactory()
        sessions.start(user=UserFactory())

    with CaptureQueriesContext(connection) as many:
        admin_client.get(HOME)

    assert len(many) == len(few)
    ours = [query["sql"] for query in many if "_security" in query["sql"] or "users_tokenfamily" in query["sql"]]
    assert ours
    assert all("LIMIT" in sql or "pg_class" in sql for sql in ours)


def test_the_page_needs_no_script_and_no_style_of_its_own(admin_client):
    trouble()
    response = admin_client.get(HOME)
    ours = response.text.partition('id="morning"')[2].partition('id="content-main"')[0]

    assert ours.count("<svg") > 5
    assert "<script" not in ours
    assert "<style" not in ours
    assert "style=" not in ours
    assert "default-src 'none'" in response["Content-Security-Policy"]


def test_nobody_else_sees_it(client, user):
    client.force_login(user)

    assert client.get(HOME).status_code == 302


# ---- Work ----


def ran(name, outcome, *, hours_ago=1, seconds=2):
    at = timezone.now() - timedelta(hours=hours_ago)
    return Run.objects.create(
        name=name, outcome=outcome, process="here", started_at=at, finished_at=at + timedelta(seconds=seconds)
    )


def test_what_ran_is_told_with_the_longest_and_what_failed_needs_a_hand(admin_client):
    SecurityPriceFactory(timestamp=midnight(days_ago=1))
    CurrencyRateFactory(date=timezone.now().date())
    ran("sync_prices", "succeeded", seconds=75)
    ran("sync_rates", "failed")
    ran("purge", "failed", hours_ago=40)

    context = admin_client.get(HOME).context
    panel = next(each for each in context["panels"] if each.title == "Runs of commands and syncs")
    (need,) = context["needs"]

    assert [(bar.label, bar.count) for bar in panel.bars] == [
        ("running", 0), ("succeeded", 1), ("failed in part", 0), ("failed", 1), ("lost", 0),
    ]  # fmt: skip
    assert panel.figures[0][1] == "2"
    assert panel.note == "The longest was sync_prices, 75.0 s."
    assert sum(bar.count for bar in panel.columns) == 3
    assert (need.label, need.count) == ("Runs that failed in the last day", 1)
    assert [run.name for run in admin_client.get(need.address).context["cl"].result_list] == ["purge", "sync_rates"]


def test_the_queue_is_told_by_what_became_of_tasks(admin_client):
    jobs_of = DBTaskResult.objects
    for status in ("READY", "READY", "FAILED"):
        jobs_of.create(task_path="x.y", status=status, args_kwargs={"args": [], "kwargs": {}}, backend_name="default")

    panel = next(each for each in admin_client.get(HOME).context["panels"] if each.title == "Queue")

    assert [(bar.label, bar.count) for bar in panel.bars] == [("waiting", 2), ("running", 0), ("failed", 1)]
    assert len(admin_client.get(panel.bars[0].address).context["cl"].result_list) == 2


def test_the_slowest_requests_are_told_by_their_patterns_where_they_are_counted(admin_client, settings):
    settings.METRICS_TOKEN = "a-token-of-the-tests"
    admin_client.get("/health")

    panel = next(each for each in admin_client.get(HOME).context["panels"] if each.title == "Slowest requests")

    assert 0 < len(panel.bars) <= 5
    assert all(bar.label.split(" ")[0] in {"GET", "POST", "PUT", "PATCH", "DELETE"} for bar in panel.bars)
