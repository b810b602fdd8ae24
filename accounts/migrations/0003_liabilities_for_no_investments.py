"""Take back that a liability is an investment account, which could be said until now.

What it all is worth does not change by it, but how it is divided may: the recorded value of a liability without
holdings was cash and securities not itemised, or unknown where the cash was not said, and is cash now. With holdings these
and the cash count as before. Holdings of such an account stay, and can be corrected and deleted; none can be added. What
is done here is in each account's history.
"""

from django.db import migrations
from django.utils import timezone

LIABILITY_TYPES = ("credit_card", "line_of_credit", "mortgage", "payment_plan")
REASON = "A liability is no investment account."
COLUMNS = (
    "id", "user_id", "name", "account_type", "description", "financial_institution_id", "currency_id",
    "is_investment_account", "interest_rate", "created_at", "updated_at",
)  # fmt: skip


def take_back(apps, schema_editor):
    """Change the accounts, and record it."""
    account, record = (apps.get_model("accounts", name) for name in ("Account", "HistoricalAccount"))
    database, now = schema_editor.connection.alias, timezone.now()
    accounts = account.objects.using(database).filter(account_type__in=LIABILITY_TYPES, is_investment_account=True)
    changed = list(accounts)
    accounts.update(is_investment_account=False, updated_at=now)
    record.objects.using(database).bulk_create(
        record(
            **{name: getattr(row, name) for name in COLUMNS} | {"is_investment_account": False, "updated_at": now},
            history_date=now,
            history_type="~",
            history_change_reason=REASON,
        )
        for row in changed
    )


class Migration(migrations.Migration):
    """Changes rows only; whoever goes back keeps them, since both versions take them."""

    dependencies = (("accounts", "0002_forget_institutions"),)
    operations = (migrations.RunPython(take_back, migrations.RunPython.noop),)
