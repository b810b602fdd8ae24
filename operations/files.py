"""Files that are whole or not there, and that nobody else on the machine can read."""

import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from finances.exceptions import ConflictError, InvalidValueError

OWNER_ONLY = 0o600
STANDARD_STREAM = "-"


class FileExistsAlreadyError(ConflictError):
    """There is a file where one is to be written."""

    code = "file_exists"


class FileNotWritableError(InvalidValueError):
    """A file cannot be written there."""

    code = "file_not_writable"


@contextmanager
def written_whole(path: Path, *, overwrite: bool = False, keep: bool = True) -> Iterator[IO[bytes]]:
    """Give a file to write, which takes its name only once all of it is on the disk; else nothing is left of it.

    Without ``keep`` it never does, but everything else happens.

    Raises:
        FileExistsAlreadyError: the name is taken, and not to be overwritten.
        FileNotWritableError: the folder is missing, closed or full.
    """
    _require_free(path, overwrite=overwrite)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with _only_ours(part) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if keep:
            _require_free(path, overwrite=overwrite)
            part.replace(path)
            _sync_folder(path.parent)
    except OSError as exc:
        raise FileNotWritableError(f"{path} cannot be written: {exc.strerror or exc}.") from exc
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def stdout(*, keep: bool = True) -> Iterator[IO[bytes]]:
    """Give the stream of bytes that whoever started the process reads; without ``keep`` one that nobody does."""
    if keep:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with Path(os.devnull).open("wb") as nothing:
        yield nothing


def _require_free(path: Path, *, overwrite: bool) -> None:
    if path.exists() and not overwrite:
        raise FileExistsAlreadyError(f"There is a {path} already; choose another name, or say --force.")


def _only_ours(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "w+b")


def _sync_folder(folder: Path) -> None:
    """Have the new name, too, outlast a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
