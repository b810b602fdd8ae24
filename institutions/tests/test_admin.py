import threading

import pytest
from django.db import transaction
from django.urls import reverse

from institutions.models import FinancialInstitution
from institutions.tests.factories import FinancialInstitutionFactory
from tests.at_once import at_once


@pytest.fixture
def admin_client(client, superuser):
    client.force_login(superuser)
    return client


def test_an_institution_is_entered_for_somebody(admin_client, user):
    response = admin_client.post(
        reverse("admin:institutions_financialinstitution_add"),
        {"name": "Northern Credit", "institution_type": "bank", "user": str(user.pk)},
    )

    assert response.status_code == 302
    assert FinancialInstitution.objects.get().user == user


def test_an_institution_is_changed_but_not_given_away(admin_client, user, stranger):
    institution = FinancialInstitutionFactory(user=user)

    response = admin_client.post(
        reverse("admin:institutions_financialinstitution_change", args=[institution.pk]),
        {"name": "Renamed", "institution_type": "bank", "user": str(stranger.pk)},
    )

    assert response.status_code == 302
    institution.refresh_from_db()
    assert (institution.name, institution.user) == ("Renamed", user)


@pytest.mark.django_db(transaction=True)
def test_who_only_reads_a_form_waits_for_nobody_who_writes(admin_client, user):
    row = FinancialInstitutionFactory(user=user)
    address = reverse("admin:institutions_financialinstitution_change", args=[row.pk])
    admin_client.get(address)
    is_written, is_read = threading.Event(), threading.Event()

    def write():
        with transaction.atomic():
            FinancialInstitution.objects.update(name="Another")
            is_written.set()
            return is_read.wait(10)

    def read():
        assert is_written.wait(30)
        answer = admin_client.get(address)
        is_read.set()
        return answer.status_code

    assert at_once(write, read) == [True, 200]
