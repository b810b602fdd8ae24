import pytest

from institutions.models import FinancialInstitution
from institutions.tests.factories import FinancialInstitutionFactory

URL = "/api/v1/financial-institutions"


def test_a_user_keeps_an_institution(api, user):
    response = api.post(
        URL, {"name": "Northern Credit", "institution_type": "credit_union", "website": "https://n.example"}
    )

    assert response.status_code == 201
    body = response.json()
    assert response["Location"] == f"http://testserver{URL}/{body['id']}"
    assert body["user_id"] == str(user.pk)
    assert body["institution_type"] == "credit_union"
    assert api.get(f"{URL}/{body['id']}").json() == body


def test_the_type_is_a_bank_unless_said(api):
    response = api.post(URL, {"name": "Plain"})

    assert response.json()["institution_type"] == "bank"


def test_the_clients_name_of_the_website_works_both_ways(api):
    response = api.post(URL, {"name": "Aliased", "url": "https://alias.example"})

    assert response.status_code == 201
    assert response.json()["website"] == response.json()["url"] == "https://alias.example"


def test_two_names_of_one_field_with_different_values_are_refused(api):
    response = api.post(URL, {"name": "Torn", "url": "https://a.example", "website": "https://b.example"})

    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == "url"
    assert not FinancialInstitution.objects.exists()


def test_a_second_institution_of_the_same_name_is_refused(api, user):
    FinancialInstitutionFactory(user=user, name="Twice")

    response = api.post(URL, {"name": "tWICE"})

    assert response.status_code == 409
    assert response.json()["code"] == "duplicate"
    assert response.json()["detail"] == "You have an institution of this name."


def test_two_people_may_use_the_same_name(api, stranger):
    FinancialInstitutionFactory(user=stranger, name="Shared")

    response = api.post(URL, {"name": "Shared"})

    assert response.status_code == 201


def test_renaming_an_institution_to_its_own_name_is_no_conflict(api, user):
    institution = FinancialInstitutionFactory(user=user, name="Same")

    response = api.put(f"{URL}/{institution.pk}", {"name": "Same"})

    assert response.status_code == 200


@pytest.mark.parametrize("verb", ["put", "patch"])
def test_only_what_is_sent_changes(api, user, verb):
    institution = FinancialInstitutionFactory(user=user, name="Old", website="https://kept.example")

    response = getattr(api, verb)(f"{URL}/{institution.pk}", {"name": "New"})

    assert response.status_code == 200
    institution.refresh_from_db()
    assert (institution.name, institution.website) == ("New", "https://kept.example")


def test_a_user_deletes_an_institution(api, user):
    institution = FinancialInstitutionFactory(user=user)

    response = api.delete(f"{URL}/{institution.pk}")

    assert response.status_code == 204
    assert response.content == b""
    assert not FinancialInstitution.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "x", "institution_type": "casino"}, "institution_type"),
        ({"name": "x", "website": "javascript:alert(1)"}, "website"),
        ({"name": ["x"]}, "name"),
    ],
)
def test_bad_input_names_its_field(api, body, field):
    response = api.post(URL, body)

    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == field


def test_the_list_is_filtered_by_type_and_name(api, user):
    FinancialInstitutionFactory(user=user, name="Alpha Bank")
    FinancialInstitutionFactory(user=user, name="Beta Broker", institution_type="brokerage")

    by_type = api.get(URL, {"institution_type": "brokerage"})
    by_name = api.get(URL, {"search": "alpha"})

    assert [row["name"] for row in by_type.json()] == ["Beta Broker"]
    assert [row["name"] for row in by_name.json()] == ["Alpha Bank"]


def test_an_unknown_type_in_the_filter_is_refused(api):
    response = api.get(URL, {"institution_type": "casino"})

    assert response.status_code == 400
