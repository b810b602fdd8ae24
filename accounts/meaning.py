"""What all that was recorded in an account means: in which currency it is, and on which side of the balance sheet."""

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db.models import Max, Min

from finances.local_days import day_of

if TYPE_CHECKING:
    from accounts.models import Account


def require_same(stored: "Account", changed: "Account") -> None:
    """Refuse a change of an account under which what was ever recorded in it would mean something else.

    Raises:
        ValidationError: the currency or the side changes of an account that some day is valued by, or it holds
            securities and is to be no investment account any more.
    """
    faults = {}
    if changed.currency_id != stored.currency_id:
        faults["currency"] = f"What was recorded in this account is in {stored.currency_id}"
    if changed.is_asset != stored.is_asset:
        faults["account_type"] = f"What was recorded in this account is {'owned' if stored.is_asset else 'owed'}"
    if faults and counts_on_some_day(stored):
        advice = "past days are valued by it. Open another account."
        raise ValidationError(
            {name: ValidationError(f"{fault}, and {advice}", code="account_in_use") for name, fault in faults.items()}
        )
    if stored.is_investment_account and not changed.is_investment_account and stored.holdings.exists():
        raise ValidationError({"is_investment_account": "What holds securities is an investment account."})


def counts_on_some_day(account: "Account") -> bool:
    """Tell whether there is a day, past or present, that is valued by what was recorded in the account.

    A value counts for as long as it is there. A holding counts on the days before it was deleted as well
    (docs/valuation.md), unless that was on the day on which it was recorded.
    """
    if account.recorded_values.exists() or account.holdings.exists():
        return True
    records: Any = account.holdings.model.history.model
    told = records.objects.filter(account_id=account.pk).order_by().values("id")
    lives = told.annotate(first=Min("history_date"), last=Max("history_date"))
    zone = account.user.zone
    return any(day_of(life["first"], zone) != day_of(life["last"], zone) for life in lives)
