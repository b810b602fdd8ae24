"""A derived username is free also when two people race for it."""

import threading

import pytest
from django.db import IntegrityError, connection

from users.models import User, username_candidates
from users.tests.factories import UserFactory


@pytest.mark.django_db(transaction=True)
def test_people_who_race_for_one_name_all_get_an_account():
    start, failures = threading.Barrier(4), []

    def sign_up(number):
        start.wait()
        try:
            User.objects.create_user(f"anna@host{number}.example.org", "correct horse battery")
        except Exception as exc:  # noqa: BLE001  # whatever it is, the test shall name it
            failures.append(exc)
        finally:
            connection.close()

    threads = [threading.Thread(target=sign_up, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    names = list(User.objects.values_list("username", flat=True))
    assert failures == []
    assert len(set(names)) == 4
    assert "anna" in names


@pytest.mark.django_db
def test_a_taken_address_is_not_mistaken_for_a_taken_name():
    UserFactory(email="anna@example.org", username="somebody")

    with pytest.raises(IntegrityError):
        User.objects.create_user("anna@example.org", "correct horse battery")


@pytest.mark.parametrize("email", ["a@b", "@", "ÅÄÖ@example.org", "日本@example.org", "a" * 64 + "@x", "...@x"])
def test_every_candidate_has_the_right_form(email):
    candidates = username_candidates(email)

    for _ in range(3):
        User._meta.get_field("username").clean(next(candidates), None)
