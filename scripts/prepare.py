"""Bring this machine's database up to date: migrations, an administrator, reference data, a demo if it is wanted.

One process for all of it, since starting Django is what takes the time; and quick when there is nothing to do.
"""

import os
import sys
from datetime import date
from pathlib import Path

import django
from django.contrib.auth import get_user_model
from django.core import management
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError
from django.db.models import Max
from django.utils import timezone

ROOT = Path(__file__).resolve().parent.parent
SYNC_RATES = os.environ.get("MANAGE", ".venv/bin/python manage.py") + " sync_rates"


def is_migrated() -> bool:
    """Tell whether every migration is applied."""
    try:
        management.call_command("migrate", check_unapplied=True, verbosity=0)
    except SystemExit:
        return False
    return True


def load_rates() -> None:
    """Load the packaged history of the European Central Bank, which needs no network, unless it is there.

    Without it everything but conversion still works, so a failure is said and passed over.
    """
    from currencies import services
    from finances.exceptions import FinancesError

    try:
        if not services.is_archive_loaded():
            management.call_command("sync_rates", provider="ecb-archive")
    except (management.CommandError, FinancesError, SystemExit) as exc:
        sys.stderr.write(f"The history of exchange rates was not loaded ({exc}); try `{SYNC_RATES}` later.\n")


def newest_rate_on() -> date | None:
    """Return the day of the newest stored rate."""
    from currencies.models import CurrencyRate

    newest: date | None = CurrencyRate.objects.aggregate(newest=Max("date"))["newest"]
    return newest


def fetch_rates() -> None:
    """Fetch the rates since the newest stored ones, where ``FETCH_RATES=1`` says that somebody answers for the ECB."""
    since = newest_rate_on()
    if since is None or os.environ.get("FETCH_RATES") != "1":
        return
    try:
        management.call_command("sync_rates", provider="ecb", since=since)
    except (management.CommandError, SystemExit) as exc:
        sys.stderr.write(f"No newer rates were fetched ({exc}).\n")


def tell_of_old_rates() -> None:
    """Say how to get newer rates where the newest are too old for a conversion without a date."""
    from currencies.conversion import MAX_RATE_AGE

    newest = newest_rate_on()
    if newest is None or timezone.localdate() - newest > MAX_RATE_AGE:
        known = f"The newest exchange rates are of {newest}" if newest else "There are no exchange rates"
        sys.stdout.write(f"{known}; `{SYNC_RATES}` fetches what was published since.\n")


def update_currencies() -> None:
    """Bring the list of currencies up to date with the installed ISO 4217, and say what is new."""
    from currencies import services

    result = services.sync_currencies()
    if result.added or result.ended:
        sys.stdout.write(f"Currencies added or ended: {', '.join((*result.added, *result.ended))}.\n")


def wants_demo() -> bool:
    """Tell whether the demo household is wanted: by ``SEED_DEMO=1``, or by whoever sits at the terminal."""
    if os.environ.get("SEED_DEMO"):
        return os.environ["SEED_DEMO"] == "1"
    if not sys.stdin.isatty():
        return False
    sys.stdout.write("Fill the empty database with a made-up household, to try things out? [y/N] ")
    sys.stdout.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def prepare() -> None:
    """Do what is still to be done, in order."""
    django.setup()
    management.BaseCommand().check()  # the development server would wait for its files to change instead of ending
    if not is_migrated():
        management.call_command("migrate", interactive=False)
    update_currencies()
    is_empty = not get_user_model().objects.exists()
    management.call_command("create_first_admin")
    load_rates()
    fetch_rates()
    tell_of_old_rates()
    if is_empty and wants_demo():
        management.call_command("seed_demo")
    elif os.environ.get("SEED_DEMO") == "1":
        sys.stdout.write("SEED_DEMO: there are people already; `manage.py seed_demo` adds the household.\n")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        prepare()
    except (ImproperlyConfigured, management.base.SystemCheckError) as exc:
        sys.exit(str(exc))
    except OperationalError as exc:
        sys.exit(f"The database does not answer: {exc}\nA PostgreSQL database must be made first: createdb.")
