"""Where clients and people begin."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.views.generic import TemplateView
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from config import guards
from config.health import OpenView
from currencies.providers import registry


class LandingView(TemplateView):
    """The page for people who come by: what there is, and whose exchange rates it uses."""

    template_name = "landing.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the credits that the providers' terms of use ask for."""
        names = [*settings.RATE_PROVIDERS, "ecb-archive"]
        # An attribution is a text, and behind it in brackets the address that it leads to; each is led to once.
        parts = (registry.by_name(name).attribution.partition(" (") for name in names)
        parted = {address or text: (text, address.rstrip(")")) for text, _, address in parts}
        is_admin_known = settings.ADMIN_PATH == guards.USUAL_ADMIN_PATH  # one that was moved is not to be found here
        return super().get_context_data(credits=list(parted.values()), is_admin_known=is_admin_known, **kwargs)


class IndexSerializer(serializers.Serializer[Any]):
    """The API at a glance."""

    name = serializers.CharField()
    version = serializers.CharField()
    links = serializers.DictField(child=serializers.URLField(), help_text="Addresses to go on from.")


class IndexView(OpenView):
    """The address where clients begin."""

    @extend_schema(responses=IndexSerializer, tags=["health"])
    def get(self, request: Request) -> Response:
        """Say what this is and where to go on: sign in, then ask with the token."""
        links = {
            name: request.build_absolute_uri(reverse(name)) for name in ("login", "docs", "redoc", "openapi", "health")
        }
        return Response({"name": settings.SPECTACULAR_SETTINGS["TITLE"], "version": settings.VERSION, "links": links})
