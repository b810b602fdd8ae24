"""Every rate that can be set limits something: a setting that does nothing would only seem to protect."""

import ast
from pathlib import Path

from django.conf import settings
from django.urls import URLPattern, get_resolver

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
