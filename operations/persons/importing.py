"""Making a person of a file: a new one, with new ids, all of it or nothing."""

import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, transaction

from finances.exceptions import ConflictError, QuotaExceededError
from operations.backups import rows
from operations.persons import layout
from operations.persons.layout import Part
from operations.persons.reading import PersonFile, PersonFileError, fault, read
from securities.models import Security
from users import services as people
from users.models import User


@dataclass(frozen=True, slots=True)
class Imported:
    """Who was made, of how many rows, and which securities are new here and have no prices yet."""

    user: User
    row_count: int
    new_symbols: list[str]


@dataclass(slots=True)
class Keys:
    """The ids that the rows of a file get here, all of them new: no name in a file ever reaches a row that exists."""

    by_kind: dict[str, dict[str, Any]] = field(default_factory=dict)

    def take(self, kind: str, names: list[str]) -> None:
        """Give each of ``names`` an id; in one order, as rows that are otherwise equal are shown by their ids."""
        self.by_kind[kind] = dict(zip(names, sorted(uuid.uuid4() for _ in names), strict=True))

    def of(self, kind: str, name: str | None) -> Any:
        """Return the id of a row; a currency's is its code, and a row that was deleted gets one, too."""
        if name is None or kind == layout.CURRENCIES:
            return name
        known = self.by_kind.setdefault(kind, {})
        if name not in known:
            known[name] = uuid.uuid4()
        return known[name]


def import_person(
    text: bytes, *, email: str | None = None, password: str | None = None, dry_run: bool = False
) -> Imported:
    """Make a new user of a file, with everything that is in it and under ids of their own.

    ``email`` takes the place of the file's. Without a password, they ask for one by mail. They may administer nothing,
    whatever they could where they come from.

    Raises:
        PersonFileError: something in the file is wrong.
        QuotaExceededError: it is more than a person may have here.
        ConflictError: somebody has the email.
        ValidationError: the password is too weak.
    """
    file = read(text)
    require_room(file)
    with transaction.atomic():
        user = make_user(file.person, email=email, password=password)
        keys = Keys()
        new_symbols = find_securities(file, keys)
        store(file, user, keys)
        transaction.set_rollback(dry_run)
    return Imported(user, file.row_count, new_symbols)


def require_room(file: PersonFile) -> None:
    """Refuse more than a person may have.

    Raises:
        QuotaExceededError: it is.
    """
    counts = {part.quota: len(file.rows[part.name]) for part in layout.PARTS if part.quota}
    by_account = Counter(row["account"] for row in file.rows["values"])
    counts["values_per_account"] = max(by_account.values(), default=0)
    for quota, count in counts.items():
        most = settings.QUOTAS[quota]
        if count > most:
            raise QuotaExceededError(
                f"The file has {count} {quota.replace('_', ' ')}; {most} are allowed here (MAX_{quota.upper()})."
            )


def make_user(person: dict[str, Any], *, email: str | None, password: str | None) -> User:
    """Store the user, under the username of the file if nobody has it.

    Raises:
        ConflictError: somebody has the email.
        ValidationError: the email is none, or the password is too weak.
    """
    user = User(email=email or person["email"], username=person["username"])
    user.clean()
    if User.objects.by_login(user.email).exists():
        raise ConflictError(f"There is a user {user.email}; give another one with --email.")
    if password is not None:
        people.require_good_password(password, user=user)
    name = None if User.objects.by_login(user.username).exists() else user.username
    about = {"base_currency_id": person["base_currency_id"], "timezone": person["timezone"]}
    try:
        made: User = User.objects.create_user(user.email, password, name, **about)
    except IntegrityError as exc:
        raise ConflictError(f"Somebody has just taken {user.email} or its username; try again.") from exc
    return made


def find_securities(file: PersonFile, keys: Keys) -> list[str]:
    """Find the securities that the file names, by their symbols; store those that are not here, and return which.

    One that is here stays as it is. Of one that is not, no provider is asked until somebody syncs it by its name: it
    may be a fund of their own, and another one's symbol there.

    Raises:
        PersonFileError: one that is here has prices in another currency.
    """
    named = {row["symbol"]: (ref, row) for ref, row in file.securities.items() if row["symbol"] is not None}
    known = {security.symbol: security for security in Security.objects.filter(symbol__in=named)}
    for symbol, (ref, row) in named.items():
        if symbol not in known:
            plain = {name: row[name] for name in layout.SECURITY if name != "currency"}
            known[symbol] = Security.objects.create(**plain, currency_id=row["currency"], is_fetched=False)
            continue
        here = known[symbol].currency_id
        if here and row["currency"] and here != row["currency"]:
            raise fault(
                layout.SECURITIES,
                f"{symbol} is in {row['currency']}, but here in {here} (it is called {ref} in the file).",
            )
    found = {ref: known[symbol].pk for symbol, (ref, _) in named.items()}
    new = [symbol for symbol, (ref, _) in named.items() if known[symbol].prices_version == 0]
    keys.by_kind[layout.SECURITIES] = found
    return sorted(new)


def store(file: PersonFile, user: User, keys: Keys) -> None:
    """Store every row and record, with the times that they have in the file.

    Raises:
        PersonFileError: the database refuses one.
    """
    for part in layout.PARTS:
        keys.take(part.name, [row["ref"] for row in file.rows[part.name]])
    for part in layout.PARTS:
        try:
            values = (
                (*columns_of(part, row, keys), *(row[name] for name in part.derived)) for row in file.rows[part.name]
            )
            columns = (*part.columns, *part.derived)
            rows.insert(part.model, values, columns=columns, constants={"user_id": user.pk})
            if part.history is not None:
                store_records(part, file, user, keys)
        except (DatabaseError, ValidationError) as exc:
            reason = str(exc).partition("\n")[0]
            raise PersonFileError(f"{part.name}: the database refuses what is in the file: {reason}") from exc


def store_records(part: Part, file: PersonFile, user: User, keys: Keys) -> None:
    """Store what was recorded, in that order."""
    columns = ("history_date", "history_type", "history_user_id", "history_change_reason", *part.columns)
    rows.insert(part.history, records_of(part, file, user, keys), columns=columns, constants={"user_id": user.pk})


def records_of(part: Part, file: PersonFile, user: User, keys: Keys) -> Iterator[tuple[Any, ...]]:
    """Yield the columns of each record. Of who else changed something nothing is known here."""
    for record in file.records[part.name]:
        by = user.pk if record.by == layout.BY_SELF else None
        yield (record.at, record.change, by, record.reason, *columns_of(part, record.row, keys))


def columns_of(part: Part, row: dict[str, Any], keys: Keys) -> tuple[Any, ...]:
    """Return the values of `Part.columns`, with the ids that the names in the file have got."""
    linked = (keys.of(kind, row[name]) for name, kind in part.links.items())
    return (
        keys.of(part.name, row["ref"]),
        *(row[name] for name in part.plain),
        *linked,
        *(row[name] for name in layout.STAMPS),
    )
