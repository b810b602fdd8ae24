"""How resources get their addresses."""

import re
from typing import Any

from django.urls import URLPattern, URLResolver, include
from django.urls.resolvers import RoutePattern
from rest_framework.routers import SimpleRouter


class Router(SimpleRouter):
    """Routes without a trailing slash; `OptionalTrailingSlashMiddleware` lets both forms in."""

    def __init__(self) -> None:
        """Switch the slash off."""
        super().__init__(trailing_slash=False)


class Beginning(RoutePattern):
    """Lets through, whole, the paths that begin with one of some segments, so that others are not compared further."""

    def __init__(self, segments: frozenset[str]) -> None:
        """Take the segments."""
        super().__init__("")
        self.segments = segments

    def match(self, path: str) -> tuple[str, tuple[Any, ...], dict[str, Any]] | None:
        """Return all of ``path``, if it begins so."""
        return (path, (), {}) if path.partition("/")[0] in self.segments else None


def include_by_beginning(urlconf: str) -> URLResolver:
    """Include the addresses of a module, each of which begins with a segment of letters and hyphens.

    Django compares a path with one pattern after the other; this asks first whether any of the module's can fit.

    Raises:
        ValueError: an address begins otherwise.
    """
    module: Any
    module, app_name, namespace = include(urlconf)
    segments = frozenset(_first_segment(pattern) for pattern in module.urlpatterns)
    return URLResolver(Beginning(segments), module, {}, app_name=app_name, namespace=namespace)


def _first_segment(pattern: URLPattern | URLResolver) -> str:
    found = re.match(r"\^?([a-z-]+)(?:[/$]|$)", str(pattern.pattern))
    if found is None:
        raise ValueError(f"The address {pattern.pattern} does not begin with a plain segment.")
    return found[1]
