"""Opening the SQLite files that processes share. They hold copies and counters only, so a damaged one may go."""

import logging
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

logger = logging.getLogger(__name__)

TRIES = 40
PAUSE = 0.05  # seconds


def open_patiently[T](opener: Callable[[Path], T], path: Path) -> T:
    """Open ``path``, again and again while other processes make it, and anew when it is damaged.

    Raises:
        sqlite3.OperationalError: it stays locked, or cannot be written.
    """
    for _ in range(TRIES):
        try:
            return opener(path)
        except sqlite3.OperationalError:
            time.sleep(PAUSE)
        except sqlite3.DatabaseError:
            logger.warning("%s is damaged and is started anew", path.name)
            for ending in ("", "-wal", "-shm"):
                path.with_name(path.name + ending).unlink(missing_ok=True)
    return opener(path)
