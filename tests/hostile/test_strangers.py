"""Nobody reads, changes or points at what is somebody else's: every operation of the OpenAPI document is tried.

What is in the document is tried by itself; what fits in none of the groups here fails until somebody says what it is.
"""

import re
import uuid
from http import HTTPStatus

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from finances.models import OwnedModel
from tests.hostile.conftest import settle
from tests.hostile.document import OPERATIONS
from users.models import User

# Parts of addresses: some name what belongs to somebody, the others what is the same for all.
PRIVATE = {
    "/accounts/{id}", "/accounts/{account_id}", "/values/{id}", "/holdings/{id}", "/financial-institutions/{id}",
    "/users/{id}",
}  # fmt: skip
SHARED = {"/currencies/{code}", "/securities/{symbol}"}
# What nobody has to sign in for. A refresh token in the body is a sign-in of its own.
OPEN = {
    "GET /api/v1", "GET /health", "GET /health/cache", "GET /health/database", "GET /health/live", "GET /health/ready",
    "POST /api/v1/auth/forgot-password", "POST /api/v1/auth/login", "POST /api/v1/auth/login/tokens",
    "POST /api/v1/auth/logout", "POST /api/v1/auth/refresh", "POST /api/v1/auth/register",
    "POST /api/v1/auth/resend-verification", "POST /api/v1/auth/reset-password", "POST /api/v1/auth/verify-email",
}  # fmt: skip
FOR_SUPERUSERS = {
    "GET /api/v1/users", "POST /api/v1/users", "POST /api/v1/currencies", "PUT /api/v1/currencies/{code}",
    "PATCH /api/v1/currencies/{code}", "DELETE /api/v1/currencies/{code}", "POST /api/v1/currencies/{code}/rates",
}  # fmt: skip


def places(operation):
    """Return the parts of an address that name a row: each parameter with what stands before it."""
    return set(re.findall(r"/[\w-]+/{\w+}", operation.path))


SIGNED_IN = [operation for operation in OPERATIONS if operation.is_private]
OF_A_ROW = [operation for operation in SIGNED_IN if places(operation) & PRIVATE]
OF_NO_ROW = [operation for operation in SIGNED_IN if operation not in OF_A_ROW]
WRITES = [operation for operation in SIGNED_IN if operation.fields and operation.method != "DELETE"]
every = pytest.mark.parametrize


@pytest.fixture
def theirs(stranger):
    """Give a stranger a row of each kind."""
    return settle(stranger)


@pytest.fixture
def mine(user):
    """Give the asking user a row of each kind."""
    return settle(user)


def all_of(user):
    """Return every row of ``user``, themselves included, as it is stored."""
    models = [model for model in apps.get_models() if issubclass(model, OwnedModel)]
    rows = {
        model._meta.label: list(model._default_manager.filter(user=user).order_by("pk").values()) for model in models
    }
    return rows | {"users.User": list(User.objects.filter(pk=user.pk).values())}


def marks_of(household):
    """Return what a text that is not about ``household`` does not have in it."""
    rows = {str(row) for place, row in household.rows.items() if place not in {"{symbol}", "{code}"}}
    return rows | {household.owner.email, household.owner.username}


def query_for(household, operation):
    """Return the query that an operation needs."""
    needed = [each["name"] for each in operation.told.get("parameters", []) if each.get("required")]
    return "&".join(f"{name}={household.parameter(name)}" for name in needed if name in operation.parameters("query"))


def ask(client, household, operation, *, address=None, body=None):
    """Send an operation with all that it needs."""
    sent = household.body(operation) if body is None else body
    address = address or operation.address(household.named(operation))
    return client.generic(
        operation.method,
        f"{address}?{query_for(household, operation)}",
        *([client._encode_data(sent, "json")[0]] if operation.fields else []),
        content_type="application/json",
    )


def asked(*args, **kwargs):
    """Send an operation and take back what it did; return the answer, and how many questions it took the database."""
    with transaction.atomic():
        with CaptureQueriesContext(connection) as queries:
            response = ask(*args, **kwargs)
        transaction.set_rollback(True)
    return response, len(queries)


def without_ids(response, *ids):
    """Return what an answer says, whichever of ``ids`` it says it of, and whenever."""
    text = re.sub(r'"updated_at":"[^"]+"', "", response.text)
    for each in ids:
        text = text.replace(str(each), "ID")
    return response.status_code, text


# ---- Nothing is left out ----


def test_every_address_names_rows_that_are_known_as_somebodys_or_as_everybodys():
    unknown = {place for operation in OPERATIONS for place in places(operation)} - PRIVATE - SHARED

    assert unknown == set(), "say whose they are, and let conftest.settle make one"
    assert all(operation.path.count("{") == len(places(operation)) for operation in OPERATIONS)


