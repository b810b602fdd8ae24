"""Tell what providers are asked for from what came from files; take prices out that are none."""

from django.db import migrations, models
from django.db.models import Exists, F, OuterRef, Q

from finances.time_zones import require_timezone
from securities.reasons import Reason


def leave_out_files(apps, schema_editor):
    securities = apps.get_model("securities", "Security").objects
    prices = apps.get_model("securities", "SecurityPrice").objects.filter(security=OuterRef("pk"))
    securities.filter(Exists(prices), last_synced_at=None).update(is_fetched=False)


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
    dependencies = [("securities", "0003_bars_at_midnight")]
    operations = [
        migrations.AddField(
            model_name="security",
            name="is_fetched",
            field=models.BooleanField(
                default=True,
                help_text="Ask the providers for its prices when all or all held are synced; not for what comes from files.",
            ),
        ),
        migrations.AlterField(
            model_name="security",
            name="timezone",
            field=models.CharField(
                blank=True, help_text="Of the exchange, by its IANA name.", max_length=64, validators=[require_timezone]
            ),
        ),
        migrations.AlterField(
            model_name="quarantinedrecord",
            name="reason",
            field=models.CharField(
                choices=[(reason.value, reason.replace("_", " ")) for reason in Reason], max_length=30
            ),
        ),
        migrations.RunPython(leave_out_files, migrations.RunPython.noop, elidable=True),
        migrations.RunPython(forget_what_is_no_price, migrations.RunPython.noop, elidable=True),
    ]
