"""The file of a backup: a ZIP of one JSON-lines file for each table, and of a manifest that vouches for them."""

import hashlib
import io
import itertools
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import IO, Any

import orjson

from finances.exceptions import InvalidValueError

FORMAT, VERSION = "finances-backup", 1
MANIFEST = "manifest.json"
LONGEST_MANIFEST = 4 * 1024 * 1024  # bytes
LONGEST_LINE = 64 * 1024 * 1024  # bytes: a row of the longest texts that there are
BUFFER = 256 * 1024
ROWS_BETWEEN_REPORTS = 1000
DAMAGES = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError)

type Advance = Callable[[int], None]


class BackupError(InvalidValueError):
    """What is given is no backup, or not one that fits here."""

    code = "backup_unusable"


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the backup: its columns in the order of each row, how many rows, and the SHA-256 of its lines."""

    name: str
    columns: tuple[str, ...]
    row_count: int
    sha256: str

    @property
    def member(self) -> str:
        """Return the name of its file in the archive."""
        return f"tables/{self.name}.jsonl"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself."""

    project_version: str
    made_at: str
    database: str
    migrations: Mapping[str, Sequence[str]]
    tables: tuple[Table, ...]

    @property
    def row_count(self) -> int:
        """Return how many rows there are in all tables."""
        return sum(table.row_count for table in self.tables)

    def dump(self) -> bytes:
        """Write the manifest as JSON for people and programs."""
        told = {"format": FORMAT, "format_version": VERSION, **asdict(self)}
        return orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)

    @classmethod
    def load(cls, text: bytes) -> "Manifest":
        """Read a manifest.

        Raises:
            BackupError: it is none, or of a version that this program does not know.
        """
        try:
            told = orjson.loads(text)
            if told["format"] != FORMAT:
                raise BackupError("This is no backup of Finances.")
            if told["format_version"] != VERSION:
                raise BackupError(
                    f"This backup has format {told['format_version']}; this version of Finances reads format {VERSION}."
                )
            tables = tuple(
                Table(str(one["name"]), tuple(map(str, one["columns"])), int(one["row_count"]), str(one["sha256"]))
                for one in told["tables"]
            )
            migrations = {str(app): [str(name) for name in names] for app, names in told["migrations"].items()}
            words = (str(told["project_version"]), str(told["made_at"]), str(told["database"]))
            if not all(word.isprintable() for word in words):  # they are shown on a terminal
                raise BackupError("This is no backup of Finances: its manifest holds what no program writes there.")
            return cls(*words, migrations, tables)
        except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError, ValueError) as exc:
            raise BackupError("This is no backup of Finances: its manifest cannot be read.") from exc


class Writer:
    """Writes an archive table by table, in bounded memory, also to a stream that cannot go back."""

    def __init__(self, file: IO[bytes], *, made_at: datetime) -> None:
        """Write to ``file``, which stays the caller's."""
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED)
        self._made_at = made_at

    def add(self, name: str, columns: tuple[str, ...], lines: Iterable[bytes], *, advance: Advance) -> Table:
        """Write the ``lines`` of a table, and return what the manifest says of it."""
        digest, count = hashlib.sha256(), 0
        with self._zip.open(self._info(Table(name, columns, 0, "").member), "w", force_zip64=True) as member:
            for some in itertools.batched(lines, ROWS_BETWEEN_REPORTS):
                block = b"\n".join(some) + b"\n"
                digest.update(block)
                member.write(block)
                count += len(some)
                advance(len(some))
        return Table(name, columns, count, digest.hexdigest())

    def finish(self, manifest: Manifest) -> None:
        """Write the manifest; an archive without one is no backup."""
        with self._zip.open(self._info(MANIFEST), "w") as member:
            member.write(manifest.dump())

    def close(self) -> None:
        """Write the directory, without which a ZIP is none."""
        self._zip.close()

    def _info(self, name: str) -> zipfile.ZipInfo:
        info = zipfile.ZipInfo(name, date_time=self._made_at.timetuple()[:6])
        info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
        return info


class Archive:
    """A backup that is read: its manifest at once, its rows as they are asked for."""

    def __init__(self, opened: zipfile.ZipFile) -> None:
        """Read the manifest, and compare it with what else is there.

        Raises:
            BackupError: it is missing, cannot be read, or names other files than there are.
        """
        self._zip = opened
        if MANIFEST not in opened.namelist():
            raise BackupError("This is no backup of Finances: it has no manifest.")
        with opened.open(MANIFEST) as member:
            text = member.read(LONGEST_MANIFEST + 1)
        if len(text) > LONGEST_MANIFEST:
            raise BackupError("This is no backup of Finances: its manifest is too long.")
        self.manifest = Manifest.load(text)
        named = sorted([MANIFEST, *(table.member for table in self.manifest.tables)])
        if named != sorted(opened.namelist()):
            raise BackupError("The backup is damaged: its manifest names other tables than there are in it.")

    def check(self, *, advance: Advance) -> None:
        """Read all of it.

        Raises:
            BackupError: a table is not as the manifest says.
        """
        for table in self.manifest.tables:
            for _ in self._lines(table, advance):
                pass

    def rows(self, table: Table, *, advance: Advance) -> Iterator[list[Any]]:
        """Yield the rows of ``table``, each a list in the order of its columns.

        Raises:
            BackupError: a line is no row, or all of them are not what the manifest says; told after the last.
        """
        for number, line in enumerate(self._lines(table, advance), start=1):
            try:
                row = orjson.loads(line)
            except orjson.JSONDecodeError as exc:
                raise BackupError(f"Line {number} of {table.name} in the backup is not JSON.") from exc
            if not isinstance(row, list) or len(row) != len(table.columns):
                raise BackupError(f"Line {number} of {table.name} in the backup is not a row of the table.")
            yield row

    def _lines(self, table: Table, advance: Advance) -> Iterator[bytes]:
        digest, count = hashlib.sha256(), 0
        with _sound(table.name), self._zip.open(table.member) as packed:
            member = io.BufferedReader(packed, BUFFER)  # type: ignore[type-var]  # it has what a raw stream needs
            while line := member.readline(LONGEST_LINE):
                digest.update(line)
                count += 1
                if count % ROWS_BETWEEN_REPORTS == 0:
                    advance(ROWS_BETWEEN_REPORTS)
                yield line
        advance(count % ROWS_BETWEEN_REPORTS)
        if (count, digest.hexdigest()) != (table.row_count, table.sha256):
            raise BackupError(
                f"The backup is damaged: {table.name} has other rows than were written, by its SHA-256. "
                "Take another backup."
            )


@contextmanager
def opened(file: IO[bytes]) -> Iterator[Archive]:
    """Open the backup in ``file``, which can go back.

    Raises:
        BackupError: it is none, or only a part of one.
    """
    with _sound("the file"):
        packed = zipfile.ZipFile(file)
    with packed:
        with _sound(MANIFEST):
            archive = Archive(packed)
        yield archive


@contextmanager
def _sound(what: str) -> Iterator[None]:
    """Say that the backup is damaged, where what unpacks it does."""
    try:
        yield
    except DAMAGES as exc:
        raise BackupError(f"This is no whole backup: {what} cannot be read ({exc}).") from exc
