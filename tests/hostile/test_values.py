"""Every field and every parameter of every operation is given what nobody sends in good faith.

The answer is one that the document promises, never a failure of ours, and a refusal names the field. What one value
changed is taken back before the next one.
"""

import json
from contextlib import contextmanager
from http import HTTPStatus

import pytest
from django.db import transaction

from finances.api import errors
from tests.hostile import values
from tests.hostile.document import OPERATIONS

WITH_BODY = [operation for operation in OPERATIONS if operation.body is not None]
WITH_QUERY = [operation for operation in OPERATIONS if operation.parameters("query")]
WITH_PATH = [operation for operation in OPERATIONS if operation.parameters("path")]
UNREADABLE = {"parse_error"}  # of a body that is no JSON at all, so that there are no fields


@contextmanager
def taken_back():
    """Undo in the end what was done to the database."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def faults_of(operation, response, sent):
    """Return what is wrong with an answer to something hostile; nothing when it is as it should be.

    ``sent`` are the fields or parameters that a refusal may name: one of them has to be at fault.
    """
    try:
        operation.require_promised(response)
    except Exception as exc:  # noqa: BLE001 - of the library, whatever it finds
        return [f"{type(exc).__name__}: {exc}"]
    if response.status_code != HTTPStatus.BAD_REQUEST or response.json()["code"] in UNREADABLE:
        return []
    named = [str(fault["field"]).partition(".")[0] for fault in response.json()["errors"]]
    return [] if named and set(named) <= set(sent) else [f"names {named}: {response.text[:200]}"]


def report(found):
    """Fail with all that was found, a line each."""
    assert not found, "\n".join(f"{what}: {fault[:300]}" for what, fault in found)


@pytest.mark.parametrize("operation", WITH_BODY, ids=str)
def test_a_hostile_field_of_a_body_is_refused_by_name_or_taken(owner, household, operation):
    address, found = operation.address(household.named(operation)), []
    for index, field in enumerate(operation.fields):
        body = household.body(operation, without=field)
        start = json.dumps(body)[:-1] + (", " if body else "")
        tried = values.some_of(values.IN_FIELDS, place=f"{operation} {field}")
        for name, value in tried + (list(values.NOT_JSON.items()) if index == 0 else []):
            content = f'{start}"{field}": {value}}}'.encode()
            with taken_back():
                response = owner.generic(operation.method, address, content, content_type="application/json")
            found += [(f"{field}, {name}", fault) for fault in faults_of(operation, response, {field, *body})]
    report(found)


@pytest.mark.parametrize("operation", WITH_QUERY, ids=str)
def test_a_hostile_parameter_of_a_query_is_refused_by_name_or_taken(owner, household, operation):
    address, found = operation.address(household.named(operation)), []
    needed = {each["name"] for each in operation.told["parameters"] if each.get("required") and each["in"] == "query"}
    for parameter in operation.parameters("query"):
        rest = {name: household.parameter(name) for name in sorted(needed - {parameter})}
        start = "".join(f"{name}={value}&" for name, value in rest.items())
        for name, value in values.some_of(values.IN_QUERIES, place=f"{operation} {parameter}"):
            with taken_back():
                response = owner.generic(operation.method, f"{address}?{start}{parameter}={value}")
            sent = {parameter, *rest}
            found += [(f"{parameter}, {name}", fault) for fault in faults_of(operation, response, sent)]
    report(found)


@pytest.mark.parametrize("operation", WITH_PATH, ids=str)
def test_a_hostile_part_of_a_path_leads_nowhere(owner, household, operation):
    named, found = household.named(operation), []
    for part in named:
        for name, value in values.some_of(values.IN_PATHS, place=f"{operation} {part}"):
            address = operation.path.replace(f"{{{part}}}", value)
            address = replace_rest(address, named)
            with taken_back():
                response = owner.generic(operation.method, address)
            found += [(f"{part}, {name}", fault) for fault in faults_of_nowhere(response)]
    report(found)


def replace_rest(address, named):
    """Fill in what is left of the parameters of a path."""
    for part, row in named.items():
        address = address.replace(f"{{{part}}}", str(row))
    return address


def faults_of_nowhere(response):
    """Return what is wrong with an answer to an address that names nothing; it may yet be of another operation."""
    kind = response.get("Content-Type", "")
    if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR or "html" in kind:
        return [f"{response.status_code} {kind}: {response.text[:200]}"]
    if response.status_code < HTTPStatus.BAD_REQUEST:
        return [f"{response.status_code}: there is something"]
    return [] if kind == errors.MEDIA_TYPE else [f"{response.status_code} {kind}"]
