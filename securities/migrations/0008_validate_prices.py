"""Read all prices for the constraints that came without: nobody has to wait for it."""

from django.db import migrations

from finances.schema import ValidateCheck


class Migration(migrations.Migration):
    dependencies = [("securities", "0007_bars_at_midnight_exactly")]
    operations = [
        ValidateCheck("securityprice", "security_price_of_a_day_at_midnight"),
        ValidateCheck("securityprice", "security_price_positive"),
    ]
