"""Actors for every test: a user, a stranger, a superuser, and clients that speak for them over HTTP."""

from collections.abc import Callable

import pytest
from rest_framework.test import APIClient

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
def _empty_caches() -> None:
    """Start every test with caches that remember nothing of the one before."""
    from django.core.cache import caches

    for alias in caches.settings:
        cache = caches[alias]
        if hasattr(cache, "delete_pattern"):  # Redis: only our own keys, never the whole database
            cache.delete_pattern("*")
        else:
            cache.clear()
