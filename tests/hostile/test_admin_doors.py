"""Every address and every action of the admin, found by walking through it, is for superusers alone."""

import re
from http import HTTPStatus

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.urls import reverse

from accounts.models import Account
from tests.hostile import values
from tests.hostile.conftest import settle
from users import sessions
from users.models import User

pytestmark = pytest.mark.django_db
# What everybody may open who is on the way in or out.
OPEN = {"login/", "logout/"}
# What a role of its own would see, if there were one: its own password, the words of the scripts, an empty first page.
OF_ONESELF = {"password_change/", "password_change/done/", "jsi18n/", "", "logout/", "login/"}
ID = re.compile(r"<(?:\w+:)?(?:id|object_id)>|\(\[\^/\]\+\)")


def walk(patterns, start=""):
    """Yield every address below ``start``, as it is written in the patterns."""
    for pattern in patterns:
        address = start + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from walk(pattern.url_patterns, address)
        else:
            yield address


ADDRESSES = sorted({address for address in walk(admin.site.urls[0]) if "(?P<url>" not in address})
ACTIONS = [
    (model, action) for model, shown in admin.site._registry.items() for action in ("delete_selected", *shown.actions)
]
VISITORS = ["anonymous", "somebody", "somebody with every permission", "a superuser who was deactivated"]
named = {"ids": lambda each: getattr(each, "__name__", str(each))}


def page(address, key):
    """Return an address with ``key`` in the places of keys."""
    filled = ID.sub(lambda _: str(key), address).strip("^$").replace("/^", "/")
    filled = re.sub(r"\(\?P<app_label>(\w+)[^)]*\)", r"\1", filled).replace("$", "")
    return reverse("admin:index") + filled.replace("<path:content_type_id>/<path:object_id>", "1/1")


def state():
    """Return how many rows there are of each kind, and what may change without one coming or going."""
    counts = {model._meta.label: model._default_manager.count() for model in apps.get_models()}
    counts.pop("sessions.Session")
    return counts | {
        "people": list(User.objects.order_by("pk").values_list("pk", "password", "is_active", "is_superuser"))
    }


def rows_of(model):
    """Return the row of a model that is there, or somebody."""
    return model._default_manager.first() or User.objects.first()


@pytest.fixture
def filled(stranger):
    """Leave some rows to be looked at."""
    sessions.start(user=stranger)
    return settle(stranger)


@pytest.fixture(params=VISITORS)
def visitor(request, client, user):
    """Give a browser in which somebody has signed in who is no superuser, or nobody."""
    if request.param == "somebody with every permission":
        user.user_permissions.set(Permission.objects.all())
    if request.param == "a superuser who was deactivated":
        User.objects.filter(pk=user.pk).update(is_superuser=True)
        user.refresh_from_db()
    if request.param != "anonymous":
        client.force_login(user)
    if request.param == "a superuser who was deactivated":
        User.objects.filter(pk=user.pk).update(is_active=False)
    return client


def model_at(address):
    """Return whose pages an address is one of."""
    label = ".".join(address.split("/")[:2])
    return next((each for each in admin.site._registry if each._meta.label_lower == label), User)


def is_refused(response):
    """Tell whether an answer shows nothing but the way to the sign-in, to the first page, or to a row's own page.

    Those two are tried by themselves; the first one is where rows lead that do not exist.
    """
    leads = response.get("Location", "")
    elsewhere = "login" in leads or leads in {reverse("admin:index"), f"{response.wsgi_request.path}change/"}
    return response.status_code in {403, 404, 405} or (response.status_code == HTTPStatus.FOUND and elsewhere)


def test_no_address_of_the_admin_opens_for_others(visitor, filled):
    before, opened = state(), []

    for address in ADDRESSES:
        where = page(address, rows_of(model_at(address)).pk)
        if address not in OPEN:
            opened += [(verb, where) for verb in ("get", "post") if not is_refused(getattr(visitor, verb)(where))]

    assert len(ADDRESSES) > 100
    assert opened == []
    assert state() == before


@pytest.mark.parametrize(("model", "action"), ACTIONS, **named)
def test_no_action_of_the_admin_works_for_others(client, user, filled, model, action):
    client.force_login(user)
    before = state()
    where = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    sent = {"action": action, "_selected_action": [str(rows_of(model).pk)], "post": "yes"}

    response = client.post(where, sent)

    assert is_refused(response)
    assert state() == before


def test_a_role_with_no_rights_would_see_nothing(client, user, filled, monkeypatch):
    """Nobody has one: whoever is staff is a superuser. The day that somebody makes one, its rights begin at none."""
    monkeypatch.setattr(User, "is_staff", True)
    client.force_login(user)
    before, opened = state(), []

    for address in ADDRESSES:
        where = page(address, rows_of(model_at(address)).pk)
        if address not in OF_ONESELF:
            opened += [(verb, where) for verb in ("get", "post") if not is_refused(getattr(client, verb)(where))]
    for model, action in ACTIONS:
        where = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        sent = {"action": action, "_selected_action": [str(rows_of(model).pk)], "post": "yes"}
        opened += [] if is_refused(client.post(where, sent)) else [(action, where)]

    first = client.get(reverse("admin:index"))
    assert opened == []
    assert state() == before
    assert filled.owner.email not in first.text


# ---- Strange addresses, sent by somebody who may do everything ----

QUERIES = {
    "a NUL to look for": "q=%00",
    "a long text to look for": "q=" + "x" * 5_000,
    "no UTF-8": "q=%FF%FE",
    "a lone surrogate": "q=%ED%A0%80",
    "an order by nothing": "o=999.-999.x..-",
    "a page before the first": "p=-1",
    "a huge page": f"p={10**30}",
    "a page that is none": "p=x",
    "a column of a password": "user__password__startswith=a",
    "a lookup of nothing": "pk__regex=(a%2B)%2B$",
    "a key that is none": "id__exact=%00",
    "keys that are none": "id__in=a,b,,%00",
    "another field": "_to_field=password",
    "a filter of every kind": "since=0001-01-01&until=99999-12-31&owner=%00&account=x&security=%00&interval=%00",
    "all of it": "all=&_popup=1&e=1",
    "an answer of another kind": "_facets=%00&_changelist_filters=%00",
}


@pytest.mark.parametrize("name", [*QUERIES, *values.IN_PATHS])
def test_a_strange_address_is_no_failure_of_ours(client, superuser, filled, name):
    client.force_login(superuser)
    client.raise_request_exception = False
    before, failed = state(), []

    among = [each for each in ADDRESSES if name in QUERIES or ID.search(each)]
    for address in among[values.first(name) :: values.STEP]:
        if name in QUERIES:
            where = f"{page(address, rows_of(model_at(address)).pk)}?{QUERIES[name]}"
        else:
            where = page(address, values.IN_PATHS[name])
        response = client.get(where)
        failed += [(where[:100], response.status_code)] if response.status_code >= 500 else []

    assert failed == []
    assert state() == before


def test_a_row_as_it_was_is_shown_and_never_stored(client, superuser, filled):
    client.force_login(superuser)
    account = Account.objects.get(user=filled.owner)
    record = account.history.get()
    Account.objects.filter(pk=account.pk).update(name="Now")
    where = reverse("admin:accounts_account_simple_history", args=[account.pk, record.pk])

    shown = client.get(where)
    entered = {"user": account.user_id, "name": "Then", "account_type": "savings", "currency": "CAD", "description": ""}
    stored = client.post(where, entered)

    assert (shown.status_code, stored.status_code) == (200, 403)
    account.refresh_from_db()
    assert account.name == "Now"
