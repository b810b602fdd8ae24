"""What the settings refuse to start with, each refusal in one sentence that says what to do."""

import re
from collections.abc import Mapping
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

ENVIRONMENTS = ("development", "test", "production")
SHORTEST_SECRET = 50
USUAL_ADMIN_PATH = "admin/"
TAKEN_PATHS = {"api", "docs", "health", "metrics", "redoc", "static"}

NO_TLS = "a proxy in front ends TLS and HTTP/2 (docs/operations.md): here their callers would hold threads"
ONE_READING = "a proxy may see another request in what callers send"
SERVING = {
    "worker_class": ("config.threads.Worker", "any other lets slow callers hold its threads"),
    "certfile": (None, NO_TLS),
    "keyfile": (None, NO_TLS),
    "http_protocols": (["h1"], NO_TLS),
    "protocol": ("http", "no other is taken in without a thread"),
    "proxy_protocol": ("off", "a proxy tells who asks by X-Forwarded-For (TRUSTED_PROXY_COUNT)"),
    "http_parser": ("python", ONE_READING),
    "permit_obsolete_folding": (False, ONE_READING),
    "strip_header_spaces": (False, ONE_READING),
    "header_map": ("drop", ONE_READING),
}


def refuse(reasons: list[str]) -> None:
    """Stop the start with every reason at once.

    Raises:
        ImproperlyConfigured: there is at least one reason.
    """
    if reasons:
        raise ImproperlyConfigured("Finances does not start like this:\n  - " + "\n  - ".join(reasons))


def require_known_environment(name: str) -> None:
    """Refuse a DJANGO_ENV that is none of ours, since a typing error must not loosen production."""
    refuse([] if name in ENVIRONMENTS else [f"DJANGO_ENV is {name!r}; it must be one of {', '.join(ENVIRONMENTS)}"])


def admin_path(path: str) -> str:
    """Return where the admin lives, as ``secret/``; refuse what leads to something else, or nowhere."""
    stripped = path.strip("/")
    if not re.fullmatch(r"[A-Za-z0-9_-]+(?:/[A-Za-z0-9_-]+)*", stripped):
        refuse(
            [f"ADMIN_PATH is {path!r}; letters, digits, - and _ make up the address of the admin, as in hidden/door"]
        )
    if stripped.split("/")[0] in TAKEN_PATHS:
        refuse([f"ADMIN_PATH is {path!r}, where something else lives already"])
    return f"{stripped}/"


class NamingEnv(environ.Env):  # type: ignore[misc]
    """Reads variables, and names the one that cannot be read."""

    def get_value(self, var: Any, *args: Any, **kwargs: Any) -> Any:
        """Return the value of a variable.

        Raises:
            ImproperlyConfigured: it is not of the kind that is expected.
        """
        try:
            return super().get_value(var, *args, **kwargs)
        except ValueError as exc:
            raise ImproperlyConfigured(f"Finances does not start like this:\n  - {var} cannot be read: {exc}") from exc


def require_known_database(engine: str) -> None:
    """Refuse a DATABASE_URL of a database that nobody has tried."""
    known = {"django.db.backends.sqlite3", "django.db.backends.postgresql"}
    refuse([] if engine in known else ["DATABASE_URL names neither sqlite nor postgres"])


def require_no_redis_for_limits_alone(url: str) -> None:
    """Refuse a LIMITS_REDIS_URL that nothing would read, since limits would seem to be counted there."""
    refuse(["LIMITS_REDIS_URL is set without REDIS_URL; set both, or neither"] if url else [])


def require_known_serving(gunicorn: Any) -> None:
    """Refuse settings of gunicorn that let callers hold its threads, or that read requests more leniently."""
    given = {name: gunicorn.settings[name].get() for name in SERVING}
    refuse(
        [f"gunicorn's {name} is {given[name]}; {why}" for name, (usual, why) in SERVING.items() if given[name] != usual]
    )


def require_safe_production(settings: Mapping[str, Any]) -> None:
    """Refuse production settings that would expose people's data."""
    reasons = []
    if len(settings["SECRET_KEY"]) < SHORTEST_SECRET:
        reasons.append(f"DJANGO_SECRET_KEY is missing or shorter than {SHORTEST_SECRET} characters")
    if any(len(secret) < SHORTEST_SECRET for secret in settings["SECRET_KEY_FALLBACKS"]):
        reasons.append(f"DJANGO_SECRET_KEY_FALLBACKS holds a key shorter than {SHORTEST_SECRET} characters")
    if settings["DEBUG"]:
        reasons.append("DJANGO_DEBUG is on; it shows settings and source to anybody")
    if not settings["ALLOWED_HOSTS"]:
        reasons.append("DJANGO_ALLOWED_HOSTS is empty; name the hosts that this server answers for")
    if "*" in settings["ALLOWED_HOSTS"]:
        reasons.append("DJANGO_ALLOWED_HOSTS holds '*'; name the hosts, or links in mails can be forged")
    if "*" in settings["CORS_ALLOWED_ORIGINS"]:
        reasons.append("CORS_ALLOWED_ORIGINS holds '*'; name the client's origin")
    refuse(reasons)
