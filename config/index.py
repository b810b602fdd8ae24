"""Where clients and people begin."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from config.health import OpenView


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
