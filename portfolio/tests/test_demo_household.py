"""What the made-up household is worth."""

from datetime import UTC, date, datetime

import pytest

from accounts.demo import seeding
from currencies.tests.factories import CurrencyRateFactory
from portfolio import services
from portfolio.days import Spacing
from portfolio.valuation import Name
from users.models import User

pytestmark = pytest.mark.django_db
TODAY = date(2026, 10, 14)


@pytest.fixture
def owner(time_machine):
    time_machine.move_to(datetime(2026, 10, 14, 12, tzinfo=UTC), tick=False)
    for code in ("CAD", "USD"):
        CurrencyRateFactory(target_id=code, date=TODAY, rate="1.5")
    return User.objects.get(email=seeding.seed(email="demo@localhost.localdomain", on=TODAY).email)


def test_every_figure_of_it_is_complete(owner):
    day = services.day_of(user=owner, on=TODAY, currency="CAD")

    assert [day.figure(name).missing for name in Name] == [()] * 5


def test_no_day_of_two_years_lacks_anything_but_the_rates_that_this_test_does_not_have(owner):
    found = services.net_worth(user=owner, start=date(2024, 10, 1), end=TODAY, spacing=Spacing.DAY, currency="CAD")

    kinds = {missing.kind.value for point in found.points for missing in point.net_worth.missing}
    assert kinds == {"rate"}
