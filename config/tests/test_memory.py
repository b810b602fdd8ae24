"""A server gives memory back that it needed once, and its processes share what they can."""

import platform
import subprocess
import sys

import pytest

from config.tests.serving import ROOT, production

# After a very large block was let go, glibc keeps blocks up to that size to itself, unless it was told otherwise.
ASK = """
import ctypes
from config import memory

class Found(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in "arena ordblks smblks hblks hblkhd a b c d e".split()]

library = ctypes.CDLL(None)
library.mallinfo2.restype = Found
{told}
del (large := [bytearray(16_000_000)])[:]
before = library.mallinfo2().hblks
kept = bytearray(1_000_000)
print(library.mallinfo2().hblks - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
@pytest.mark.parametrize(("told", "from_the_system"), [("", "0"), ("memory.give_back()", "1")])
def test_large_blocks_come_from_the_system_and_go_back(told, from_the_system):
    command = [sys.executable, "-c", ASK.format(told=told)]

    asked = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603

    assert asked.stdout.strip() == from_the_system


STARTED = """
import gc, runpy, types
from gunicorn.config import Config

ours, read = Config(), runpy.run_path("config/gunicorn.py")
for name in ("worker_class", "http_parser"):
    ours.set(name, read[name])
read["on_starting"](types.SimpleNamespace(cfg=ours))
from users.models import User
print(gc.is_tracked(User) and not any(each is User for each in gc.get_objects()))
"""


def test_what_was_there_before_workers_are_forked_is_not_looked_through_in_them(tmp_path):
    asked = subprocess.run(  # noqa: S603
        [sys.executable, "-c", STARTED], cwd=ROOT, env=production(tmp_path), capture_output=True, text=True, check=True
    )

    assert asked.stdout.splitlines()[-1] == "True"
