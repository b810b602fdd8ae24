"""What Prometheus is told about the state of the service, read from the database and the cache when it asks.

Every number is the same from whichever process it comes; no label names a person, a row, or anything that callers can
make up.
"""

import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta

import django_redis
import redis
from django.conf import settings
from django.db import DatabaseError
from django.db.models import Avg, Count, F, Max, Min, Q
from django.utils import timezone
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from currencies.models import CurrencyRate
from finances import http
from finances.exceptions import ProviderUnavailableError
from operations import queue
from operations.models import Outcome, Run, Worker
from securities.models import QuarantinedRecord, Security

logger = logging.getLogger(__name__)
WEEK = timedelta(days=7)
STALE_AFTER = timedelta(days=4)  # over a long week-end prices are no older
MOST_COUNTED = 10_000


class StateCollector(Collector):
    """Reads the state of everything; what is away is left out, and said to be."""

    def collect(self) -> Iterator[Metric]:
        """Yield every number."""
        yield gauge("info", "The version that runs.", {settings.VERSION: 1}, "version")
        parts: dict[str, Callable[[], list[Metric]]] = {
            "database": database,
            "providers": providers,
            **({"redis": redis_numbers} if settings.REDIS_URL else {}),
        }
        is_up: dict[str, float] = {}
        for name, part in parts.items():
            try:
                yield from part()
                is_up[name] = 1
            except (DatabaseError, ProviderUnavailableError, redis.RedisError) as exc:
                logger.warning("A part has no metrics: %s", type(exc).__name__, extra={"part": name})
                is_up[name] = 0
        yield gauge("up", "Whether a part of the service answers.", is_up, "part")


def gauge(name: str, text: str, numbers: dict[str, float], label: str) -> GaugeMetricFamily:
    """Make numbers that go up and down, by one label."""
    family = GaugeMetricFamily(f"finances_{name}", text, labels=[label])
    for value, number in numbers.items():
        family.add_metric([value], number)
    return family


def number(name: str, text: str, value: float | None) -> list[Metric]:
    """Make one number that goes up and down; none, where there is none."""
    return [] if value is None else [GaugeMetricFamily(f"finances_{name}", text, value=value)]


def since(moment: datetime | None) -> float | None:
    """Return an instant in Unix seconds."""
    return moment.timestamp() if moment is not None else None


def database() -> list[Metric]:
    """Return what the database knows; a fixed number of queries."""
    return [*tasks(), *runs(), *freshness()]


def tasks() -> list[Metric]:
    """Return the queue: how long, for how long, and who works on it."""
    oldest = queue.oldest_ready()
    waited = (timezone.now() - oldest).total_seconds() if oldest is not None else 0.0
    living = Worker.objects.living().aggregate(
        worker=Count("pk", filter=~Q(roles="schedule")), scheduler=Count("pk", filter=Q(roles__endswith="schedule"))
    )
    tasks_by_state: dict[str, float] = {str(status.value).lower(): count for status, count in queue.lengths().items()}
    return [
        gauge("tasks", "Tasks in the queue, by what became of them, 10 000 of each at most.", tasks_by_state, "state"),
        *number("tasks_oldest_seconds", "For how long the first task that is ready has waited.", waited),
        gauge("processes", "Processes that were seen within a minute, by what they do.", living, "role"),
    ]


def runs() -> list[Metric]:
    """Return the runs of the last seven days."""
    counts = GaugeMetricFamily("finances_runs", "Runs of the last seven days.", labels=["name", "outcome"])
    last = GaugeMetricFamily(
        "finances_run_finished_timestamp_seconds", "When the last run of the last seven days ended.",
        labels=["name", "outcome"],
    )  # fmt: skip
    took = GaugeMetricFamily("finances_run_seconds", "How long a run took on average.", labels=["name", "outcome"])
    recent = Run.objects.filter(started_at__gte=timezone.now() - WEEK).exclude(outcome=Outcome.RUNNING)
    grouped = recent.order_by().values("name", "outcome")
    for row in grouped.annotate(
        count=Count("pk"), last=Max("finished_at"), took=Avg(F("finished_at") - F("started_at"))
    ):
        labels = [row["name"], row["outcome"]]
        counts.add_metric(labels, row["count"])
        if row["last"] is not None:
            last.add_metric(labels, row["last"].timestamp())
            took.add_metric(labels, row["took"].total_seconds())
    return [counts, last, took]


def freshness() -> list[Metric]:
    """Return how old prices and rates are, and what is held back."""
    held = Security.objects.in_use().aggregate(
        count=Count("pk"),
        oldest=Min("last_synced_at"),
        stale=Count("pk", filter=Q(last_synced_at=None) | Q(last_synced_at__lt=timezone.now() - STALE_AFTER)),
    )
    newest = CurrencyRate.objects.order_by("-date").values_list("date", flat=True).first()
    rated_at = datetime.combine(newest, time(), tzinfo=UTC) if newest is not None else None
    held_back = QuarantinedRecord.objects.order_by()[:MOST_COUNTED].count()
    return [
        *number("held_securities", "Securities that somebody holds.", held["count"]),
        *number("held_securities_stale", "Of these, without new prices for four days.", held["stale"]),
        *number("prices_oldest_sync_timestamp_seconds", "When the oldest of them was synced.", since(held["oldest"])),
        *number("rates_newest_timestamp_seconds", "The day of the newest exchange rates.", since(rated_at)),
        *number("quarantined_records", "Records that are held back, 10 000 at most.", held_back),
    ]


def providers() -> list[Metric]:
    """Return what was asked of outside servers, and which of them rest.

    Raises:
        ProviderUnavailableError: the store of these counts is away.
    """
    stats = http.stats()
    asked = CounterMetricFamily("finances_provider_requests", "Requests to providers.", labels=["outcome"])
    for outcome in ("hits", "stale_hits", "misses", "errors"):
        asked.add_metric([outcome], stats[outcome])
    rests = {name: float(rest["seconds"]) for name, rest in stats["cooldowns"].items()}
    return [
        asked,
        *number("provider_answers_kept", "Answers of providers that are kept.", stats["size"]),
        gauge("provider_rest_seconds", "For how much longer a provider is not asked.", rests, "provider"),
    ]


def redis_numbers() -> list[Metric]:
    """Return what Redis tells of itself.

    Raises:
        RedisError: it is away.
    """
    info = django_redis.get_redis_connection("locks").info()
    looks = CounterMetricFamily("finances_redis_looks", "Keys looked up in Redis.", labels=["found"])
    looks.add_metric(["yes"], info["keyspace_hits"])
    looks.add_metric(["no"], info["keyspace_misses"])
    return [looks, *number("redis_memory_bytes", "Memory that Redis uses.", info["used_memory"])]
