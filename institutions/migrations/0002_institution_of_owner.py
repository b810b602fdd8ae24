from django.conf import settings
from django.db import migrations

import finances.constraints


class Migration(migrations.Migration):
    dependencies = [
        ("institutions", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="financialinstitution",
            constraint=finances.constraints.Key(fields=("id", "user"), name="institution_of_owner"),
        ),
    ]
