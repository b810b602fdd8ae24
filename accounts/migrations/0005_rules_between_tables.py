"""Let the database hold what only ``clean`` held: whose institutions, values and holdings are, and what may hold any.

Rows that break a rule are mended before, each with a record in its history that says why:

- an account at somebody else's institution is at none any more;
- a value or a holding belongs to the owner of its account;
- an account with holdings that is no liability is an investment account.

Holdings in a liability stay what they are, can be corrected and deleted, and are marked as what the rule passes over.
"""

from django.conf import settings
from django.db import migrations, models
from django.db.models import F
from django.utils import timezone

import finances.constraints

LIABILITY_TYPES = ("credit_card", "line_of_credit", "mortgage", "payment_plan")
NOT_COPIED = {"in_investment_account"}


def mend(apps, schema_editor):
    """Change the rows that break a rule, and record it."""
    database = schema_editor.connection.alias
    account, value, holding = (
        apps.get_model("accounts", name).objects.using(database) for name in ("Account", "AccountValue", "Holding")
    )
    change(
        apps,
        account.filter(financial_institution__isnull=False).exclude(financial_institution__user=F("user")),
        lambda _: {"financial_institution_id": None},
        reason="The institution belongs to somebody else.",
    )
    for parts in (value, holding):
        change(
            apps,
            parts.exclude(user=F("account__user")).select_related("account"),
            lambda row: {"user_id": row.account.user_id},
            reason="What is in an account belongs to its owner.",
        )
    holders = account.filter(is_investment_account=False, pk__in=holding.values("account"))
    change(
        apps,
        holders.exclude(account_type__in=LIABILITY_TYPES),
        lambda _: {"is_investment_account": True},
        reason="What holds securities is an investment account.",
    )
    holding.filter(account__is_investment_account=False).update(in_investment_account=False)
    if schema_editor.connection.vendor == "postgresql":  # which alters no table while checks of its rows are pending
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def change(apps, rows, values_of, *, reason):
    """Give each of ``rows`` what ``values_of`` it says, and add that to its history."""
    record = apps.get_model("accounts", f"Historical{rows.model._meta.object_name}")
    names = [field.attname for field in rows.model._meta.concrete_fields if field.name not in NOT_COPIED]
    now = timezone.now()
    for row in list(rows):
        values = {**values_of(row), "updated_at": now}
        rows.model.objects.using(rows.db).filter(pk=row.pk).update(**values)
        record.objects.using(rows.db).create(
            **{name: getattr(row, name) for name in names} | values,
            history_date=now,
            history_type="~",
            history_change_reason=reason,
        )


class Migration(migrations.Migration):
    """Going back takes the rules away and leaves the rows as they are: both versions take them."""

    dependencies = [
        ("accounts", "0004_rules_of_time_and_sides"),
        ("institutions", "0002_institution_of_owner"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="holding",
            name="in_investment_account",
            field=models.BooleanField(db_default=True, default=True, editable=False),
        ),
        migrations.RunPython(mend, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="account",
            constraint=finances.constraints.Key(fields=("id", "user"), name="account_of_owner"),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=finances.constraints.Key(fields=("id", "is_investment_account"), name="account_for_investments"),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=finances.constraints.Reference(
                fields=("financial_institution", "user"), to_fields=("id", "user"), name="account_institution_of_owner"
            ),
        ),
        migrations.AddConstraint(
            model_name="accountvalue",
            constraint=finances.constraints.Reference(
                fields=("account", "user"), to_fields=("id", "user"), name="account_value_of_owner"
            ),
        ),
        migrations.AddConstraint(
            model_name="holding",
            constraint=finances.constraints.Reference(
                fields=("account", "user"), to_fields=("id", "user"), name="holding_of_owner"
            ),
        ),
        migrations.AddConstraint(
            model_name="holding",
            constraint=finances.constraints.Reference(
                fields=("account", "in_investment_account"),
                to_fields=("id", "is_investment_account"),
                name="holding_in_investment_account",
            ),
        ),
    ]
