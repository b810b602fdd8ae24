"""Run the stand-ins by themselves, for trying things out by hand: see ``make run-offline``."""

import argparse
import signal
import sys
import threading
from pathlib import Path

from tests.stand_in import offline_rates
from tests.stand_in.server import MODES, StandIn
from tests.stand_in.yahoo import MODES as YAHOO_MODES
from tests.stand_in.yahoo import YahooStandIn


def settings_for(rates: StandIn, yahoo: YahooStandIn) -> dict[str, str]:
    """Return the settings that point the application at the stand-ins."""
    return {
        "REQUESTS_CA_BUNDLE": str(rates.ca_file),
        "EXCHANGERATE_API_URL": f"{rates.url}/keyed/v6",
        "OPEN_ER_API_URL": f"{rates.url}/open/v6",
        "ECB_RATES_URL": f"{rates.url}/ecb",
        "PRICE_PROVIDERS": "yahoo",
        "YAHOO_PROXY": yahoo.proxy,
        "YAHOO_CA_FILE": str(yahoo.ca_file),
        "YAHOO_SECONDS_BETWEEN_REQUESTS": "0",
    }


def main() -> None:
    """Serve until told to stop, and say how to point the application at it."""
    parser = argparse.ArgumentParser(prog="python -m tests.stand_in", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="of the rate services; any free one when 0")
    parser.add_argument("--mode", choices=MODES, default="ok", help="of the rate services")
    parser.add_argument("--yahoo-port", type=int, default=0, help="of Yahoo; any free one when 0")
    parser.add_argument("--yahoo-mode", choices=YAHOO_MODES, default="ok")
    parser.add_argument("--settings", type=Path, help="write the settings here instead of printing them")
    options = parser.parse_args()
    rates = StandIn(options.port, mode=options.mode, answers=offline_rates.ROUTES).start()
    yahoo = YahooStandIn(options.yahoo_port, mode=options.yahoo_mode).start()
    text = "".join(f"{name}={value}\n" for name, value in settings_for(rates, yahoo).items())
    if options.settings:
        whole = options.settings.with_suffix(".part")
        whole.write_text(text)
        whole.rename(options.settings)  # who waits for the file must never read half of it
    else:
        sys.stdout.write(text)
        sys.stdout.flush()
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    over.wait()
    rates.stop()
    yahoo.stop()


if __name__ == "__main__":
    main()
