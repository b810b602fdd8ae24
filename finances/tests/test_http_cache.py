"""What is kept of answers, and what must never be."""

import json
import logging
import pickle
import re
import sqlite3
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import django_redis
import pytest
import redis
import time_machine

from finances import http
from finances.exceptions import ProviderError, ProviderUnavailableError
from finances.http import cache, stores
from tests.stand_in.server import Reply

SECRET = "s3cr3t-k3y"
BEARER = {"Authorization": f"Bearer {SECRET}"}
POLICY = http.Policy(
    name="test", title="The test server", ttl={re.compile(r"/kept"): timedelta(hours=1)}, gap=timedelta(0)
)


class Bomb:
    """Runs code when it is unpickled."""

    def __reduce__(self):
        return (Path("/tmp/poisoned").write_text, ("code ran",))  # noqa: S108 - never runs


POISONS = {
    "nothing": b"",
    "noise": b"\x00\xff" * 100,
    "a pickle": pickle.dumps(Bomb()),
    "packed noise": zlib.compress(b"\x00\xff" * 100),
    "a packed pickle": zlib.compress(pickle.dumps(Bomb())),
    "a cut off entry": zlib.compress(b'{"status_code": 200}')[:-3],
    "a list": zlib.compress(b"[1, 2]"),
    "null": zlib.compress(b"null"),
    "another object": zlib.compress(b'{"a": {"b": 1}}'),
    "wrong types": zlib.compress(b'{"status_code": "many", "headers": 3, "expires": []}'),
    "no expiry": zlib.compress(b'{"status_code": 200, "_content": "NDI=", "url": "https://x/"}'),
    "deep nesting": zlib.compress(b"[" * 1_000_000),
    "a bomb of zeros": zlib.compress(b"0" * 100_000_000),
}


@pytest.fixture
def kept(stand_in):
    stand_in.routes["/kept"] = Reply(b"42", headers={"Set-Cookie": "session=abc", "ETag": '"e"'})
    return f"{stand_in.url}/kept"


def entries(store, settings):
    """Read everything that is kept, raw."""
    if store == "redis":
        connection = django_redis.get_redis_connection("http")
        keys = list(connection.scan_iter(f"{settings.CACHE_PREFIX}:http:answers:*"))
        return {key: connection.get(key) for key in keys}
    with sqlite3.connect(settings.VAR_DIR / cache.FILE) as connection:
        found = dict(connection.execute("SELECT key, value FROM responses"))
    connection.close()
    return found


def poison(store, settings, value):
    """Replace the only entry by ``value``."""
    (key,) = entries(store, settings)
    if store == "redis":
        django_redis.get_redis_connection("http").set(key, value)
        return
    with sqlite3.connect(settings.VAR_DIR / cache.FILE) as connection:
        connection.execute("UPDATE responses SET value = ? WHERE key = ?", (value, key))
    connection.close()


@pytest.mark.parametrize("kind", POISONS)
def test_a_poisoned_entry_is_a_miss_and_is_replaced(stand_in, kept, http_store, settings, kind):
    http.get(POLICY, kept)
    poison(http_store, settings, POISONS[kind])

    answers = [http.get(POLICY, kept), http.get(POLICY, kept)]

    assert [answer.body for answer in answers] == [b"42", b"42"]
    assert len(stand_in.received) == 2
    assert not Path("/tmp/poisoned").exists()  # noqa: S108


def test_what_is_kept_is_packed_json(kept, http_store, settings):
    http.get(POLICY, kept)

    (entry,) = entries(http_store, settings).values()

    assert json.loads(zlib.decompress(entry))["status_code"] == 200


def test_in_redis_an_answer_lives_a_week_longer_than_it_is_fresh(kept, http_store, settings):
    if http_store != "redis":
        pytest.skip("SQLite has no time to live")
    http.get(POLICY, kept)

    (key,) = entries(http_store, settings)

    week_and_hour = 7 * 86_400 + 3600
    assert week_and_hour - 5 <= django_redis.get_redis_connection("http").ttl(key) <= week_and_hour


