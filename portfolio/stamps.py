"""The state of everything that a user's figures are computed from, read without reading it all. See docs/adr/0013."""

from typing import Any

import orjson

from accounts.models import Account, Holding
from currencies import generations
from currencies.conversion import EURO
from finances import caching, marked
from securities.models import Security


def state_of(user: Any, *, currency: str) -> list[Any]:
    """Return what is another one after any change of what ``user``'s figures in ``currency`` depend on; three queries.

    Every change of an account, value or holding is recorded, and ends the generation of its owner, as does that of an
    institution; who was read with it (`marked.with_marks`) spares a fourth query. Of securities, their version
    counts the changes of prices and splits. Rates are counted by currency. One more query, of all that was ever held,
    is asked once in each generation.
    """
    (recorded,) = marked.state_of(user)
    described = list(
        Security.objects.filter(pk__in=ever_held(user, recorded))
        .order_by("pk")
        .values_list("pk", "symbol", "name", "asset_class", "sector", "currency_id", "prices_version")
    )
    codes = {currency, EURO, *(row[5] for row in described if row[5] is not None)}
    codes |= set(Account.objects.for_user(user).order_by().values_list("currency_id", flat=True).distinct())
    return [
        str(user.pk),
        user.timezone,
        currency,
        recorded,
        described,
        generations.of(codes),
    ]


def ever_held(user: Any, recorded: list[str]) -> list[str]:
    """Return the ids of all securities that ``user`` has held, as long as nothing more is ``recorded``."""

    def compute() -> bytes:
        records: Any = Holding.history.model.objects.filter(user_id=user.pk)
        # One list of keys: of two, combined by "or", PostgreSQL compares every security with both.
        held = (
            records.order_by()
            .values("security_id")
            .union(Holding.objects.for_user(user).order_by().values("security_id"))
        )
        keys = Security.objects.filter(pk__in=held).order_by("pk").values_list("pk", flat=True)
        return orjson.dumps(list(map(str, keys)))

    found: list[str] = orjson.loads(caching.remember("held", state=[str(user.pk), recorded], compute=compute))
    return found
