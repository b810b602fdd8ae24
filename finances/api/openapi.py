"""How the OpenAPI document tells what all endpoints share: problems, headers, aliases, partial PUT."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers

from finances.api import idempotency
from finances.api.idempotency import IdempotentMixin
from finances.api.serializers import aliases_of

PROBLEM_MEDIA_TYPE = "application/problem+json"
ROW = re.compile(r"(?<=\bthe )rows?\b|(?<=\bnew )row\b|(?<=\bone )row\b")
SECTIONS = re.compile(r"\n\s*(?:Raises|Returns):")
WRITES = {"post", "put", "patch", "delete"}
TAG_HEADER = {"description": "The state of the answer, for If-None-Match and If-Match.", "schema": {"type": "string"}}
WAIT_HEADER = {"description": "Seconds until a new try makes sense.", "schema": {"type": "integer"}}
CHANGES = {"put", "patch", "delete"}


class FaultSerializer(serializers.Serializer[Any]):
    """One fault of the input."""

    field = serializers.CharField(allow_null=True, help_text="Which field, nested ones joined by dots.")
    code = serializers.CharField(help_text="Stable, for programs.")
    message = serializers.CharField(help_text="A sentence for people.")


class ProblemSerializer(serializers.Serializer[Any]):
    """RFC 9457 problem details."""

    type = serializers.CharField(default="about:blank")
    title = serializers.CharField(help_text="The status in words.")
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="One plain sentence that a person can read.")
    code = serializers.CharField(help_text="Stable, for programs.")
    errors = FaultSerializer(many=True)  # type: ignore[assignment]
    retry_after = serializers.IntegerField(required=False, help_text="Seconds, with 429 only.")


# For `extend_schema(responses=...)` of an operation that may not find something though its address names nothing.
NOT_FOUND = {(int(HTTPStatus.NOT_FOUND), PROBLEM_MEDIA_TYPE): ProblemSerializer}


class ProblemAutoSchema(AutoSchema):
    """Describe every operation with its problems, its headers and the aliases of its fields."""

    def _map_serializer_field(self, field: Any, direction: str, *args: Any, **kwargs: Any) -> Any:
        """Promise decimals as numbers, but not as binary floats, which "double" would be."""
        schema = super()._map_serializer_field(field, direction, *args, **kwargs)  # type: ignore[no-untyped-call]
        if (
            isinstance(field, serializers.DecimalField)
            and isinstance(schema, dict)
            and schema.get("format") == "double"
        ):
            del schema["format"]
        return schema

    def get_tags(self) -> list[str]:
        """Group operations by the resource in their address."""
        parts = [part for part in self.path.removeprefix("/api/v1").split("/") if part]
        return [parts[0]]

    def get_description(self) -> str:  # type: ignore[override]
        """Tell callers what the docstring says, without what is for readers of the code, naming what "the row" is."""
        said = SECTIONS.split(str(super().get_description()))[0].strip()
        queryset = getattr(self.view, "queryset", None)
        if queryset is None:
            return said
        names = queryset.model._meta
        return ROW.sub(lambda found: str(names.verbose_name_plural if found[0] == "rows" else names.verbose_name), said)

    def get_summary(self) -> str:
        """Take the first sentence of the description as the title, in which backticks would be shown."""
        return self.get_description().partition("\n")[0].split(". ")[0].rstrip(".:;").replace("`", "")

    def _map_serializer(self, serializer: Any, direction: str, bypass_extensions: bool = False) -> dict[str, Any]:
        """Add each alias as a deprecated twin of its field; of a field that is required, either name will do."""
        schema: dict[str, Any] = super()._map_serializer(serializer, direction, bypass_extensions)  # type: ignore[no-untyped-call]
        properties = schema.get("properties", {})
        for alias, name in aliases_of(serializer).items():
            if name in properties:
                properties[alias] = {**properties[name], "deprecated": True, "description": f"Alias of {name}."}
                if direction == "response":
                    schema.setdefault("required", []).append(alias)
        if direction == "request":
            self.require_one_name(schema, aliases_of(serializer))
        return schema

    def require_one_name(self, schema: dict[str, Any], aliases: Mapping[str, str]) -> None:
        """Let a body name a required field by its own name or by an alias."""
        required = schema.get("required", [])
        choices = []
        for name in [name for name in required if name in aliases.values()]:
            names = [name, *(alias for alias, canonical in aliases.items() if canonical == name)]
            choices.append({"anyOf": [{"required": [each]} for each in names]})
            required.remove(name)
        if choices:
            schema["allOf"] = choices
        if not required:
            schema.pop("required", None)

    def _get_request_body(self, direction: str = "request") -> Any:
        """Describe the body of a PUT like that of a PATCH, since it changes only what is sent.

        A view with ``delete_takes_body`` has one for DELETE too, which drf-spectacular would leave out.
        """
        method = self.method
        if method == "PUT":
            self.method = "PATCH"
        elif method == "DELETE" and getattr(self.view, "delete_takes_body", False):
            self.method = "POST"
        try:
            return super()._get_request_body(direction)  # type: ignore[no-untyped-call]
        finally:
            self.method = method

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        """Add the problems that an operation may answer with."""
        operation = super().get_operation(*args, **kwargs)
        if operation is not None:
            problem = self.resolve_serializer(ProblemSerializer, "response").ref
            for status in self.problem_statuses(operation):
                operation["responses"].setdefault(
                    str(int(status)),
                    {"description": status.phrase, "content": {PROBLEM_MEDIA_TYPE: {"schema": problem}}},
                )
            self.describe_headers(operation)
        return operation

    def problem_statuses(self, operation: dict[str, Any]) -> list[HTTPStatus]:
        """Return the failures that an operation of this shape can have."""
        method, places = self.method.lower(), {parameter["in"] for parameter in operation.get("parameters", [])}
        signed_in = bool(operation.get("security")) and {} not in operation["security"]
        possible = {
            HTTPStatus.BAD_REQUEST: bool(places) or "requestBody" in operation,
            HTTPStatus.UNAUTHORIZED: signed_in,
            HTTPStatus.FORBIDDEN: signed_in,
            HTTPStatus.NOT_FOUND: "path" in places,
            HTTPStatus.CONFLICT: signed_in and method in WRITES,
            HTTPStatus.PRECONDITION_FAILED: method in CHANGES or method == "get",  # whichever way If-Match says no
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "requestBody" in operation,
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "requestBody" in operation,
            HTTPStatus.TOO_MANY_REQUESTS: self.path.startswith("/api/"),
            HTTPStatus.SERVICE_UNAVAILABLE: True,
        }
        return [status for status, applies in possible.items() if applies]

    def describe_headers(self, operation: dict[str, Any]) -> None:
        """Tell the headers of conditional and repeated requests, and of pages."""
        if self.method.lower() in CHANGES:
            operation.setdefault("parameters", []).append(
                {
                    "name": "If-Match",
                    "in": "header",
                    "description": "Write only when the row itself is as the answer with this ETag had it; 412 if not.",
                    "schema": {"type": "string"},
                }
            )
        if self.method.lower() == "post" and isinstance(self.view, IdempotentMixin) and operation.get("security"):
            operation.setdefault("parameters", []).append(
                {
                    "name": idempotency.HEADER,
                    "in": "header",
                    "description": "Sent again within 24 hours, the request does nothing and gets its first answer.",
                    "schema": {"type": "string", "pattern": f"^{idempotency.FORM.pattern}$"},
                }
            )
        self.describe_answer_headers(operation["responses"])
        if self.method.lower() == "get" and self.path.startswith("/api/") and "200" in operation["responses"]:
            self.describe_unchanged(operation)
        page = operation["responses"].get("200")
        if page is not None and self._is_list_view() and self._get_paginator():  # type: ignore[no-untyped-call]
            page["headers"] |= {
                "X-Total-Count": {"description": "Rows on all pages.", "schema": {"type": "integer"}},
                "Link": {"description": "RFC 8288: first, prev, next, last.", "schema": {"type": "string"}},
            }

    def describe_unchanged(self, operation: dict[str, Any]) -> None:
        """Tell how to read only what has changed."""
        operation.setdefault("parameters", []).append(
            {
                "name": "If-None-Match",
                "in": "header",
                "description": "The ETag of an earlier answer; 304, without content, while it would be the same.",
                "schema": {"type": "string"},
            }
        )
        operation["responses"]["304"] = {
            "description": HTTPStatus.NOT_MODIFIED.phrase,
            "headers": {"ETag": TAG_HEADER},
        }

    def describe_answer_headers(self, responses: dict[str, Any]) -> None:
        """Tell the headers of single answers."""
        headers = {
            "200": {"ETag": TAG_HEADER},
            "201": {"ETag": TAG_HEADER, "Location": {"description": "The new row.", "schema": {"type": "string"}}},
            "429": {"Retry-After": WAIT_HEADER},
            "503": {"Retry-After": WAIT_HEADER},
        }
        for status, described in headers.items():
            if status in responses:
                responses[status].setdefault("headers", {}).update(described)
