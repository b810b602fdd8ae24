"""Hold open, high and low to what the close is held to."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("securities", "0004_what_is_fetched")]
    operations = [
        migrations.AddConstraint(
            model_name="securityprice",
            constraint=models.CheckConstraint(
                condition=(Q(open__gt=0) | Q(open=None))
                & (Q(high__gt=0) | Q(high=None))
                & (Q(low__gt=0) | Q(low=None)),
                name="security_price_positive",
                violation_error_message="A price is greater than zero.",
            ),
        )
    ]
