"""Cells: from what a file holds to what a field takes, and back. What a cell cannot mean is a `ValueError`."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from django.utils.dateparse import parse_datetime
from import_export.widgets import Widget

from finances import money
from finances.local_days import UTC_ZONE, instant_at, noon_of

# A spreadsheet keeps that many digits of a number; what has more was rounded, or will be.
SPREADSHEET_DIGITS = 15
NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,2})?")
# A text that begins like this is taken for a formula by spreadsheets.
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "'", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # and the wide ones
YES, NO = {"true", "yes", "1"}, {"false", "no", "0"}


class TextWidget(Widget):  # type: ignore[misc]
    """A text. One that a spreadsheet would take for a formula is written with an apostrophe, and read without it."""

    def clean(self, value: Any, row: Any = None, **_options: Any) -> str:  # noqa: ARG002
        """Return the text; of a number, its digits."""
        if value is None:
            return ""
        if isinstance(value, bool | date):
            raise ValueError(f"{value} is no text; format the column as text.")  # noqa: TRY004 - as below
        text = value if isinstance(value, str) else money.plain(exact(value))
        if "\0" in text:
            raise ValueError("There is a character in it that no text has.")
        return text[1:] if text[:1] == "'" and text[1:2] in FORMULA_SIGNS else text

    def render(self, value: Any, obj: Any = None, **_options: Any) -> str:  # noqa: ARG002
        """Return the text, guarded."""
        text = "" if value is None else str(value)
        return f"'{text}" if text.startswith(FORMULA_SIGNS) else text


class DecimalWidget(Widget):  # type: ignore[misc]
    """An exact number, empty when it is missing."""

    def clean(self, value: Any, row: Any = None, **_options: Any) -> Decimal | None:  # noqa: ARG002
        """Return the number."""
        return None if value is None or value == "" else exact(value)

    def render(self, value: Any, obj: Any = None, **_options: Any) -> str:  # noqa: ARG002
        """Return all digits."""
        return "" if value is None else money.plain(value)


class IntegerWidget(DecimalWidget):
    """A whole number, empty when it is missing."""

    def clean(self, value: Any, row: Any = None, **options: Any) -> Any:
        """Return the number."""
        number = super().clean(value, row, **options)
        if number is None or number == number.to_integral_value():
            return None if number is None else int(number)
        raise ValueError(f"{money.plain(number)} is no whole number.")

    def render(self, value: Any, obj: Any = None, **_options: Any) -> str:  # noqa: ARG002
        """Return the digits."""
        return "" if value is None else str(value)


class YesNoWidget(Widget):  # type: ignore[misc]
    """True or false, and nothing else."""

    def clean(self, value: Any, row: Any = None, **_options: Any) -> bool:  # noqa: ARG002
        """Return which."""
        text = str(value).strip().lower()
        if text not in YES | NO:
            raise ValueError(f"{str(value)[:20]!r} is neither true nor false.")
        return text in YES

    def render(self, value: Any, obj: Any = None, **_options: Any) -> str:  # noqa: ARG002
        """Return the word."""
        return str(bool(value)).lower()


class DayWidget(Widget):  # type: ignore[misc]
    """A day, by ISO 8601 or as a spreadsheet's date."""

    def clean(self, value: Any, row: Any = None, **_options: Any) -> date | None:  # noqa: ARG002
        """Return the day."""
        if value is None or value == "":
            return None
        if isinstance(value, datetime):
            return value.date()
        try:
            return value if isinstance(value, date) else date.fromisoformat(str(value).strip())
        except ValueError as exc:
            raise ValueError(f"{str(value)[:20]!r} is no day; write 2026-01-31.") from exc

    def render(self, value: Any, obj: Any = None, **_options: Any) -> str:  # noqa: ARG002
        """Return it by ISO 8601."""
        return "" if value is None else value.isoformat()


class RelatedWidget(Widget):  # type: ignore[misc]
    """What a foreign key points at, by its name. ``find`` takes the name and the row, and is asked once for each."""

    def __init__(self, find: Callable[[str, Any], Any], *, name: str, within: tuple[str, ...] = ()) -> None:
        """Find by the cell, and by those of the columns ``within``; ``name`` is the attribute that is written."""
        super().__init__()
        self.find, self.name, self.within = find, name, within
        self.found: dict[Any, Any] = {}

    def clean(self, value: Any, row: Any = None, **_options: Any) -> Any:
        """Return the row of the other table, None for an empty cell."""
        text = TextWidget().clean(value).strip()
        if not text:
            return None
        key = (text, *(str(row.get(column)) for column in self.within))
        if key not in self.found:
            self.found[key] = None if "\0" in text else self.find(text, row)
        if self.found[key] is None:
            raise ValueError(f"There is no {text[:60]!r}.")
        return self.found[key]

    def render(self, value: Any, obj: Any = None, **_options: Any) -> str:  # noqa: ARG002
        """Return the name."""
        return "" if value is None else str(TextWidget().render(getattr(value, self.name)))


class InstantWidget(Widget):  # type: ignore[misc]
    """An instant: with an offset exactly that, else on the clocks of the row's owner; a day alone is its noon there."""

    def __init__(self, zone_of: Callable[[Any], Any]) -> None:
        """Ask ``zone_of`` for the time zone that a row's clocks show; None while that is not known."""
        super().__init__()
        self.zone_of = zone_of

    def clean(self, value: Any, row: Any = None, **_options: Any) -> datetime | None:
        """Return the instant, in UTC."""
        if value is None or value == "":
            return None
        zone = self.zone_of(row) or UTC_ZONE
        if isinstance(value, datetime) and value.time() == time() and value.tzinfo is None:
            value = value.date()  # a spreadsheet's day
        text = value.isoformat() if isinstance(value, date) else str(value)
        try:
            at = None if len(text.strip()) <= len("2026-01-31") else parse_datetime(text.strip())
            day = date.fromisoformat(text.strip()) if at is None else None
        except ValueError as exc:
            raise ValueError(f"{text[:40]!r} is no day and no instant; write 2026-01-31 or 2026-01-31T10:00Z.") from exc
        if day is not None:
            return noon_of(day, zone)
        local = at if at is None or at.tzinfo is None else None
        try:
            found = instant_at(local, zone) if local is not None else at.astimezone(UTC) if at is not None else None
        except OverflowError as exc:
            raise ValueError(f"{text[:40]} is before or after all days that there are.") from exc
        if found is None:
            raise ValueError(f"There is no {text[:40]} in {zone}: clocks were set forward over it.")
        return found

    def render(self, value: Any, obj: Any = None, **_options: Any) -> str:  # noqa: ARG002
        """Return it by ISO 8601, in UTC."""
        return "" if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def exact(value: Any) -> Decimal:
    """Return a cell as an exact number.

    Numbers of a spreadsheet are binary: one that has more than 15 digits is not what somebody typed, and refused.

    Raises:
        ValueError: it is none.
    """
    if isinstance(value, bool | date):
        raise ValueError(f"{value} is no number.")  # noqa: TRY004 - a cell's fault, like all others
    text = repr(value) if isinstance(value, float) else str(value).strip()
    if len(text) > 64 or not NUMBER.fullmatch(text):  # noqa: PLR2004 - no honest number is longer
        raise ValueError(f"{text[:40]!r} is no number; write 1234.5, without anything else.")
    number = Decimal(text)
    if isinstance(value, float | int) and len(number.normalize().as_tuple().digits) > SPREADSHEET_DIGITS:
        raise ValueError(f"{text} has more digits than a spreadsheet keeps; format the column as text.")
    return number
