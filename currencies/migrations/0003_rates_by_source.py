"""Let the rates of one source be found among millions, while others go on writing."""

from django.db import migrations, models

from finances.indexes import AddIndexMeanwhile


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("currencies", "0002_iso_4217")]

    operations = [
        AddIndexMeanwhile(
            model_name="currencyrate",
            index=models.Index(fields=["source", "date"], name="currency_rate_source_date"),
        )
    ]
