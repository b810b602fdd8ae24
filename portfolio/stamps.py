"""The state of everything that a user's figures are computed from, read without reading it all. See docs/adr/0013."""

from typing import Any

from django.db.models import Aggregate, BigIntegerField, Count, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.models import Account, AccountValue, Holding
from currencies import generations
from currencies.conversion import EURO
from institutions.models import FinancialInstitution
from securities.models import Security
from users.models import User

RECORDED = (Account, AccountValue, Holding)


def state_of(user: Any, *, currency: str) -> list[Any]:
    """Return what is another one after any change of what ``user``'s figures in ``currency`` depend on; five queries.

    Every change of an account, value or holding adds a record to its history, from which nothing is taken away; should
    records be all the same, the newest one or their number is another. Of
    securities, their version counts the changes of prices and splits. Rates are counted by currency.
    """
    records: Any = Holding.history.model
    held = records.objects.filter(user_id=user.pk).values("security_id")
    securities = Security.objects.filter(Q(pk__in=held) | Q(pk__in=Holding.objects.for_user(user).values("security")))
    described = list(
        securities.order_by("pk").values_list(
            "pk", "symbol", "name", "asset_class", "sector", "currency_id", "prices_version"
        )
    )
    codes = {currency, EURO, *(row[5] for row in described if row[5] is not None)}
    codes |= set(Account.objects.for_user(user).order_by().values_list("currency_id", flat=True).distinct())
    return [
        str(user.pk),
        user.timezone,
        currency,
        list(
            User.objects.filter(pk=user.pk).values_list(
                *(of_records(model, about) for model in RECORDED for about in (Count("pk"), Max("pk")))
            )
        ),
        list(
            FinancialInstitution.objects.filter(user_id=user.pk).order_by("pk").values_list("pk", "name", "updated_at")
        ),
        described,
        generations.of(codes),
    ]


def of_records(model: Any, about: Aggregate) -> Coalesce:
    """Return what ``about`` all records says that the history of ``model`` has of a user."""
    rows: QuerySet[Any] = model.history.model.objects.filter(user_id=OuterRef("pk")).order_by().values("user_id")
    return Coalesce(Subquery(rows.annotate(about=about).values("about"), output_field=BigIntegerField()), 0)
