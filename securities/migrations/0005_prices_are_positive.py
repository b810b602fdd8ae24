"""Hold open, high and low to what the close is held to; 0008 validates it. Take prices out that are none."""

from django.db import migrations, models
from django.db.models import F, Q

from finances.schema import AddCheck


def forget_what_is_no_price(apps, schema_editor):
    """Only somebody who typed it can have stored an open, high or low of zero or less beside a close: few, if any."""
    prices = apps.get_model("securities", "SecurityPrice").objects
    securities = apps.get_model("securities", "Security").objects
    names = ("open", "high", "low")
    wrong = list(prices.filter(Q(open__lte=0) | Q(high__lte=0) | Q(low__lte=0)))  # one pass over all prices
    for price in wrong:
        values = {name: None for name in names if getattr(price, name) is not None and getattr(price, name) <= 0}
        prices.filter(pk=price.pk).update(**values)
    securities.filter(pk__in={price.security_id for price in wrong}).update(prices_version=F("prices_version") + 1)


class Migration(migrations.Migration):
    dependencies = [("securities", "0004_what_is_fetched")]
    operations = [
        migrations.RunPython(forget_what_is_no_price, migrations.RunPython.noop, elidable=True),
        AddCheck(
            model_name="securityprice",
            constraint=models.CheckConstraint(
                condition=(Q(open__gt=0) | Q(open=None))
                & (Q(high__gt=0) | Q(high=None))
                & (Q(low__gt=0) | Q(low=None)),
                name="security_price_positive",
                violation_error_message="A price is greater than zero.",
            ),
        ),
    ]
