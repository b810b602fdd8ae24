import psycopg
import pytest
from django.db import connection
from psycopg_pool import ConnectionPool

from finances import request_context
from finances.pools import Connection, check_connection

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL has a pool"),
]


@pytest.fixture
def pool():
    """A pool of one connection, beside that of the test."""
    with ConnectionPool(
        kwargs={**conninfo(), "autocommit": True},
        connection_class=Connection,
        min_size=1,
        max_size=1,
        check=check_connection,
    ) as it:
        it.wait()
        yield it


def conninfo():
    known = {"dbname": "NAME", "host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}
    return {name: connection.settings_dict[key] for name, key in known.items() if connection.settings_dict[key]}


def backend(pool):
    """Return the number of the server's process behind the pool's only connection."""
    with pool.connection() as lent:
        return lent.info.backend_pid


def test_a_connection_that_the_server_ended_is_not_given_out_again(pool):
    first = backend(pool)
    with psycopg.connect(**conninfo(), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [first])

    assert backend(pool) != first


def test_one_that_was_asked_lately_is_given_out_without_a_question(pool):
    with pool.connection() as lent:
        asked_in = "SELECT query FROM pg_stat_activity WHERE pid = %s"
        lent.execute("SELECT 'mine'")
        number = lent.info.backend_pid
    check_of = backend(pool)
    with psycopg.connect(**conninfo(), autocommit=True) as other:
        last = other.execute(asked_in, [number]).fetchone()[0]

    assert check_of == number
    assert last == "SELECT 'mine'"


@pytest.fixture
def in_request(settings):
    """Be a request, which waits for half a second at most."""
    settings.DATABASE_ANSWER_SECONDS = 0.5
    token = request_context.is_awaited.set(True)
    yield
    request_context.is_awaited.reset(token)


def test_a_request_does_not_wait_for_ever_and_what_it_asked_is_called_off(pool, in_request):
    with pool.connection() as lent:
        number = lent.info.backend_pid
        with pytest.raises(psycopg.OperationalError, match="no answer in time"):
            lent.execute("SELECT pg_sleep(60)")

    assert lent.closed
    assert backend(pool) != number
    with psycopg.connect(**conninfo(), autocommit=True) as other:
        going = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s AND state = 'active'"
        assert other.execute(going, [number]).fetchone() == (0,)


def test_commands_and_tasks_wait_for_what_takes_long(pool, settings):
    settings.DATABASE_ANSWER_SECONDS = 0.5

    with pool.connection() as lent:
        assert lent.execute("SELECT 'well' FROM pg_sleep(1)").fetchone() == ("well",)
