"""What companies do to their shares."""

from enum import StrEnum


class ActionKind(StrEnum):
    """What a company did to its shares."""

    SPLIT = "split"
    DIVIDEND = "dividend"
