"""Writing a person's file: from one snapshot, a line for each row, with no id of this database in it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson
from django.conf import settings
from django.utils import timezone

from finances import sql
from finances.exceptions import NotFoundError
from operations.backups.rows import ROWS_AT_ONCE, written
from operations.persons import layout
from operations.persons.layout import Part
from securities.models import Security
from users.models import User


@dataclass(slots=True)
class References:
    """The names that rows have in the file, by kind and by the id that they have here: ``accounts-1``."""

    by_kind: dict[str, dict[Any, str]] = field(default_factory=dict)

    def of(self, kind: str, key: Any) -> str | None:
        """Return the name of a row, a new one at its first mention; None for none."""
        if key is None or kind == layout.CURRENCIES:
            return None if key is None else str(key)
        names = self.by_kind.setdefault(kind, {})
        return names.setdefault(key, f"{kind}-{len(names) + 1}")


@dataclass(slots=True)
class Export:
    """A file under way, and how many rows of the person are in it, those of history too."""

    user: User
    references: References = field(default_factory=References)
    row_count: int = 0

    def lines(self) -> Iterator[bytes]:
        """Yield the file, line by line.

        Securities come last, when it is known which ones are named. Read within a snapshot.
        """
        yield b"{\n"
        for key, value in self.head().items():
            yield b'"%s": %s,\n' % (key.encode(), dumped(value))
        for part in layout.PARTS:
            yield from self.listed(part.name, self.rows(part))
            yield b",\n"
        yield b'"history": {\n'
        for number, part in enumerate(layout.RECORDED, start=1):
            yield from self.listed(part.name, self.records(part))
            yield b"\n},\n" if number == len(layout.RECORDED) else b",\n"
        yield from self.listed(layout.SECURITIES, self.securities())
        yield b"\n}\n"

    def head(self) -> dict[str, Any]:
        """Return what the file says of itself, and of the person."""
        person = {name: getattr(self.user, name) for name in layout.PERSON if name != "base_currency"}
        return {
            "format": layout.FORMAT,
            "format_version": layout.VERSION,
            "project_version": settings.VERSION,
            "exported_at": timezone.now().replace(microsecond=0),
            "person": {**person, "base_currency": self.user.base_currency_id},
        }

    def listed(self, name: str, rows: Iterable[dict[str, Any]]) -> Iterator[bytes]:
        """Yield a list of ``rows``, one to a line."""
        yield b'"%s": [' % name.encode()
        separator = b"\n"
        for row in rows:
            yield separator + dumped(row)
            separator = b",\n"
        yield b"]" if separator == b"\n" else b"\n]"

    def rows(self, part: Part) -> Iterator[dict[str, Any]]:
        """Yield the rows of a kind, by their ids here."""
        rows = part.model._base_manager.filter(user_id=self.user.pk).order_by("pk")  # noqa: SLF001 - every row there is
        for row in rows.values_list(*part.columns).iterator(chunk_size=ROWS_AT_ONCE):
            self.row_count += 1
            yield self.row(part, row)

    def row(self, part: Part, values: Iterable[Any]) -> dict[str, Any]:
        """Return a row as it stands in the file, of the ``values`` of its columns."""
        row = dict(zip(part.keys, values, strict=True))
        row["ref"] = self.references.of(part.name, row["ref"])
        for name, kind in part.links.items():
            row[name] = self.references.of(kind, row[name])
        return row

    def records(self, part: Part) -> Iterator[dict[str, Any]]:
        """Yield what was recorded of a kind, in that order."""
        about = ("history_date", "history_type", "history_user_id", "history_change_reason")
        records = part.history.objects.filter(user_id=self.user.pk).order_by("history_id")
        for at, change, by, reason, *values in records.values_list(*about, *part.columns).iterator(
            chunk_size=ROWS_AT_ONCE
        ):
            self.row_count += 1
            yield {
                "at": at,
                "change": layout.CHANGES[change],
                "by": None if by is None else layout.BY_SELF if by == self.user.pk else layout.BY_OTHER,
                "reason": reason,
                "row": self.row(part, values),
            }

    def securities(self) -> Iterator[dict[str, Any]]:
        """Yield what tells the named securities from others; one that has been deleted has no symbol any more."""
        names = self.references.by_kind.get(layout.SECURITIES, {})
        known = Security.objects.in_bulk(list(names))
        for key, name in names.items():
            security = known.get(key)
            told = dict.fromkeys(layout.SECURITY)
            if security is not None:
                told = {of: getattr(security, of) for of in layout.SECURITY if of != "currency"}
                told["currency"] = security.currency_id
            yield {"ref": name, **{of: told[of] for of in layout.SECURITY}}


def dumped(value: Any) -> bytes:
    """Write a value as JSON; decimals are texts, so that no program makes binary floats of them."""
    return orjson.dumps(value, default=written)


def find(email: str) -> User:
    """Return the user with this email or username.

    Raises:
        NotFoundError: there is none.
    """
    user: User | None = User.objects.by_login(email).first()
    if user is None:
        raise NotFoundError(f"There is no user {email}.")
    return user


def export(*, email: str, write: Any) -> Export:
    """Give the file of the user with this ``email`` to ``write``, as it is at one moment.

    Raises:
        NotFoundError: there is no such user.
    """
    with sql.snapshot():
        file = Export(find(email))
        for line in file.lines():
            write(line)
    return file
