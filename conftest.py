"""Actors for every test: a user, a stranger, a superuser, and clients that speak for them over HTTP."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import caches
from pytest_django.plugin import blocking_manager_key
from rest_framework.test import APIClient

from currencies import iso4217
from currencies.models import Currency
from finances import caching
from users import sessions
from users.models import User
from users.tests.factories import UserFactory


@pytest.fixture
def user(db: None) -> User:
    return UserFactory()


@pytest.fixture
def stranger(db: None) -> User:
    return UserFactory()


@pytest.fixture
def superuser(db: None) -> User:
    return UserFactory(is_superuser=True)


@pytest.fixture
def signed_in() -> Callable[[User], APIClient]:
    """Return a function that gives a client which speaks for a user with a real access token."""

    def client_of(user: User) -> APIClient:
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {sessions.start(user=user).access_token}")
        return client

    return client_of


@pytest.fixture
def anonymous() -> APIClient:
    return APIClient()


@pytest.fixture
def api(user: User, signed_in: Callable[[User], APIClient]) -> APIClient:
    return signed_in(user)


@pytest.fixture
def superuser_api(superuser: User, signed_in: Callable[[User], APIClient]) -> APIClient:
    return signed_in(superuser)


@pytest.fixture(autouse=True)
def empty_caches() -> Callable[[], None]:
    """Start every test with caches that remember nothing of the one before, and return what forgets once more."""

    def forget() -> None:
        for alias in caches.settings:
            cache = caches[alias]
            if hasattr(cache, "delete_pattern"):  # Redis: only our own keys, never the whole database
                cache.delete_pattern("*")
            else:
                cache.clear()
        caching.forget()

    forget()
    return forget


def has_real_transactions(item: Any) -> bool:
    """Tell whether a test asks for them, by its marker or by a fixture."""
    marker = item.get_closest_marker("django_db")
    asked = marker is not None and marker.kwargs.get("transaction", False)
    return bool(asked or {"transactional_db", "live_server"} & set(getattr(item, "fixturenames", ())))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """Put back what the migrations brought, after a test with real transactions: its clean-up empties every table."""
    yield
    if nextitem is None or not has_real_transactions(item):
        return
    with item.config.stash[blocking_manager_key].unblock():
        for is_active, known in ((True, iso4217.active_currencies()), (False, iso4217.ended_currencies())):
            rows = [Currency(**facts._asdict(), is_active=is_active) for facts in known]
            Currency.objects.bulk_create(rows, ignore_conflicts=True)
