"""What companies do to their shares."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

ACTION_PLACES = 12  # of the column
LARGEST_ACTION = Decimal(10) ** 12  # from which on it does not hold a value


class ActionKind(StrEnum):
    """What a company did to its shares."""

    SPLIT = "split"
    DIVIDEND = "dividend"


class Action(NamedTuple):
    """A split or a dividend on its ex-date ``on``, the exchange's day.

    ``value`` is of a split the number of new shares for one old, of a dividend the amount for one share in
    ``currency`` (None: the currency of the prices).
    """

    on: date
    kind: ActionKind
    value: Decimal
    currency: str | None = None