def test_all_but_a_few_named_operations_need_a_token():
    assert {str(operation) for operation in OPERATIONS if not operation.is_private} == OPEN


# ---- Every operation ----


@every("operation", SIGNED_IN, ids=str)
def test_whoever_has_not_signed_in_is_told_to(anonymous, mine, operation):
    before = all_of(mine.owner)

    response = ask(anonymous, mine, operation)

    assert response.status_code == HTTPStatus.UNAUTHORIZED
    assert response["WWW-Authenticate"].startswith("Bearer")
    assert all_of(mine.owner) == before


@every("operation", OF_A_ROW, ids=str)
def test_a_strangers_row_is_as_one_that_does_not_exist(api, mine, theirs, operation):
    before = all_of(theirs.owner)
    named, nothing = theirs.named(operation), {name: uuid.uuid4() for name in theirs.named(operation)}

    asked(api, mine, operation, address=operation.address(nothing))  # fills the caches
    of_a_stranger, queries = asked(api, mine, operation, address=operation.address(named))
    of_nothing, as_many = asked(api, mine, operation, address=operation.address(nothing))

    assert of_a_stranger.status_code == HTTPStatus.NOT_FOUND
    assert without_ids(of_a_stranger, *named.values()) == without_ids(of_nothing, *nothing.values())
    assert queries == as_many  # or the time that it takes would tell
    assert all_of(theirs.owner) == before


@every("operation", [each for each in OF_A_ROW if len(places(each)) > 1], ids=str)
def test_a_strangers_row_is_not_under_ones_own_either(api, mine, theirs, operation):
    before = all_of(theirs.owner)
    inner = list(operation.parameters("path"))[-1]

    response = ask(
        api,
        mine,
        operation,
        address=operation.address({**mine.named(operation), inner: theirs.named(operation)[inner]}),
    )

    assert response.status_code == HTTPStatus.NOT_FOUND
    assert all_of(theirs.owner) == before


@every("operation", OF_NO_ROW, ids=str)
def test_nothing_of_a_stranger_is_in_an_answer_or_changed_by_it(api, mine, theirs, operation):
    before = all_of(theirs.owner)

    response = ask(api, mine, operation)

    assert (response.status_code == HTTPStatus.FORBIDDEN) == (str(operation) in FOR_SUPERUSERS)
    assert not [mark for mark in marks_of(theirs) if mark in response.text]
    assert all_of(theirs.owner) == before


# ---- Ids in bodies and in queries ----

POINTERS = [
    (operation, field) for operation in WRITES for field in operation.fields if field == "id" or field.endswith("_id")
]
ASKED = [
    (operation, name, form)
    for operation in SIGNED_IN
    for name, schema in operation.parameters("query").items()
    for form in [{"figure": "account:{}"}.get(name, "{}")]
    if schema.get("format") == "uuid" or name == "figure"
]


@every(("operation", "field"), POINTERS, ids=str)
@every("kind", sorted(PRIVATE))
def test_a_strangers_id_in_a_body_is_as_one_of_nothing(api, mine, theirs, operation, field, kind):
    kind = "{account_id}" if kind == "/accounts/{account_id}" else kind
    before, sent = all_of(theirs.owner), mine.body(operation)
    foreign, nothing = theirs.rows[kind], uuid.uuid4()

    asked(api, mine, operation, body={**sent, field: str(nothing)})  # fills the caches
    of_a_stranger, queries = asked(api, mine, operation, body={**sent, field: str(foreign)})
    of_nothing, as_many = asked(api, mine, operation, body={**sent, field: str(nothing)})

    assert without_ids(of_a_stranger, foreign) == without_ids(of_nothing, nothing)
    if operation.method == "POST":  # what a change cannot change it passes over
        assert of_a_stranger.status_code in {HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND}
    assert queries == as_many
    assert all_of(theirs.owner) == before


@every(("operation", "parameter", "form"), ASKED, ids=str)
def test_a_strangers_id_in_a_query_is_as_one_of_nothing(api, mine, theirs, operation, parameter, form):
    address, answers = operation.address(mine.named(operation)), []

    for each in (theirs.rows["{account_id}"], theirs.rows["/financial-institutions/{id}"], uuid.uuid4()):
        response = api.get(address, {parameter: form.format(each)})
        answers.append(without_ids(response, each))

    assert answers == [answers[-1]] * len(answers)
    assert not [mark for mark in marks_of(theirs) if mark in answers[0][1]]


