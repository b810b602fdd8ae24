"""Have the prices of days, weeks and months at midnight, by a constraint; 0008 validates it."""

from django.db import migrations, models

import finances.sql
from finances.schema import AddCheck


class Migration(migrations.Migration):
    dependencies = [("securities", "0002_move_bars_to_midnight")]
    operations = [
        AddCheck(
            model_name="securityprice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("interval__in", ["1m", "1h"]), finances.sql.IsMidnight("timestamp"), _connector="OR"
                ),
                name="security_price_of_a_day_at_midnight",
                violation_error_message="A price of a day, a week or a month is at midnight (UTC) of its first day.",
            ),
        ),
    ]
