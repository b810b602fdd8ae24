"""Addresses that are found by how they begin."""

import sys
import types

import pytest
from django.urls import Resolver404, path, reverse

from finances.api.routers import include_by_beginning


def view(request):
    """Answer nothing."""


@pytest.fixture
def module(monkeypatch):
    """A module of addresses that can be included by its name."""
    module = types.ModuleType("some_addresses")
    module.urlpatterns = [
        path("things", view, name="things"),
        path("things/<int:pk>", view),
        path("other-things", view),
    ]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return module


@pytest.mark.parametrize("address", ["things", "things/7", "other-things"])
def test_an_address_is_found(module, address):
    assert include_by_beginning(module.__name__).resolve(address).func is view


@pytest.mark.parametrize("address", ["thing", "thingsandmore", "things/", "", "Things", "/things"])
def test_what_is_no_address_is_not_found(module, address):
    with pytest.raises(Resolver404):
        include_by_beginning(module.__name__).resolve(address)


def test_an_address_that_begins_with_a_variable_is_refused(module):
    module.urlpatterns.append(path("<str:any>", view))

    with pytest.raises(ValueError, match="<str:any>"):
        include_by_beginning(module.__name__)


def test_addresses_are_still_made_from_names():
    assert reverse("account-list") == "/api/v1/accounts"
