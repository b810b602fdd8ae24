import pytest
from django.urls import reverse

from institutions.models import FinancialInstitution
from institutions.tests.factories import FinancialInstitutionFactory


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
