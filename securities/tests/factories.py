"""Securities and prices for tests."""

from datetime import UTC, datetime

import factory

from securities.models import QuarantinedRecord, Security, SecurityAction, SecurityPrice


class SecurityFactory(factory.django.DjangoModelFactory[Security]):
    """A share in US dollars, unless said."""

    symbol = factory.Sequence(lambda n: f"SYM{n}")
    name = factory.LazyAttribute(lambda security: f"{security.symbol} Inc.")
    asset_class = "equity"
    exchange = "NMS"
    currency_id = "USD"
    timezone = "America/New_York"

    class Meta:
        model = Security


class SecurityPriceFactory(factory.django.DjangoModelFactory[SecurityPrice]):
    """A daily bar: Apple's of 2020-11-06, as Yahoo gave it."""

    security = factory.SubFactory(SecurityFactory)
    interval = "1d"
    timestamp = datetime(2020, 11, 6, tzinfo=UTC)
    open = "118.32"
    high = "119.2"
    low = "116.13"
    close = "118.69"
    volume = 114_457_900

    class Meta:
        model = SecurityPrice


class SecurityActionFactory(factory.django.DjangoModelFactory[SecurityAction]):
    """Apple's dividend of 2020-11-06."""

    security = factory.SubFactory(SecurityFactory)
    kind = "dividend"
    date = datetime(2020, 11, 6, tzinfo=UTC).date()
    value = "0.205"

    class Meta:
        model = SecurityAction


class QuarantinedRecordFactory(factory.django.DjangoModelFactory[QuarantinedRecord]):
    """A bar in the wrong unit."""

    security = factory.SubFactory(SecurityFactory)
    subject = "price"
    interval = "1d"
    timestamp = datetime(2020, 11, 6, tzinfo=UTC)
    reason = "unit_mistake"
    detail = "close 11869"

    class Meta:
        model = QuarantinedRecord
