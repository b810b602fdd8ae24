"""Reading a person's file: whatever is wrong in it is named with its place, before anything is stored."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
from django.core.exceptions import ValidationError
from django.core.validators import DecimalValidator, MaxLengthValidator
from django.db import models
from django.utils import timezone

from accounts.models import LIABILITY_TYPES
from currencies.models import Currency
from finances.exceptions import InvalidValueError
from finances.fields import lower
from operations.persons import layout
from operations.persons.layout import Part
from securities.models import Security
from users.models import User, base_currency_choices

# What of a field's rules is about its column: the others may be younger than what was recorded once.
OF_COLUMNS = (DecimalValidator, MaxLengthValidator)


class PersonFileError(InvalidValueError):
    """Something in the file is not as it must be; says where."""

    code = "person_file_unusable"


def fault(place: str, what: str) -> PersonFileError:
    """Return the error that something is wrong at ``place``: ``values[12].value``."""
    return PersonFileError(f"{place}: {what}", field=place)


@dataclass(frozen=True, slots=True)
class Record:
    """A recorded change, with the row as it was after it."""

    at: datetime
    change: str
    by: str | None
    reason: str | None
    row: dict[str, Any]


@dataclass(slots=True)
class PersonFile:
    """What is in the file, checked, in the types of the columns; rows refer to each other by their names in it."""

    person: dict[str, Any]
    securities: dict[str, dict[str, Any]]
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    records: dict[str, list[Record]] = field(default_factory=dict)

    @property
    def row_count(self) -> int:
        """Return how many rows there are, with those of history."""
        return sum(len(rows) for rows in self.rows.values()) + sum(len(told) for told in self.records.values())


def read(text: bytes) -> PersonFile:
    """Read a file.

    Raises:
        PersonFileError: it is none, of another version, or something in it is wrong.
    """
    if len(text) > layout.LARGEST_FILE:
        raise PersonFileError(f"The file is larger than {layout.LARGEST_FILE // 1024**2} MiB.")
    try:
        told = orjson.loads(text)
    except orjson.JSONDecodeError as exc:
        raise PersonFileError(f"The file is not JSON: {exc}.") from exc
    if not isinstance(told, dict) or told.get("format") != layout.FORMAT:
        raise PersonFileError("This is no file that export_user wrote.")
    if told.get("format_version") != layout.VERSION:
        raise PersonFileError(
            f"The file has version {told.get('format_version')} of its format; this program reads {layout.VERSION}."
        )
    require_keys(told, layout.KEYS, "the file")
    return Reader().read(told)


class Reader:
    """Reads one file; knows the currencies that there are, and what was named so far."""

    def __init__(self) -> None:
        """Ask for the currencies once."""
        self.currencies = set(Currency.objects.values_list("code", flat=True))
        self.names: dict[str, Collection[str]] = {layout.CURRENCIES: self.currencies}

    def read(self, told: Mapping[str, Any]) -> PersonFile:
        """Read all of it; what is referred to before what refers to it."""
        file = PersonFile(self.person(told["person"]), self.securities(told[layout.SECURITIES]))
        self.names[layout.SECURITIES] = {ref for ref, row in file.securities.items() if row["symbol"] is not None}
        for part in layout.PARTS:
            file.rows[part.name] = self.rows(part, told[part.name])
        require_places(file)
        history = require_keys(told["history"], [part.name for part in layout.RECORDED], "history")
        for part in layout.RECORDED:
            file.records[part.name] = self.records(part, history[part.name], file)
        return file

    def person(self, told: Any) -> dict[str, Any]:
        """Read who it is."""
        row = require_keys(told, layout.PERSON, "person")
        read = {name: cleaned(User, name, row[name], "person") for name in layout.PERSON if name != "base_currency"}
        code = row["base_currency"]
        if (
            not isinstance(code, str)
            or "\0" in code
            or not Currency.objects.filter(base_currency_choices(), pk=code).exists()
        ):
            raise fault("person.base_currency", f"figures cannot be given in {code!r}.")
        return {**read, "base_currency_id": code}

    def securities(self, told: Any) -> dict[str, dict[str, Any]]:
        """Read what the named securities are; one without a symbol was deleted before the file was written."""
        found: dict[str, dict[str, Any]] = {}
        for place, row in each(told, ("ref", *layout.SECURITY), layout.SECURITIES):
            ref = new_name(row["ref"], found, place)
            if row["symbol"] is None:
                found[ref] = {"symbol": None}
                continue
            plain = [name for name in layout.SECURITY if name != "currency"]
            found[ref] = {name: cleaned(Security, name, row[name], place) for name in plain}
            found[ref]["currency"] = self.link(row["currency"], layout.CURRENCIES, f"{place}.currency")
        counts = Counter(row["symbol"] for row in found.values() if row["symbol"] is not None)
        for symbol, count in counts.items():
            if count > 1:
                raise fault(layout.SECURITIES, f"{symbol} is there more than once.")
        return found

    def rows(self, part: Part, told: Any) -> list[dict[str, Any]]:
        """Read the rows of a kind."""
        found: list[dict[str, Any]] = []
        names: dict[str, None] = {}
        seen: set[tuple[Any, ...]] = set()
        for place, row in each(told, part.keys, part.name):
            names[new_name(row["ref"], names, place)] = None
            read: dict[str, Any] = {"ref": row["ref"]}
            for name in (*part.plain, *layout.STAMPS):
                read[name] = cleaned(part.model, name, row[name], place)
            for name, kind in part.links.items():
                is_needed = not part.model._meta.get_field(name).null
                read[name] = self.link(row[name], kind, f"{place}.{name}", is_needed=is_needed)
            require_rules(part, read, place)
            identity = tuple(lower(read[name]) if name == "name" else read[name] for name in part.unique)
            if identity in seen:
                raise fault(place, f"there is another one with the same {' and '.join(part.unique)}.")
            seen.add(identity)
            found.append(read)
        self.names[part.name] = names
        return found

    def records(self, part: Part, told: Any, file: PersonFile) -> list[Record]:
        """Read what was recorded of a kind. It may name rows that are not there any more."""
        kinds = {shown: kept for kept, shown in layout.CHANGES.items()}
        found = []
        for place, record in each(told, layout.RECORD, f"history.{part.name}"):
            if text(record["change"], f"{place}.change") not in kinds:
                raise fault(f"{place}.change", f"it is one of {', '.join(kinds)}.")
            if record["by"] not in (None, layout.BY_SELF, layout.BY_OTHER):
                raise fault(f"{place}.by", "it is self, other or null.")
            at = cleaned(part.history, "history_date", record["at"], place, shown="at", strictly=False)
            require_past(at, f"{place}.at")
            reason = cleaned(
                part.history, "history_change_reason", record["reason"], place, shown="reason", strictly=False
            )
            row = self.recorded_row(part, record["row"], f"{place}.row", file)
            found.append(Record(at, kinds[record["change"]], record["by"], reason, row))
        return found

    def recorded_row(self, part: Part, told: Any, place: str, file: PersonFile) -> dict[str, Any]:
        """Read a row as it once was."""
        row = require_keys(told, part.keys, place)
        read: dict[str, Any] = {"ref": text(row["ref"], f"{place}.ref")}
        for name in (*part.plain, *layout.STAMPS):
            read[name] = cleaned(part.history, name, row[name], place, strictly=False)
        for name in layout.STAMPS:
            require_past(read[name], f"{place}.{name}")
        for name, kind in part.links.items():
            if kind == layout.CURRENCIES:
                read[name] = self.link(row[name], kind, f"{place}.{name}")
            else:
                read[name] = None if row[name] is None else text(row[name], f"{place}.{name}")
            if kind == layout.SECURITIES and read[name] not in {None, *file.securities}:
                raise fault(f"{place}.{name}", f"nothing in securities is called {read[name]!r}.")
        return read

    def link(self, value: Any, kind: str, place: str, *, is_needed: bool = False) -> str | None:
        """Read what a row refers to."""
        if value is None and not is_needed:
            return None
        if not isinstance(value, str) or value not in self.names[kind]:
            raise fault(place, f"nothing in {kind} is called {value!r}.")
        return value


def each(told: Any, keys: Collection[str], name: str) -> Any:
    """Yield the objects of a list with their places."""
    if not isinstance(told, list):
        raise fault(name, "it is a list.")
    for number, row in enumerate(told):
        place = f"{name}[{number}]"
        yield place, require_keys(row, keys, place)


def require_keys(told: Any, keys: Collection[str], place: str) -> dict[str, Any]:
    """Return ``told``, an object with exactly these keys."""
    if not isinstance(told, dict):
        raise fault(place, "it is an object.")
    missing, unknown = [key for key in keys if key not in told], [key for key in told if key not in keys]
    if missing or unknown:
        what = f"{missing[0]} is missing" if missing else f"{unknown[0]!r} is unknown"
        raise fault(place, f"{what}; it has {', '.join(keys)}.")
    return told


def text(value: Any, place: str) -> str:
    """Return ``value``, a text."""
    if not isinstance(value, str):
        raise fault(place, "it is a text.")
    if "\x00" in value:
        raise fault(place, "it holds a character that is none.")
    return value


def new_name(value: Any, taken: Collection[str], place: str) -> str:
    """Return a name that no other row of its kind has."""
    name = text(value, f"{place}.ref")
    if name in taken:
        raise fault(f"{place}.ref", f"another one is called {name!r}.")
    return name


def cleaned(
    model: type[models.Model], name: str, value: Any, place: str, *, shown: str = "", strictly: bool = True
) -> Any:
    """Return ``value`` as the field ``name`` of ``model`` takes it, held against its rules; without ``strictly``
    only against those of its column.
    """
    place = f"{place}.{shown or name}"
    column: Any = model._meta.get_field(name)
    if value is None and column.null:
        return None
    if isinstance(column, models.BooleanField):
        if not isinstance(value, bool):
            raise fault(place, "it is true or false.")
        return value
    try:
        read = _of_type(column.to_python(text(value, place)))
        if strictly:
            column.clean(read, None)
        else:
            _fit(column, read)
    except ValidationError as exc:
        raise fault(place, " ".join(exc.messages)) from exc
    return read


def _fit(column: Any, value: Any) -> None:
    for validate in column.validators:
        if isinstance(validate, OF_COLUMNS):
            validate(value)


def _of_type(value: Any) -> Any:
    """Return an instant in UTC, and everything else as it is."""
    if not isinstance(value, datetime):
        return value
    if timezone.is_naive(value):
        raise ValidationError("It is an instant with its offset, such as 2026-01-31T12:00:00+00:00.")
    try:
        return value.astimezone(UTC)
    except OverflowError as exc:
        raise ValidationError("It is an instant of the years 1 to 9999.") from exc


def require_past(at: datetime, place: str) -> None:
    """Refuse what is said to have been done later than now: all else of when it was done is believed, and kept."""
    if at > timezone.now():
        raise fault(place, "This lies in the future.")


def require_rules(part: Part, row: Mapping[str, Any], place: str) -> None:
    """Hold a row against what the database checks of it, so that its place can be told."""
    for name in layout.STAMPS:
        require_past(row[name], f"{place}.{name}")
    instance = part.model(**{name: row[name] for name in part.plain})
    for rule in part.model._meta.constraints:
        if isinstance(rule, models.CheckConstraint):
            try:
                rule.validate(part.model, instance)
            except ValidationError as exc:
                raise fault(place, " ".join(exc.messages)) from exc


def require_places(file: PersonFile) -> None:
    """Refuse holdings of accounts that can have none. A liability may have some: an earlier version let them in."""
    accounts = {row["ref"]: row for row in file.rows["accounts"]}
    for number, row in enumerate(file.rows["holdings"]):
        account = accounts[row["account"]]
        if not account["is_investment_account"] and account["account_type"] not in LIABILITY_TYPES:
            raise fault(f"holdings[{number}].account", "only an investment account may hold securities.")
        row["in_investment_account"] = account["is_investment_account"]
