"""A furnished database, and a backup of it."""

import pytest

from operations.tests.backing_up import backup
from operations.tests.household import add_traces, furnish
from tests.stand_in.fixtures import http_store, stand_in, yahoo

__all__ = ["http_store", "stand_in", "yahoo"]


@pytest.fixture
def household():
    user = furnish()
    add_traces(user)
    return user


@pytest.fixture
def made(household, tmp_path):
    path = tmp_path / "finances.zip"
    backup(path)
    return path
