"""Financial institutions for tests."""

import factory

from institutions.models import FinancialInstitution
from users.tests.factories import UserFactory


class FinancialInstitutionFactory(factory.django.DjangoModelFactory[FinancialInstitution]):
    """A bank of somebody."""

    user = factory.SubFactory(UserFactory)
    name = factory.Sequence(lambda n: f"Bank {n}")
    website = "https://bank.example"

    class Meta:
        model = FinancialInstitution
