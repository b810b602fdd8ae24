"""Why something that a source told is not believed."""

from enum import StrEnum


class Reason(StrEnum):
    """Why something is held back."""

    NOT_POSITIVE = "not_positive"
    TOO_LARGE = "too_large"
    HIGH_BELOW_LOW = "high_below_low"
    FUTURE = "future"
    DUPLICATE = "duplicate"
    UNIT_MISTAKE = "unit_mistake"
    UNCLEAR_UNIT = "unclear_unit"
    SPLIT_MISTAKE = "split_mistake"
    SPIKE = "spike"
    UNEXPLAINED_JUMP = "unexplained_jump"
    DIVIDEND_TOO_LARGE = "dividend_too_large"
    DIVIDEND_CONTRADICTED = "dividend_contradicted"
    DIVIDEND_REPEATED = "dividend_repeated"
    SPLIT_REPEATED = "split_repeated"