# ---- What cannot be said ----

OF_THE_TABLE = {  # names of columns and relations, and what somebody might wish them to be
    "pk": str(uuid.uuid4()), "id": str(uuid.uuid4()), "user": "{stranger}", "user_id": "{stranger}",
    "owner": "{stranger}", "password": "another one of theirs", "is_staff": True, "is_superuser": True,
    "is_active": False, "email_verified": True, "security_stamp": "x", "groups": [1], "user_permissions": [1],
    "last_login": "2001-01-01T00:00:00Z", "created_at": "2001-01-01T00:00:00Z", "updated_at": "2001-01-01T00:00:00Z",
    "history": [], "token_families": [], "_state": {}, "__class__": "x",
}  # fmt: skip
KEPT_BY_ITSELF = {"updated_at", "date_joined"}


def wishes(operation, stranger):
    """Return a value for everything that an operation shows and does not take, and for columns that it may have."""
    samples = {"string": "x", "integer": 7, "number": 7, "boolean": True, "array": [], "object": {"id": "x"}}
    shown = {name: samples.get(schema.get("type", "object"), "x") for name, schema in operation.shown.items()}
    said = {
        name: str(stranger.pk) if value == "{stranger}" else value for name, value in (shown | OF_THE_TABLE).items()
    }
    return {name: value for name, value in said.items() if name not in operation.fields and name != "account_id"}


@every("operation", [each for each in WRITES if each.method in {"PUT", "PATCH"}], ids=str)
def test_what_is_read_only_stays_as_it_is(api, mine, theirs, operation):
    before = all_of(mine.owner)
    sent = wishes(operation, theirs.owner)

    response = ask(api, mine, operation, body=sent)

    assert len(sent) > 5
    assert response.status_code == (HTTPStatus.FORBIDDEN if str(operation) in FOR_SUPERUSERS else HTTPStatus.OK)
    assert all_of(mine.owner) == before


@every("operation", [each for each in WRITES if "201" in each.told["responses"]], ids=str)
def test_what_is_read_only_is_not_taken_from_a_new_row_either(superuser_api, superuser, theirs, operation):
    own = settle(superuser)
    others = all_of(theirs.owner)
    sent = wishes(operation, theirs.owner)
    free = {"timestamp": "2020-01-05T12:00:00Z", "security_id": theirs.rows["{symbol}"], "name": "One more"}
    body = own.body(operation) | {name: value for name, value in free.items() if name in operation.fields}
    body.pop("date", None)

    response = ask(superuser_api, own, operation, body={**body, **sent})

    assert response.status_code == HTTPStatus.CREATED, response.text
    created = response.json()
    assert not [name for name in sent if name in created and created[name] == sent[name] and name in UNLIKELY]
    assert all_of(theirs.owner) == others


UNLIKELY = {
    "id",
    "user_id",
    "created_at",
    "updated_at",
    "is_staff",
    "email_verified",
    "current_balance",
    "market_value",
}


# ---- What lists can be asked for ----

LISTS = [operation for operation in SIGNED_IN if "offset" in operation.parameters("query")]
UNDECLARED = [
    "user", "user_id", "user__email", "user__password__startswith", "name__startswith", "name__regex", "id__gt",
    "pk__in", "account__user__email", "account__name", "financial_institution__user__email", "security__prices__close",
    "currency__accounts__user", "password__startswith", "history__user", "created_at__lt", "_method", "format",
]  # fmt: skip
ORDERINGS = [
    "password",
    "user",
    "user__password",
    "-user__email",
    "account__user__email",
    "pk",
    "id",
    "?",
    "name;",
    "*",
]


@every("operation", LISTS, ids=str)
def test_a_list_is_filtered_by_declared_parameters_alone(api, superuser_api, mine, theirs, operation):
    client = superuser_api if str(operation) in FOR_SUPERUSERS else api
    address = operation.address(mine.named(operation))
    plain = client.get(address).text

    asked = {name: client.get(address, {name: "a"}) for name in UNDECLARED}

    assert {name: answer.text for name, answer in asked.items() if answer.text != plain} == {}


@every("operation", LISTS, ids=str)
def test_a_list_is_ordered_by_declared_names_alone(api, superuser_api, mine, theirs, operation):
    client = superuser_api if str(operation) in FOR_SUPERUSERS else api
    address = operation.address(mine.named(operation))
    plain = client.get(address).text

    for name in ORDERINGS:
        response = client.get(address, {"ordering": name})
        if "ordering" in operation.parameters("query"):
            assert (response.status_code, response.json()["errors"][0]["field"]) == (400, "ordering")
        else:
            assert response.text == plain
