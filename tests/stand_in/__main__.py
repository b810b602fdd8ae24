"""Run the stand-in by itself, for trying things out by hand."""

import argparse
import signal
import time

from tests.stand_in import MODES, StandIn


def main() -> None:
    """Serve until interrupted, and say how to point the application at it."""
    parser = argparse.ArgumentParser(prog="python -m tests.stand_in", description=__doc__)
    parser.add_argument("--port", type=int, default=8443)
    parser.add_argument("--mode", choices=MODES, default="ok")
    options = parser.parse_args()
    stand_in = StandIn(options.port, mode=options.mode).start()
    lines = (
        f"REQUESTS_CA_BUNDLE={stand_in.ca_file}",
        f"EXCHANGERATE_API_URL={stand_in.url}/keyed/v6",
        f"OPEN_ER_API_URL={stand_in.url}/open/v6",
        f"ECB_RATES_URL={stand_in.url}/ecb",
    )
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    print(*lines, sep="\n", flush=True)  # noqa: T201 - this is a program
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        stand_in.stop()


if __name__ == "__main__":
    main()
