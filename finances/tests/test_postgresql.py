from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.db import OperationalError, close_old_connections, connection, connections

from finances import request_context, sql

SECONDS_UNUSED = 30

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no server"),
]


@pytest.fixture
def spare():
    """A connection as each thread has one, beside that of the test."""
    it = connection.copy()
    yield it
    it.close()


@pytest.fixture
def other():
    """Somebody else on the same server."""
    known = {"dbname": "NAME", "host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}
    given = {name: connection.settings_dict[key] for name, key in known.items() if connection.settings_dict[key]}
    with psycopg.connect(**given, autocommit=True) as it:
        yield it


def ask(wrapper, statement="SELECT pg_backend_pid()"):
    """Return what the server answers."""
    with wrapper.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


def last_question(other, number):
    return other.execute("SELECT query FROM pg_stat_activity WHERE pid = %s", [number]).fetchone()[0]


def test_a_connection_stays_open_from_one_request_to_the_next_and_nothing_is_asked_between(spare, other):
    first = ask(spare)

    spare.close_if_unusable_or_obsolete()  # as before and after each request
    spare.close_if_health_check_failed()  # as before the first question of a request

    assert last_question(other, first) == "SELECT pg_backend_pid()"
    assert ask(spare) == first


def test_one_that_the_server_ended_is_replaced(spare, other):
    first = ask(spare)
    other.execute("SELECT pg_terminate_backend(%s, 5000)", [first])

    spare.close_if_unusable_or_obsolete()

    assert ask(spare) != first


def test_one_that_the_server_ended_is_replaced_for_statements_that_are_planned_once(other):
    def by_a_thread():
        def ask_planned_once():
            close_old_connections()
            with sql.preparing_cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                return cursor.fetchone()[0]

        first = ask_planned_once()
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [first])
        try:
            return first, ask_planned_once()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as threads:
        first, second = threads.submit(by_a_thread).result()

    assert second != first


def test_a_server_that_was_not_asked_for_long_is_asked_once(spare, other):
    number = ask(spare)
    spare.used_at -= SECONDS_UNUSED
    spare.close_if_unusable_or_obsolete()
    spare.close_if_health_check_failed()
    first = last_question(other, number)

    assert ask(spare) == number
    spare.close_if_unusable_or_obsolete()
    spare.close_if_health_check_failed()

    assert (first, last_question(other, number)) == ("SELECT 1", "SELECT pg_backend_pid()")


def test_a_transaction_that_somebody_left_open_ends_with_its_connection(spare):
    first = ask(spare)
    with spare.cursor() as cursor:
        cursor.execute("BEGIN")

    assert not spare.is_usable()
    spare.close_if_unusable_or_obsolete()

    assert ask(spare) != first


@pytest.fixture
def in_request(settings):
    """Be a request, which waits for half a second at most."""
    settings.DATABASE_ANSWER_SECONDS = 0.5
    token = request_context.is_awaited.set(True)
    yield
    request_context.is_awaited.reset(token)


def test_a_request_does_not_wait_for_ever_and_what_it_asked_is_called_off(spare, other, in_request):
    number = ask(spare)
    with pytest.raises(OperationalError, match="no answer in time"):
        ask(spare, "SELECT pg_sleep(60)")

    spare.close_if_unusable_or_obsolete()
    assert ask(spare) != number
    going = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s AND state = 'active'"
    assert other.execute(going, [number]).fetchone() == (0,)


def test_commands_and_tasks_wait_for_what_takes_long(spare, settings):
    settings.DATABASE_ANSWER_SECONDS = 0.5

    assert ask(spare, "SELECT 'well' FROM pg_sleep(1)") == "well"
