"""Tell what providers are asked for from what came from files."""

from django.db import migrations, models
from django.db.models import Exists, OuterRef

from finances.time_zones import require_timezone
from securities.reasons import Reason


def leave_out_files(apps, schema_editor):
    securities = apps.get_model("securities", "Security").objects
    prices = apps.get_model("securities", "SecurityPrice").objects.filter(security=OuterRef("pk"))
    securities.filter(Exists(prices), last_synced_at=None).update(is_fetched=False)


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
    ]
