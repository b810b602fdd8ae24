"""Keep how splits were read in prices; what is stored is compared with them at the next sync."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("securities", "0005_prices_are_positive")]
    operations = [
        migrations.AddField(
            model_name="security",
            name="split_readings",
            field=models.JSONField(blank=True, default=dict, editable=False),
        ),
        migrations.AddField(
            model_name="securityaction",
            name="is_taken_out",
            field=models.BooleanField(
                "taken out of older prices",
                null=True,
                blank=True,
                help_text="Of a split: whether the provider divides the prices before it by its ratio. When unknown, the "
                "next sync finds out, and says so when it cannot.",
            ),
        ),
        migrations.AddConstraint(
            model_name="securityaction",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind", "split"), ("is_taken_out", None), _connector="OR"),
                name="security_action_split_taken_out",
                violation_error_message="Only a split is taken out of older prices.",
            ),
        ),
    ]
