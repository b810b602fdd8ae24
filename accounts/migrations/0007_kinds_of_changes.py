"""Let changes of one kind be found among millions, while others go on writing."""

from django.db import migrations, models

from finances.indexes import AddIndexMeanwhile


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("accounts", "0006_newest_values")]

    operations = [
        AddIndexMeanwhile(
            model_name=f"historical{name}",
            index=models.Index(fields=["history_type", "-history_id"], name=f"{name}_changes"),
        )
        for name in ("account", "accountvalue", "holding")
    ]
