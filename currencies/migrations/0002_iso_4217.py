"""Fill in the currencies of ISO 4217 and the ended ones that old statements hold."""

from django.db import migrations

from currencies import iso4217


def add_currencies(apps, schema_editor):
    """Add what is missing; a row that is there already is somebody's and stays as it is."""
    currency = apps.get_model("currencies", "Currency")
    rows = [currency(**facts._asdict(), is_active=True) for facts in iso4217.active_currencies()]
    rows += [currency(**facts._asdict(), is_active=False) for facts in iso4217.ended_currencies()]
    currency.objects.bulk_create(rows, ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [("currencies", "0001_initial")]
    operations = [migrations.RunPython(add_currencies, migrations.RunPython.noop, elidable=False)]
