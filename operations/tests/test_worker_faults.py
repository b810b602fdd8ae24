"""A worker whose main thread meets a fault is no worker any more."""

import os
import subprocess
import sys

from django.conf import settings

BROKEN = """
import django
django.setup()
from operations import workers

def broken(_process):
    raise RuntimeError("a fault of ours")

workers.Process._beat = broken
workers.Process(workers.Duties()).run()
"""


def test_it_ends_at_once_and_says_so(tmp_path):
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "VAR_DIR": str(tmp_path)}

    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", BROKEN],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 1
    assert "a fault of ours" in done.stderr
    assert "what was under way is left to others" in done.stderr
