"""Say in plain words when nothing can be served at an address: ``check_port.py HOST PORT``.

Needs nothing but Python, and exits with 1 before anything has been started.
"""

import errno
import os
import socket
import sys


def is_answered(family: int, address: tuple[object, ...]) -> bool:
    """Tell whether somebody listens at ``address`` already."""
    with socket.socket(family, socket.SOCK_STREAM) as caller:
        caller.settimeout(1)
        return caller.connect_ex(address) == 0


def why_not(host: str, port: str) -> str | None:
    """Return why ``host`` and ``port`` cannot be served, or None when they can."""
    if not port.isdecimal() or not 0 < int(port) < 65536:  # noqa: PLR2004
        return f"PORT={port} is no port: choose a number between 1024 and 65535."
    other = f"{os.environ.get('SAY_RUN', 'make run')} PORT={int(port) % 65535 + 1}"
    busy = f"Port {port} of {host} is busy. Stop what uses it, or choose another: {other}"
    try:
        family, *_, address = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)[0]
    except OSError:
        return f"HOST={host} is no address of this machine."
    with socket.socket(family, socket.SOCK_STREAM) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind(address)
        except PermissionError:
            return f"Port {port} needs more rights than this user has: choose one above 1023."
        except OSError as exc:
            return busy if exc.errno == errno.EADDRINUSE else f"Nothing can be served at {host}:{port}: {exc.strerror}."
    # Some systems let a second server bind what a first one already answers.
    return busy if is_answered(family, address) else None


if __name__ == "__main__":
    sys.exit(why_not(*sys.argv[1:3]))
