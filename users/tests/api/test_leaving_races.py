"""Who deletes themselves is asked for the password that counts at that moment."""

import threading

import pytest
from django.db import connection, transaction
from rest_framework.test import APIClient

from users import sessions
from users.models import User
from users.tests.factories import PASSWORD

ME = "/api/v1/auth/me"


def delete_while(user, change, **headers):
    """Ask for the deletion while ``change`` is made and not committed yet; return the status of the answer."""
    client, answers = APIClient(), []
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {sessions.start(user=user).access_token}")

    def ask():
        try:
            answers.append(client.delete(ME, {"current_password": PASSWORD}, **headers).status_code)
        finally:
            connection.close()

    thread = threading.Thread(target=ask)
    with transaction.atomic():
        row = User.objects.select_for_update().get(pk=user.pk)
        change(row)
        row.save()
        thread.start()
        thread.join(timeout=1)  # until it waits for the row
    thread.join(timeout=30)
    return answers[0]


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite knows one writer, and locks no rows")
def test_an_old_password_does_not_delete_once_another_is_set(user):
    status = delete_while(user, lambda row: row.set_password("a quite different password"))

    assert status == 400
    assert User.objects.filter(pk=user.pk).exists()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite knows one writer, and locks no rows")
def test_a_state_that_was_changed_is_not_deleted_by_its_old_tag(user, signed_in):
    seen = signed_in(user).get(ME)["ETag"]

    status = delete_while(user, lambda row: setattr(row, "timezone", "Europe/Rome"), HTTP_IF_MATCH=seen)

    assert status == 412
    assert User.objects.filter(pk=user.pk).exists()
