"""Move the prices of days, weeks and months to midnight, where a sync puts them; what stands there already stays.

The day is the one that it was at the exchange. Only what somebody entered by hand can be elsewhere. One whose place is taken is kept among the quarantined records.
"""

from datetime import UTC, datetime

from django.db import migrations
from django.db.models import F, Q

from finances.sql import IsMidnight
from finances.time_zones import zone_of


def move(apps, schema_editor):
    prices = apps.get_model("securities", "SecurityPrice").objects
    quarantined = apps.get_model("securities", "QuarantinedRecord").objects
    elsewhere = prices.exclude(Q(interval__in=["1m", "1h"]) | Q(IsMidnight("timestamp"))).order_by("pk")
    moved = set()
    for price in elsewhere.select_related("security").iterator():
        day = price.timestamp.astimezone(zone_of(price.security.timezone)).date()
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
        moved.add(price.security_id)
        if prices.filter(security=price.security, interval=price.interval, timestamp=midnight).exists():
            place = {"subject": "price", "interval": price.interval, "timestamp": price.timestamp}
            told = {"reason": "duplicate", "detail": f"close {price.close}"}
            quarantined.update_or_create(security=price.security, **place, defaults=told)
            price.delete()
        else:
            prices.filter(pk=price.pk).update(timestamp=midnight)
    securities = apps.get_model("securities", "Security").objects.filter(pk__in=moved)
    securities.update(prices_version=F("prices_version") + 1)  # figures and answers that are kept go by it


class Migration(migrations.Migration):
    dependencies = [("securities", "0001_initial")]
    operations = [migrations.RunPython(move, migrations.RunPython.noop, elidable=True)]
