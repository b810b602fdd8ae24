"""A process of its own that remembers something large; the tests start several.

``python -m finances.tests.remembering_process SIZE``: says that it is ready, and for each line that it reads asks for
the same SIZE bytes, which take it half a second to compute. It tells from when to when it computed, on a clock that all
processes share.
"""

import sys
import time

import django

SECONDS = 0.5


def main() -> None:
    """Ask once for each line."""
    django.setup()
    from finances import caching

    size = int(sys.argv[1])
    span = [0.0, 0.0]

    def compute() -> bytes:
        span[0] = time.monotonic()
        time.sleep(SECONDS)
        span[1] = time.monotonic()
        return b"x" * size

    print("ready", flush=True)  # noqa: T201 - to the test
    for _ in sys.stdin:
        result = caching.remember("of processes", state=[1], compute=compute)
        if len(result) != size:
            sys.exit(1)
        print(*span, flush=True)  # noqa: T201 - to the test


if __name__ == "__main__":
    main()
