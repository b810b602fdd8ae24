"""gunicorn as in production, by a clock that is as many seconds ahead as the file ``CLOCK_FILE`` says."""

import os
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from config.gunicorn import *  # noqa: F403 - all of its settings are ours

SECONDS_BETWEEN_LOOKS = 0.1


def post_worker_init(worker):
    """Set the clock of this process whenever the file changes."""
    threading.Thread(target=_follow, args=(Path(os.environ["CLOCK_FILE"]),), daemon=True).start()


def _follow(file):
    import time_machine  # which brings pytest along, and settings that see it are those of tests

    journey, ahead = None, 0
    while True:
        wanted = ahead
        with suppress(OSError, ValueError):
            wanted = int(file.read_text())
        if wanted != ahead:
            if journey is not None:
                journey.stop()
            journey, ahead = time_machine.travel(datetime.now(UTC) + timedelta(seconds=wanted)), wanted
            journey.start()
        time.sleep(SECONDS_BETWEEN_LOOKS)
