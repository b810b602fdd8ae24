"""A process of its own that asks the stand-in; the tests start several.

``python -m finances.tests.asking_process URL TIMES CHILDREN PREFIX``: asks TIMES times, then forks CHILDREN that do
the same again, and ends with 0 when every answer was right.
"""

import os
import re
import sys
from datetime import timedelta

import django


def ask(url, times):
    """Ask, and count the right answers."""
    from finances import http
    from finances.exceptions import ProviderError

    policy = http.Policy(
        name="test", title="The test server", ttl={re.compile(r"/kept$"): timedelta(hours=1)}, gap=timedelta(0)
    )
    right = 0
    for _ in range(times):
        try:
            right += http.get(policy, url).body == b"42"
        except ProviderError:
            continue
    return right


def main():
    """Ask, fork, ask in the children."""
    url, times, children, prefix = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    django.setup()
    from django.conf import settings

    settings.CACHE_PREFIX = prefix
    right = ask(url, times)
    pids = []
    for _ in range(children):
        pid = os.fork()
        if pid == 0:
            os._exit(0 if ask(url, times) == times else 1)
        pids.append(pid)
    failed = sum(os.waitpid(pid, 0)[1] != 0 for pid in pids)
    # The parent's own session must have survived its children.
    right += ask(url, times) if children else times
    return 0 if right == 2 * times and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
