"""Move the prices of days, weeks and months to midnight, where a sync puts them; what stands there already stays.

Only what somebody entered by hand can be elsewhere. One whose place is taken is kept among the quarantined records.
"""

from django.db import migrations
from django.db.models import Q

from finances.sql import IsMidnight


def move(apps, schema_editor):
    prices = apps.get_model("securities", "SecurityPrice").objects
    quarantined = apps.get_model("securities", "QuarantinedRecord").objects
    elsewhere = prices.exclude(Q(interval__in=["1m", "1h"]) | Q(IsMidnight("timestamp"))).order_by("pk")
    for price in elsewhere.iterator():
        midnight = price.timestamp.replace(hour=0, minute=0, second=0, microsecond=0)
        if prices.filter(security=price.security, interval=price.interval, timestamp=midnight).exists():
            place = {"subject": "price", "interval": price.interval, "timestamp": price.timestamp}
            told = {"reason": "duplicate", "detail": f"close {price.close}"}
            quarantined.update_or_create(security=price.security, **place, defaults=told)
            price.delete()
        else:
            prices.filter(pk=price.pk).update(timestamp=midnight)


class Migration(migrations.Migration):
    dependencies = [("securities", "0001_initial")]
    operations = [migrations.RunPython(move, migrations.RunPython.noop, elidable=True)]
