"""What Prometheus is told, and who may ask."""

import pytest
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from accounts.tests.factories import AccountValueFactory, HoldingFactory
from finances import metrics
from operations.models import Run, Worker
from operations.tests import slow_tasks
from securities.tests.factories import QuarantinedRecordFactory, SecurityFactory

pytestmark = pytest.mark.django_db
TOKEN = "a-token-of-the-tests"


@pytest.fixture(autouse=True)
def token(settings):
    settings.METRICS_TOKEN = TOKEN


@pytest.fixture
def read(client, http_store):
    """Return a function that reads all samples, by name and labels."""

    def samples():
        answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 200
        return {
            (sample.name, *sample.labels.values()): sample.value
            for family in text_string_to_metric_families(answer.content.decode())
            for sample in family.samples
        }

    return samples


def test_there_is_no_such_page_without_a_token_in_the_settings(client, settings):
    settings.METRICS_TOKEN = ""

    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


@pytest.mark.parametrize(
    "given", [None, "Bearer", "Bearer x", f"Bearer {TOKEN}x", f"bearer {TOKEN}", TOKEN, "Bearer ü"]
)
def test_nobody_reads_it_without_the_token(client, given):
    answer = client.get("/metrics", headers={"Authorization": given} if given else {})

    assert (answer.status_code, answer.content, answer["WWW-Authenticate"]) == (401, b"", "Bearer")


def test_requests_are_counted_by_the_pattern_of_their_address_and_their_status(api, read):
    value = AccountValueFactory()
    listed = ("finances_http_requests_total", "GET", "/api/v1/accounts/<pk>", "404")
    before = read().get(listed, 0)

    for _ in range(3):
        api.get(f"/api/v1/accounts/{value.account_id}")
    after = read()

    assert after[listed] - before == 3
    assert after["finances_http_request_seconds_count", "GET", "/api/v1/accounts/<pk>"] >= 3
    assert not [key for key in after if str(value.account_id) in "".join(map(str, key))]


def test_addresses_that_callers_make_up_make_no_labels(client, read):
    for path in ("/nothing-1", "/nothing-2", "/api/v1/made-up/3"):
        client.get(path)
    client.generic("MADEUP", "/nothing")

    labels = {key[1:] for key in read() if key[0] == "finances_http_requests_total"}

    assert ("GET", "(none)", "404") in labels
    assert ("other", "(none)", "404") in labels
    assert not [label for label in labels if "made-up" in str(label) or "MADEUP" in label]


def test_every_route_is_readable():
    from django.urls import get_resolver

    def routes(patterns, before=""):
        for pattern in patterns:
            route = before + str(pattern.pattern)
            yield from routes(pattern.url_patterns, route) if hasattr(pattern, "url_patterns") else [route]

    shown = [metrics.readable(route) for route in routes(get_resolver().url_patterns)]

    assert "/api/v1/securities/<symbol>/prices" in shown
    assert not [route for route in shown if "?P" in route]


def test_the_queue_its_workers_and_the_runs_are_told(read, queued):
    slow_tasks.append.enqueue("/dev/null", "line")
    Worker.objects.create(id="w", process="host:1", roles="default, jobs")
    Worker.objects.create(id="s", process="host:2", roles="schedule")
    Run.objects.create(name="sync_rates", outcome="failed", finished_at=timezone.now())

    told = read()

    assert (told["finances_tasks", "ready"], told["finances_tasks", "failed"]) == (1, 0)
    assert 0 <= told["finances_tasks_oldest_seconds",] < 60
    assert (told["finances_processes", "worker"], told["finances_processes", "scheduler"]) == (1, 1)
    assert told["finances_runs", "sync_rates", "failed"] == 1
    assert told["finances_run_finished_timestamp_seconds", "sync_rates", "failed"] > 1.7e9


def test_freshness_is_that_of_what_somebody_holds(read):
    HoldingFactory(security=SecurityFactory(last_synced_at=timezone.now()))
    HoldingFactory(security=SecurityFactory(last_synced_at=None))
    SecurityFactory(last_synced_at=None)
    QuarantinedRecordFactory()

    told = read()

    assert told["finances_held_securities",] == 2
    assert told["finances_held_securities_stale",] == 1
    assert told["finances_quarantined_records",] == 1


def test_kept_results_and_providers_are_told(api, read):
    api.get("/api/v1/dashboard")
    api.get("/api/v1/dashboard")

    told = read()

    assert told["finances_up", "database"] == told["finances_up", "providers"] == 1
    assert told["finances_provider_requests_total", "hits"] == 0
    assert told["finances_kept_results_total", "yes", "figures"] >= 1  # by the alphabet: found, name


def test_reading_costs_the_same_for_many_rows(read, django_assert_max_num_queries):
    HoldingFactory.create_batch(20)
    Run.objects.bulk_create(Run(name=f"run-{number}", outcome="succeeded") for number in range(30))

    with django_assert_max_num_queries(11):
        read()
