"""Ask a running Finances how it is: ``health.py [path …]``; exit code 1 unless every answer is good.

HEALTH_URL says where it runs; without it, this machine at the PORT of the environment or of .env (8000). The
container's health check asks for ``/health/live`` alone: no restart of the application brings a database back.
"""

import os
import sys
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

ENV_FILE = Path(__file__).resolve().parent.parent / ".env"
EVERYTHING = ["/health", "/health/database", "/health/cache"]


def setting(name: str) -> str:
    """Return a setting of the environment, else of .env, else nothing."""
    if name in os.environ or not ENV_FILE.exists():
        return os.environ.get(name, "")
    lines = ENV_FILE.read_text().splitlines()
    return next((line.partition("=")[2].strip() for line in lines if line.startswith(f"{name}=")), "")


def allowed_host(url: str) -> str:
    """Return the Host header to send to ``url``: in production only the named hosts are answered."""
    named = setting("DJANGO_ALLOWED_HOSTS").split(",")[0].strip()
    return named.lstrip(".") or urlsplit(url).netloc


def ask(url: str) -> tuple[bool, str]:
    """Return whether ``url`` answers 200 within five seconds, and what it says."""
    try:
        with urlopen(Request(url, headers={"Host": allowed_host(url)}), timeout=5) as answer:  # noqa: S310
            return answer.status == 200, answer.read().decode()  # noqa: PLR2004
    except HTTPError as exc:
        return False, f"{exc.code} {exc.read().decode(errors='replace')}"
    except (URLError, OSError) as exc:
        return False, f"no answer: {exc}"


def main(paths: list[str]) -> int:
    """Ask for each of ``paths``, or for everything; return the exit code."""
    base = os.environ.get("HEALTH_URL") or f"http://127.0.0.1:{setting('PORT') or 8000}"
    all_well = True
    for path in paths or EVERYTHING:
        well, answer = ask(base + path)
        all_well = all_well and well
        print(f"{path:18} {'ok' if well else 'NOT WELL'}  {answer}")
    return 0 if all_well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
