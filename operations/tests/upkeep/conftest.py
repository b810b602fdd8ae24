"""A furnished database with a backup of it, and a person with their file."""

from datetime import UTC, datetime

import orjson
import pytest
import time_machine

from operations.tests.upkeep.backing_up import backup
from operations.tests.upkeep.household import add_traces, furnish
from operations.tests.upkeep.moving_persons import export, import_
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


@pytest.fixture
def anna():
    with time_machine.travel(datetime(2026, 10, 25, tzinfo=UTC)):
        return furnish()


@pytest.fixture
def file(anna, tmp_path):
    path = tmp_path / "anna.json"
    export("anna@example.org", path)
    return path


@pytest.fixture
def told(file):
    return orjson.loads(file.read_bytes())


@pytest.fixture
def changed(told, tmp_path):
    """Return a function that imports the file with one place in it changed."""

    def import_changed(*place, to, **options):
        target = told
        for key in place[:-1]:
            target = target[key]
        target[place[-1]] = to
        path = tmp_path / "changed.json"
        path.write_bytes(orjson.dumps(told))
        return import_(path, email="new@example.org", **options)

    return import_changed
