"""Have the prices of days, weeks and months at midnight to the microsecond; SQLite let fractions of a second through.

PostgreSQL let those of up to half a second through. Only somebody who typed one can have stored it. 0008 validates it.
"""

from datetime import UTC, datetime

from django.db import migrations, models
from django.db.models import F, Q

from finances.schema import AddCheck
from finances.sql import IsMidnight

NAME = "security_price_of_a_day_at_midnight"


def cut_off_fractions(apps, schema_editor):
    prices = apps.get_model("securities", "SecurityPrice").objects
    quarantined = apps.get_model("securities", "QuarantinedRecord").objects
    changed = set()
    for price in list(prices.exclude(Q(interval__in=["1m", "1h"]) | Q(IsMidnight("timestamp"))).order_by("pk")):
        day = price.timestamp.astimezone(UTC)
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
        changed.add(price.security_id)
        if prices.filter(security=price.security_id, interval=price.interval, timestamp=midnight).exists():
            place = {"subject": "price", "interval": price.interval, "timestamp": price.timestamp}
            told = {"reason": "duplicate", "detail": f"close {price.close}"}
            quarantined.update_or_create(security_id=price.security_id, **place, defaults=told)
            price.delete()
        else:
            prices.filter(pk=price.pk).update(timestamp=midnight)
    securities = apps.get_model("securities", "Security").objects.filter(pk__in=changed)
    securities.update(prices_version=F("prices_version") + 1)  # figures and answers that are kept go by it


class Migration(migrations.Migration):
    dependencies = [("securities", "0006_how_splits_are_read")]
    operations = [
        migrations.RunPython(cut_off_fractions, migrations.RunPython.noop, elidable=True),
        migrations.RemoveConstraint(model_name="securityprice", name=NAME),
        AddCheck(
            model_name="securityprice",
            constraint=models.CheckConstraint(
                condition=Q(interval__in=["1m", "1h"]) | Q(IsMidnight("timestamp")),
                name=NAME,
                violation_error_message="A price of a day, a week or a month is at midnight (UTC) of its first day.",
            ),
        ),
    ]
