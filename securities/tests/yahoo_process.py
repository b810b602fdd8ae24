"""A process of its own that asks Yahoo's stand-in; the tests start several.

``python -m securities.tests.yahoo_process PREFIX TIMES CHILDREN SYMBOL…`` asks TIMES times for each SYMBOL, then forks
CHILDREN that do the same, and ends with 0 when every answer was whole.
"""

import os
import sys
from datetime import date

import django


def ask(times, symbols):
    """Ask, and count the answers that have bars."""
    from finances.exceptions import ProviderError
    from securities.intervals import Interval
    from securities.providers.yahoo import Yahoo

    right = 0
    for _ in range(times):
        for symbol in symbols:
            try:
                found = Yahoo().history(symbol, interval=Interval.DAY, since=date(2025, 3, 3), until=date(2025, 3, 8))
            except ProviderError:
                continue
            right += len(found.bars) == 5
    return right


def main():
    """Ask, fork, ask in the children, and in the parent again."""
    prefix, times, children, *symbols = sys.argv[1:]
    django.setup()
    from django.conf import settings

    settings.CACHE_PREFIX = prefix
    wanted = int(times) * len(symbols)
    right = [ask(int(times), symbols) == wanted]
    pids = []
    for _ in range(int(children)):
        pid = os.fork()
        if pid == 0:
            os._exit(0 if ask(int(times), symbols) == wanted else 1)
        pids.append(pid)
    right += [os.waitpid(pid, 0)[1] == 0 for pid in pids]
    if pids:
        right.append(ask(int(times), symbols) == wanted)
    return 0 if all(right) else 1


if __name__ == "__main__":
    sys.exit(main())
