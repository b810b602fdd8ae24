"""In units of which day a holding's quantity and cost are: a change over a split has to say. See docs/adr/0018."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from accounts.models import Holding
from finances.exceptions import InvalidValueError
from finances.local_days import day_of
from securities.models import SecurityAction

TOLD = ("quantity", "average_cost", "timestamp")


def require_told(holding: Holding, *, told: Mapping[str, Any], today: dt.date) -> None:
    """Refuse a change of a stored holding when nobody could tell which shares it counts, or what one of them cost.

    ``told`` has what is said of the fields `TOLD`, that which stays as it is included; what is not said is not in it.
    Of what `with_current_price` adds. Shares that cost nothing cost nothing in any units.

    Raises:
        InvalidValueError: a split lies in between, and a field that the change needs is not told.
    """
    if "timestamp" not in told:
        if "quantity" in told and told["quantity"] != holding.quantity:
            require_day(holding, today)
        return
    as_of = day_of(told["timestamp"], holding.user.zone)
    splits = holding.splits_between(*sorted((holding.as_of, as_of)))
    if not splits:
        return
    if "quantity" not in told:
        ask = f"the quantity of {as_of}, and the average cost of one unit of it"
        raise missing("quantity", "as_of_required", holding, splits, as_of=as_of, ask=ask)
    if "average_cost" not in told and holding.average_cost:
        ask = f"the average cost of one unit as of {as_of}"
        raise missing("average_cost", "average_cost_required", holding, splits, as_of=as_of, ask=ask)


def require_day(holding: Holding, today: dt.date) -> None:
    """Refuse another quantity without its day when there was a split since the one that is stored.

    Raises:
        InvalidValueError: there was.
    """
    splits = holding.splits_between(holding.as_of, today)
    if not splits:
        return
    raise InvalidValueError(
        f"There was a split of {holding.security} since {holding.as_of}: {named(splits)}. Give the timestamp with the "
        f"quantity: {today}, and the average cost, if it counts the shares after the split, {holding.as_of} if it "
        "counts those before.",
        code="as_of_required",
        field="timestamp",
    )


def missing(
    field: str, code: str, holding: Holding, splits: Sequence[SecurityAction], *, as_of: dt.date, ask: str
) -> InvalidValueError:
    """Return the error of a change to the day ``as_of``, beyond ``splits``, without ``field``."""
    first, last = sorted((holding.as_of, as_of))
    return InvalidValueError(
        f"There was a split of {holding.security} between {first} and {last}: {named(splits)}. Give with the "
        f"timestamp {ask}.",
        code=code,
        field=field,
    )


def named(splits: Sequence[SecurityAction]) -> str:
    """Return the ratios and the days of splits."""
    return ", ".join(f"{split.value.normalize():f} for 1 on {split.date}" for split in splits)
