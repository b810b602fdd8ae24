"""People who write all the time, and remember what they were promised."""

import itertools
import threading
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import requests

LONGEST_WAIT = 60  # seconds for an answer; nothing may take that long
PASSWORD = "correct-horse-battery"
EPOCH = datetime(2001, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Answer:
    """What came back: ``status`` is 0 where nothing did, ``at`` when it was asked, both times in monotonic seconds."""

    at: float
    seconds: float
    status: int
    code: str = ""
    retry_after: str | None = None
    media_type: str = ""


def register(app, name):
    """Make somebody and return them, signed in: a session of requests with their token."""
    who = requests.Session()
    body = {"email": f"{name}@example.org", "username": name, "password": PASSWORD}
    requests.post(f"{app.api}/auth/register", json=body, timeout=LONGEST_WAIT).raise_for_status()
    sign_in(app, who, name)
    return who


def sign_in(app, who, name):
    login = requests.post(f"{app.api}/auth/login", json={"username": name, "password": PASSWORD}, timeout=LONGEST_WAIT)
    login.raise_for_status()
    who.headers["Authorization"] = f"Bearer {login.json()['access_token']}"


def open_account(app, who, name, **facts):
    made = who.post(
        f"{app.api}/accounts", json={"name": name, "account_type": "savings", **facts}, timeout=LONGEST_WAIT
    )
    made.raise_for_status()
    return made.json()["id"]


@dataclass
class Writer:
    """Somebody who sends one POST after the other, each under a key of its own and again until it is acknowledged.

    ``body_of`` makes the body of the request of a number. ``acknowledged`` has, by number, what was answered.
    """

    who: requests.Session
    url: str
    body_of: object
    pause: float = 0.0
    acknowledged: dict = field(default_factory=dict)
    answers: list = field(default_factory=list)
    refused: list = field(default_factory=list)

    def run(self, over):
        """Write until ``over``, and bring the last request to its end."""
        session = requests.Session()
        session.headers.update(self.who.headers)
        for number in itertools.count():
            if over.is_set():
                return
            key = uuid.uuid4().hex
            while not self.send(session, number, key):
                time.sleep(0.1)
                if over.is_set() and over.gives_up_at < time.monotonic():
                    self.refused.append(f"{number}: nobody answered any more")
                    return
            time.sleep(self.pause)

    def send(self, session, number, key):
        """Send a request once; return whether it needs no other try."""
        began = time.monotonic()
        try:
            response = session.post(
                self.url, json=self.body_of(number), headers={"Idempotency-Key": key}, timeout=LONGEST_WAIT
            )
        except requests.RequestException:
            self.answers.append(Answer(began, time.monotonic() - began, 0))
            return False
        body = {}
        with suppress(ValueError):
            body = response.json()
        self.answers.append(
            Answer(
                began,
                time.monotonic() - began,
                response.status_code,
                body.get("code", "") if isinstance(body, dict) else "",
                response.headers.get("Retry-After"),
                response.headers.get("Content-Type", ""),
            )
        )
        if response.status_code == 201:
            self.acknowledged[number] = body
            return True
        if response.status_code not in {408, 503}:  # nothing was written: it was too busy to read, or something is away
            self.refused.append(f"{number}: {response.status_code} {response.text[:300]}")
            return True
        return False


class _Over(threading.Event):
    gives_up_at = float("inf")


class Load:
    """Several writers at once, as a block: within it they write, after it all of them have ended."""

    def __init__(self, *writers):
        self.writers, self._over = writers, _Over()
        self._threads = [threading.Thread(target=writer.run, args=(self._over,)) for writer in writers]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._over.gives_up_at = time.monotonic() + LONGEST_WAIT
        self._over.set()
        for thread in self._threads:
            thread.join(timeout=3 * LONGEST_WAIT)
        assert not any(thread.is_alive() for thread in self._threads), "somebody still waits for an answer"

    @property
    def answers(self):
        return sorted((answer for writer in self.writers for answer in writer.answers), key=lambda each: each.at)

    @property
    def refused(self):
        return [refusal for writer in self.writers for refusal in writer.refused]

    def acknowledged(self):
        """Return how many requests were acknowledged so far."""
        return sum(len(writer.acknowledged) for writer in self.writers)


def one_value(number):
    return {"timestamp": (EPOCH + timedelta(minutes=number)).isoformat(), "value": f"{number}.25"}


def twenty_values(number):
    return [one_value(20 * number + place) for place in range(20)]


def an_account(number):
    return {"name": f"Account {number}", "account_type": "savings"}


def household(app, name):
    """Return writers of one person: values one by one and by twenty, and accounts."""
    who = register(app, name)
    first, second = open_account(app, who, "first"), open_account(app, who, "second")
    return [
        Writer(who, f"{app.api}/accounts/{first}/values", one_value),
        Writer(who, f"{app.api}/accounts/{second}/values", twenty_values),
        Writer(who, f"{app.api}/accounts", an_account, pause=0.2),  # one may have a thousand
    ]


def newcomers(app, prefix):
    """Return a writer who signs up one person after the other; each gets a mail."""

    def somebody(number):
        return {"email": f"{prefix}-{number}@example.org", "username": f"{prefix}-{number}", "password": PASSWORD}

    return Writer(requests.Session(), f"{app.api}/auth/register", somebody, pause=0.1)
