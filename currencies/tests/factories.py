"""Rates for tests; the currencies come with the first migration."""

from datetime import date

import factory

from currencies.models import CurrencyRate


class CurrencyRateFactory(factory.django.DjangoModelFactory[CurrencyRate]):
    """A published rate: the ECB's EUR/CAD of 2026-10-30 unless said."""

    base_id = "EUR"
    target_id = "CAD"
    date = date(2026, 10, 30)
    rate = "1.5606"
    source = "ecb"

    class Meta:
        model = CurrencyRate