def test_nobody_who_counts_walks_over_all_that_redis_holds(kept, http_store, monkeypatch):
    if http_store != "redis":
        pytest.skip("SQLite counts by its index")
    http.get(POLICY, kept)
    with monkeypatch.context() as patched:
        for walk in ("scan", "keys"):
            patched.setattr(redis.Redis, walk, lambda *_, **__: pytest.fail("walks over everything"))
        size, gates = http.stats()["size"], list(stores.build_store().states())

    assert (size, gates) == (1, ["test"])


def test_an_answer_that_has_ended_is_not_counted(kept, http_store):
    if http_store != "redis":
        pytest.skip("SQLite sweeps them out")
    http.get(POLICY, kept)

    with time_machine.travel(datetime.now(UTC) + timedelta(days=8)):
        assert http.stats()["size"] == 0
    assert http.stats()["size"] == 1


def test_an_answer_that_was_taken_out_is_not_counted(kept, http_store):
    http.get(POLICY, kept)
    answers = cache.build_cache().responses

    del answers[next(iter(answers.keys()))]

    assert http.stats()["size"] == 0


def test_in_sqlite_an_answer_that_may_not_even_be_stale_is_swept_out(kept, http_store, settings):
    if http_store != "sqlite":
        pytest.skip("Redis forgets by itself")
    http.get(POLICY, kept)
    with sqlite3.connect(settings.VAR_DIR / cache.FILE) as connection:
        connection.execute("UPDATE responses SET expires = expires - 8 * 86400")
    connection.close()

    http.forget_sessions()

    assert http.stats()["size"] == 0


def test_a_damaged_cache_file_is_started_anew(stand_in, kept, http_store, settings):
    if http_store != "sqlite":
        pytest.skip("Redis has no file of ours")
    (settings.VAR_DIR / cache.FILE).write_bytes(b"not a database" * 1000)

    answer = http.get(POLICY, kept)

    assert answer.body == b"42"


def test_a_secret_header_arrives(stand_in, kept):
    http.get(POLICY, kept, secret_headers=BEARER)

    assert stand_in.received[0].headers["Authorization"] == f"Bearer {SECRET}"


def test_a_secret_header_is_in_no_entry_key_or_log(stand_in, kept, http_store, settings, caplog):
    caplog.set_level(logging.DEBUG)
    http.get(POLICY, kept, secret_headers=BEARER)
    stand_in.mode = "500"
    with pytest.raises(ProviderUnavailableError):
        http.get(POLICY, f"{kept}/other", secret_headers=BEARER)

    found = entries(http_store, settings)

    unpacked = b"".join(zlib.decompress(entry) for entry in found.values())
    assert SECRET.encode() not in unpacked
    assert b"session=abc" not in unpacked
    assert SECRET not in str(found) + caplog.text


def test_an_answer_got_with_a_secret_serves_without_it(stand_in, kept):
    http.get(POLICY, kept, secret_headers=BEARER)

    answer = http.get(POLICY, kept)

    assert answer.body == b"42"
    assert len(stand_in.received) == 1


@pytest.mark.parametrize("mode", ["ok", "500", "down", "invalid_key", "redirect_to_http"])
@pytest.mark.parametrize("secret", [SECRET, f"{SECRET}\n", f"{SECRET}\r\nX-Evil: 1", f"{SECRET}☃"])
def test_a_secret_header_is_in_no_error(stand_in, kept, mode, secret):
    stand_in.mode = mode

    try:
        http.get(POLICY, f"{kept}?{mode}", secret_headers={"Authorization": secret})
    except ProviderError as exc:
        failure = exc
    else:
        failure = None

    while failure is not None:
        assert SECRET not in repr(failure) + str(failure)
        failure = failure.__cause__ or failure.__context__


def test_a_secret_header_does_not_follow_a_redirect(stand_in, kept):
    stand_in.routes["/moved"] = Reply(b"", status=302, headers={"Location": "/kept"})

    http.get(POLICY, f"{stand_in.url}/moved", secret_headers=BEARER)

    assert [request.headers.get("Authorization") for request in stand_in.received] == [f"Bearer {SECRET}", None]
