"""What runs when. Nobody but this module knows; `SCHEDULE_…` settings move a job or switch it off."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from django.conf import settings

OFF = "off"


@dataclass(frozen=True, slots=True)
class Entry:
    """A command with its arguments, and when it is due: a cron expression in ``SCHEDULE_TIME_ZONE``."""

    name: str
    cron: str
    command: str
    arguments: tuple[str, ...] = ()

    def last_due(self, now: datetime) -> datetime:
        """Return the last time at or before ``now`` at which it was due."""
        # Backwards, the library begins before the moment that it is given.
        moment = (now + timedelta(seconds=1)).astimezone(ZoneInfo(settings.SCHEDULE_TIME_ZONE)).replace(microsecond=0)
        return next(CronSim(self.cron, moment, reverse=True)).astimezone(UTC)

    def next_due(self, now: datetime) -> datetime:
        """Return the first time after ``now`` at which it is due."""
        return next(CronSim(self.cron, now.astimezone(ZoneInfo(settings.SCHEDULE_TIME_ZONE)))).astimezone(UTC)


# The European Central Bank publishes at about 16:00 in Frankfurt; the American exchanges close at 22:00 there.
ENTRIES = (
    Entry("sync_rates", "30 16,18 * * 1-5", "sync_rates"),
    Entry("sync_prices", "15 23 * * 1-5", "sync_prices", ("--held",)),
    Entry("sync_quotes", "*/15 9-21 * * 1-5", "sync_prices", ("--quotes", "--held")),
    Entry("sync_securities", "30 5 * * 6", "sync_securities", ("--held",)),
    Entry("flush_expired_tokens", "15 4 * * *", "flush_expired_tokens"),
    Entry("purge", "30 4 * * *", "purge"),
    Entry("trim_prices", "45 4 * * *", "trim_prices"),
)


def entries() -> Iterator[Entry]:
    """Yield what is to be done on schedule, as the settings have it."""
    for entry in ENTRIES:
        cron = settings.SCHEDULE.get(entry.name) or entry.cron
        if cron != OFF:
            yield Entry(entry.name, cron, entry.command, entry.arguments)


def problems() -> Iterator[str]:
    """Yield what is wrong with the settings of the schedule, a sentence each."""
    try:
        ZoneInfo(settings.SCHEDULE_TIME_ZONE)
    except (OSError, ValueError):  # of which the error of an unknown zone is a kind of KeyError
        yield f"SCHEDULE_TIME_ZONE: {settings.SCHEDULE_TIME_ZONE!r} is no time zone."
    except KeyError:
        yield f"SCHEDULE_TIME_ZONE: there is no time zone {settings.SCHEDULE_TIME_ZONE!r}."
    for entry in entries():
        try:
            CronSim(entry.cron, datetime(2000, 1, 1, tzinfo=UTC))
        except CronSimError as exc:
            yield f"SCHEDULE_{entry.name.upper()}: {entry.cron!r} is neither a cron expression nor {OFF!r} ({exc})."
