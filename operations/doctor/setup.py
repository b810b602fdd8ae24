"""How the server is set up: settings, secrets, people who may administer."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage

from operations.doctor.findings import Finding, error, ok, warning
from users.models import User

FOR_OTHERS = stat.S_IRWXG | stat.S_IRWXO
# Said below in words of our own.
HTTPS_LEFT_OUT = {f"security.W0{number}" for number in ("04", "08", "10", "11", "12", "15", "16")}
SAID_OTHERWISE = {"mail.E001", *HTTPS_LEFT_OUT}
DROPPING = "django.core.mail.backends.dummy.EmailBackend"


def check_settings() -> Iterator[Finding]:
    """Look at what Django and the apps check at each start, and in production at what matters there."""
    problems = [_as_finding(message) for message in _messages()]
    problems += list(_of_production()) if settings.IN_PRODUCTION else []
    yield from problems
    if not problems:
        yield ok(f"Version {settings.VERSION} in {settings.ENVIRONMENT}: the settings are sound.")


def _messages() -> list[CheckMessage]:
    found = checks.run_checks(include_deployment_checks=settings.IN_PRODUCTION)
    return [
        message
        for message in found
        if message.level >= checks.WARNING and not message.is_silenced() and message.id not in SAID_OTHERWISE
    ]


def _as_finding(message: CheckMessage) -> Finding:
    remedy = message.hint or "See .env.example for what the setting takes."
    make = error if message.level >= checks.ERROR else warning
    return make(f"{message.msg} ({message.id})", remedy)


def _of_production() -> Iterator[Finding]:
    """Find what does no harm to safety, and still is rarely meant."""
    if settings.MAILERS["default"]["BACKEND"] == DROPPING:
        yield warning(
            "No mail leaves: nobody can reset a password or prove an address.", "Set EMAIL_URL to your mail server."
        )
    if "//localhost" in settings.FRONTEND_URL:
        yield warning(
            f"Links in mails lead to {settings.FRONTEND_URL}, which is each reader's own machine.",
            "Set FRONTEND_URL to the address of the client.",
        )
    if not settings.HTTPS_ONLY:
        yield warning(
            "HTTPS is not insisted on: passwords and tokens may travel in the clear.",
            "Set HTTPS_ONLY=true once a proxy in front ends HTTPS.",
        )
    if settings.HTTPS_ONLY and not settings.TRUSTED_PROXY_COUNT:
        yield warning(
            "HTTPS is insisted on, but no proxy is trusted to say that it was used: requests are redirected for ever.",
            "Set TRUSTED_PROXY_COUNT=1 if a proxy in front ends HTTPS and writes X-Forwarded-Proto.",
        )


def check_secrets() -> Iterator[Finding]:
    """Look whether others on this machine can read the settings, and whether an old key is still taken."""
    file = Path(os.environ.get("ENV_FILE", Path(settings.BASE_DIR) / ".env"))
    if file.is_file() and file.stat().st_mode & FOR_OTHERS:
        yield warning(f"Others on this machine may read {file}, and with it all secrets.", f"chmod 600 {file}")
    else:
        yield ok("Nobody else on this machine reads the secrets.")
    if settings.SECRET_KEY_FALLBACKS:
        yield warning(
            f"{len(settings.SECRET_KEY_FALLBACKS)} earlier secret keys are still accepted.",
            "Seven days after the change, empty DJANGO_SECRET_KEY_FALLBACKS.",
        )


def check_people() -> Iterator[Finding]:
    """Look whether somebody can administer."""
    count, administrators = User.objects.count(), User.objects.active_superusers().count()
    if administrators:
        yield ok(f"{count} people, of whom {administrators} may administer.")
    else:
        yield warning("Nobody can sign in to the admin.", "Run `manage.py createsuperuser`.")
