"""The examination: every check in its turn, whatever became of the one before."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from django.db import DatabaseError

from operations.doctor import freshness, outside, setup, storage, work
from operations.doctor.findings import Finding, Level, error, worst

type Check = Callable[[], Iterator[Finding]]

WITHOUT_DATABASE: dict[str, Check] = {
    "settings": setup.check_settings,
    "secrets": setup.check_secrets,
    "caches": storage.check_caches,
}
OUTSIDE: dict[str, Check] = {"providers": outside.check_providers}
OF_DATABASE: dict[str, Check] = {"clock": storage.check_clock, "disk": storage.check_disk}
# These read tables, which must be those of this version.
OF_TABLES: dict[str, Check] = {
    "people": setup.check_people,
    "rates": freshness.check_rates,
    "prices": freshness.check_prices,
    "quarantine": freshness.check_quarantine,
    "syncs": freshness.check_syncs,
    "work": work.check_work,
}
REACH = "See that the database runs, and that DATABASE_URL is right."


def examine(*, offline: bool = False) -> Iterator[Finding]:
    """Yield what every check finds; ``offline`` asks nobody outside."""
    for name, check in WITHOUT_DATABASE.items():
        yield from findings_of(name, check)
    if not offline:
        yield from findings_of("providers", OUTSIDE["providers"])
    answers = list(findings_of("database", storage.check_database))
    yield from answers
    if any(finding.remedy == REACH for finding in answers):
        return
    for name, check in OF_DATABASE.items():
        yield from findings_of(name, check)
    tables = list(findings_of("migrations", storage.check_migrations))
    yield from tables
    if worst(tables) is Level.ERROR:
        return
    for name, check in OF_TABLES.items():
        yield from findings_of(name, check)


def findings_of(name: str, check: Check) -> Iterator[Finding]:
    """Yield what ``check`` finds, under its name; a check that fails is a finding, too."""
    try:
        for finding in check():
            yield replace(finding, check=name)
    except DatabaseError as exc:
        yield replace(error(f"The database does not answer: {_first_line(exc)}", REACH), check=name)
    except Exception as exc:  # noqa: BLE001 - the next check can still tell something
        found = f"This could not be looked at ({type(exc).__name__}: {_first_line(exc)})."
        yield replace(error(found, "The other findings may tell why; else it is a fault of the program."), check=name)


def _first_line(exc: Exception) -> str:
    return str(exc).strip().partition("\n")[0]
