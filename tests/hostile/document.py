"""The operations of the OpenAPI document, for tests that are made from it: new endpoints are in them by themselves."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote

import schemathesis
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer
from requests import Request

DOCUMENT = json.loads(OpenApiJsonRenderer().render(SchemaGenerator().get_schema(request=None, public=True)))
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
SENT_BACK = Request("GET", "http://testserver").prepare()  # the library wants to know of a request


def resolved(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a schema itself where there is a name of one; of several alternatives the first."""
    if "$ref" in schema:
        return resolved(DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    for choice in ("oneOf", "allOf"):
        if choice in schema and "properties" not in schema:
            return {**resolved(schema[choice][0]), **{name: schema[name] for name in schema if name != choice}}
    return schema


@dataclass(frozen=True)
class Operation:
    """A method of an address, as the document tells of it."""

    method: str
    path: str
    told: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def parameters(self, place: str) -> dict[str, Mapping[str, Any]]:
        """Return the schemas of the parameters in ``place``: path, query or header."""
        return {
            each["name"]: resolved(each["schema"]) for each in self.told.get("parameters", []) if each["in"] == place
        }

    @cached_property
    def body(self) -> Mapping[str, Any] | None:
        """The schema of the body, if it takes one."""
        content = self.told.get("requestBody", {}).get("content", {})
        return resolved(content["application/json"]["schema"]) if content else None

    @cached_property
    def fields(self) -> dict[str, Mapping[str, Any]]:
        """The schemas of the fields of the body."""
        return {name: resolved(schema) for name, schema in (self.body or {}).get("properties", {}).items()}

    @cached_property
    def aliases(self) -> dict[str, str]:
        """The other names of fields and of parameters, ``{alias: name}``."""
        described = {**self.fields, **{each["name"]: each for each in self.told.get("parameters", [])}}
        found = {
            name: re.fullmatch(r"Alias of (\w+)\.", told.get("description", "")) for name, told in described.items()
        }
        return {name: alias[1] for name, alias in found.items() if alias}

    @cached_property
    def shown(self) -> dict[str, Mapping[str, Any]]:
        """The schemas of the fields of the row that it answers with; nothing where it answers with none."""
        good = next((each for status, each in self.told["responses"].items() if status in {"200", "201"}), {})
        content = good.get("content", {}).get("application/json")
        return dict(resolved(content["schema"]).get("properties", {})) if content else {}

    @property
    def is_private(self) -> bool:
        """Whether it is for those alone who are signed in."""
        return {"bearer": []} in self.told.get("security", []) and {} not in self.told["security"]

    def address(self, named: Mapping[str, Any]) -> str:
        """Return the address with the parameters of its path filled in, escaped."""
        return re.sub(r"{(\w+)}", lambda found: quote(str(named[found[1]]), safe=""), self.path)

    def require_promised(self, response: Any) -> None:
        """Fail unless an answer is one that the document promises: its status, media type, headers and shape."""
        assert str(response.status_code) in self.told["responses"], f"{response.status_code}: {response.text[:300]}"
        headers = {name.lower(): [value] for name, value in response.items()}
        answer = schemathesis.Response(response.status_code, headers, response.content, SENT_BACK, 0.0, verify=False)
        SCHEMA[self.path][self.method].validate_response(answer)


def operation(text: str) -> Operation:
    """Return the operation with a method and an address."""
    return next(each for each in OPERATIONS if str(each) == text)


OPERATIONS = [
    Operation(method.upper(), path, told)
    for path, methods in DOCUMENT["paths"].items()
    for method, told in methods.items()
]
