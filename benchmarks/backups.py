"""How long do a backup and its restore take, in how much memory? Prints seconds and sizes, on either database.

Run from the project's root: ``DATABASE_URL=… python -m benchmarks.backups [securities]``. Stores 2500 daily bars of
each of 400 securities, a million rows, backs them up and restores them. The memory is that by which the process grew
beyond what it took before it began. Uses a test database beside that of ``DATABASE_URL``.
"""

import resource
import sys
import tempfile
from typing import Any

from benchmarks import database
from benchmarks.ingest import DAYS, seconds, walk


def peak() -> float:
    """Return the most memory that the process has taken so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def store(count: int) -> None:
    """Store the prices of ``count`` securities."""
    from operations.backups import rows
    from securities.models import Security, SecurityPrice

    columns = ("security_id", "interval", "timestamp", "open", "high", "low", "close", "volume")
    for number, security in enumerate(Security.objects.bulk_create([Security(symbol=f"S{n}") for n in range(count)])):
        bars = ((security.pk, "1d", *bar) for bar in walk(number))
        rows.insert(SecurityPrice, bars, columns=columns)


def measure(count: int) -> None:
    """Back up and restore, and print."""
    from django.db import connection

    from operations.backups import archive, making, restoring

    def nothing(_count: int) -> None:
        """Hear of nothing."""

    def restore(file: Any) -> None:
        with archive.opened(file) as opened:
            restoring.restore(opened, force=True, advance=nothing)

    store(count)
    print(f"{count * DAYS} prices on {connection.vendor}")
    with tempfile.TemporaryFile() as file:
        before = peak()
        taken = seconds(lambda: making.make(file, advance=nothing))
        print(f"backup   {taken:7.1f} s   {peak() - before:5.0f} MiB more")
        print(f"file     {file.tell() / 1024**2:7.1f} MiB")
        taken = seconds(lambda: restore(file))
        print(f"restore  {taken:7.1f} s   {peak() - before:5.0f} MiB more")


def main(count: int) -> None:
    """Measure in a database of its own."""
    with database.of_its_own():
        measure(count)


if __name__ == "__main__":
    main(int((sys.argv[1:] or ["400"])[0]))
