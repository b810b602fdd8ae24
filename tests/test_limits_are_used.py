"""Every rate that can be set limits something: a setting that does nothing would only seem to protect."""

import ast
from pathlib import Path

import pytest
from django.conf import settings
from django.core import mail
from django.urls import URLPattern, get_resolver
from rest_framework.test import APIClient

from config import limits
from config.guards import NamingEnv

ROOT = Path(__file__).resolve().parent.parent


def views(patterns):
    """Find every view, once for each of its actions."""
    for pattern in patterns:
        if not isinstance(pattern, URLPattern):
            yield from views(pattern.url_patterns)
        elif hasattr(pattern.callback, "cls"):
            for action in getattr(pattern.callback, "actions", {"get": None}).values():
                view = pattern.callback.cls(**getattr(pattern.callback, "initkwargs", {}))
                view.action = action
                yield view


def scopes_of_views():
    for view in views(get_resolver().url_patterns):
        scope = getattr(view, "throttle_scope", None)
        if scope is not None:
            yield scope
            if hasattr(view, "throttle_account"):
                yield f"{scope}_account"


def texts_beside_limits():
    """Find every text in the modules that count by themselves: the throttle, mails, what only a body shows."""
    for path in (*ROOT.glob("finances/**/*.py"), *ROOT.glob("users/**/*.py"), *ROOT.glob("accounts/**/*.py")):
        source = path.read_text(encoding="utf-8")
        if "tests" not in path.parts and ("rate_limits." in source or "throttling.count(" in source):
            yield from (node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant))


def test_every_rate_limits_something():
    used = set(scopes_of_views()) | set(texts_beside_limits())

    unused = set(settings.THROTTLE_RATES) - used

    assert unused == set()


def test_every_scope_of_a_view_has_a_rate():
    scopes = set(scopes_of_views())

    assert {"sync", "login", "refresh_account", "confirm"} <= scopes
    assert scopes <= set(settings.THROTTLE_RATES)


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["forgot-password", "resend-verification"])
def test_one_address_does_not_use_up_all_mails_of_somebody(settings, user, path):
    defaults = limits.throttle_rates(NamingEnv(), has_defaults=True)
    scopes = ("forgot", "forgot_account", "mail_recipient")
    settings.THROTTLE_RATES = settings.THROTTLE_RATES | {scope: defaults[scope] for scope in scopes}
    guesser, owner = APIClient(REMOTE_ADDR="192.0.2.1"), APIClient(REMOTE_ADDR="192.0.2.2")

    asked = [guesser.post(f"/api/v1/auth/{path}", {"email": user.email}) for _ in range(20)]
    sent_before = len([one for one in asked if one.status_code == 200])
    answer = owner.post(f"/api/v1/auth/{path}", {"email": user.email})

    assert (answer.status_code, len(mail.outbox)) == (200, sent_before + 1)
