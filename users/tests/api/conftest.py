"""People who sign in with their password, over HTTP."""

from collections.abc import Callable

import pytest
from rest_framework.test import APIClient

from users.models import User
from users.tests.factories import PASSWORD


@pytest.fixture
def sign_in() -> Callable[..., dict]:
    """Return a function that signs a user in and gives the answer's tokens."""

    def tokens_of(user: User, password: str = PASSWORD) -> dict:
        response = APIClient().post("/api/v1/auth/login", {"email": user.email, "password": password})
        assert response.status_code == 200, response.content
        return response.json()

    return tokens_of


@pytest.fixture
def me() -> Callable[[str], int]:
    """Return a function that tells with which status an access token is answered."""

    def status_of(access_token: str) -> int:
        return APIClient().get("/api/v1/auth/me", HTTP_AUTHORIZATION=f"Bearer {access_token}").status_code

    return status_of


@pytest.fixture
def refresh() -> Callable[[str], int]:
    """Return a function that tells with which status a refresh token is answered; a good one is used up."""

    def status_of(refresh_token: str) -> int:
        return APIClient().post("/api/v1/auth/refresh", {"refresh_token": refresh_token}).status_code

    return status_of
