"""What does knowing who asks cost? Prints queries and CPU of a request with and without a token, and their ratio.

Run from the project's root: ``python -m benchmarks.authenticated_request [rounds]``. Asks ``/health``, which does
nothing: as it is, with the user loaded by the token's id alone, and behind our whole authentication. Uses a test
database beside that of ``DATABASE_URL``.
"""

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks import database


def microseconds(act: Callable[[], object]) -> float:
    """Return the CPU time that ``act`` takes."""
    started = time.process_time_ns()
    act()
    return (time.process_time_ns() - started) / 1000


def requests() -> dict[str, Callable[[], object]]:
    """Make somebody with many sessions, and return the same request without a token, with one, and with every check."""
    from rest_framework.test import APIRequestFactory

    from config.health import HealthView
    from users import sessions
    from users.api.authentication import TokenAuthentication
    from users.models import User

    user = User.objects.create_user("known@example.org", "correct horse battery")
    tokens = [sessions.start(user=user).access_token for _ in range(50)]
    factory = APIRequestFactory()

    class UserAlone(TokenAuthentication):
        """Load the user by id and check nothing else about the session."""

        def get_user(self, validated_token: Any) -> Any:
            return User.objects.filter(pk=validated_token["sub"]).order_by().first()

    plain = HealthView.as_view()
    knowing = HealthView.as_view(authentication_classes=(TokenAuthentication,))
    loading = HealthView.as_view(authentication_classes=(UserAlone,))
    header = {"HTTP_AUTHORIZATION": f"Bearer {tokens[0]}"}
    return {
        "without": lambda: plain(factory.get("/health")).render(),
        "user alone": lambda: loading(factory.get("/health", **header)).render(),
        "authenticated": lambda: knowing(factory.get("/health", **header)).render(),
    }


def main(rounds: int) -> None:
    """Measure and print."""
    with database.of_its_own():
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        kinds = requests()
        times: dict[str, list[float]] = {name: [] for name in kinds}
        for _ in range(rounds):
            for name, act in kinds.items():
                times[name].append(microseconds(act))
        base = statistics.median(times["without"])
        for name, act in kinds.items():
            with CaptureQueriesContext(connection) as queries:
                act()
            median = statistics.median(times[name])
            print(f"{name:14} queries {len(queries)}   median CPU {median:7.0f} µs   ratio {median / base:.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
