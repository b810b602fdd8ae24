"""Does the time of a sign-in tell who exists? Prints the ratio of medians of a known and an unknown login.

Run from the project's root: ``python -m benchmarks.login_timing [rounds]``. Uses a test database and the hasher of
production. Attempts are interleaved in random order, so that what slows the machine slows all alike.
"""

import random
import statistics
import sys
import time
from collections.abc import Callable

from benchmarks import database

WRONG = "not the password"


def measured(act: Callable[[], object]) -> tuple[float, float]:
    """Return how long ``act`` takes, by the clock and in CPU of this process, in milliseconds."""
    started, busy = time.perf_counter(), time.process_time()
    act()
    return (time.perf_counter() - started) * 1000, (time.process_time() - busy) * 1000


def attempts() -> dict[str, Callable[[], object]]:
    """Make people, and return each kind of refused sign-in, and both kinds of forgotten passwords."""
    from rest_framework.test import APIClient

    from users.models import User

    User.objects.create_user("known@example.org", "correct horse battery")
    User.objects.create_user("inactive@example.org", "correct horse battery", is_active=False)
    client = APIClient()

    def login(email: str, password: str = WRONG) -> Callable[[], object]:
        return lambda: client.post("/api/v1/auth/login", {"email": email, "password": password})

    def forgot(email: str) -> Callable[[], object]:
        return lambda: client.post("/api/v1/auth/forgot-password", {"email": email})

    return {
        "login unknown": login("nobody@example.org"),
        "login known, wrong password": login("known@example.org"),
        "login inactive, wrong password": login("inactive@example.org"),
        "login inactive, right password": login("inactive@example.org", "correct horse battery"),
        "forgot unknown": forgot("nobody@example.org"),
        "forgot known": forgot("known@example.org"),
    }


def main(rounds: int) -> None:
    """Measure and print."""
    with database.of_its_own():
        from django.test.utils import override_settings

        as_in_production = override_settings(
            PASSWORD_HASHERS=["users.hashers.Argon2Hasher"],
            ALLOWED_HOSTS=["testserver"],
            TASKS={"default": {"BACKEND": "finances.tasks.ThreadBackend"}},
            MAILERS={"default": {"BACKEND": "django.core.mail.backends.dummy.EmailBackend"}},
        )
        with as_in_production:
            report(measure(attempts(), rounds))


def measure(kinds: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Return the medians of each kind: by the clock, and in CPU, in milliseconds."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in kinds}
    for _ in range(rounds):
        for name in random.sample(list(kinds), len(kinds)):  # what went before must not weigh on one kind alone
            taken[name].append(measured(kinds[name]))
    return {name: [statistics.median(column) for column in zip(*rows, strict=True)] for name, rows in taken.items()}


def report(medians: dict[str, list[float]]) -> None:
    """Print each median beside that of somebody who does not exist."""
    for name, (clock, busy) in medians.items():
        base_clock, base_busy = medians[f"{name.split()[0]} unknown"]
        print(
            f"{name:32} median {clock:8.2f} ms, CPU {busy:8.2f} ms   "
            f"ratio to unknown {clock / base_clock:.3f}, CPU {busy / base_busy:.3f}"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
