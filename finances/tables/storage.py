"""Where a file waits between its preview and its import: beside the database, readable by the server alone."""

import re
import secrets
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from import_export.tmp_storages import BaseStorage

from finances.tables.limits import TableError

KEPT_FOR = 60 * 60  # seconds
NAME = re.compile(r"[0-9a-f]{32}")


class WaitingFile(BaseStorage):  # type: ignore[misc]
    """A file under ``VAR_DIR/imports``. One that is not imported within an hour goes when another one comes."""

    def save(self, data: bytes) -> None:
        """Keep ``data`` under a name that nobody can guess."""
        directory = Path(settings.VAR_DIR) / "imports"
        directory.mkdir(mode=0o700, exist_ok=True)
        for path in directory.iterdir():
            with suppress(FileNotFoundError):  # imported by somebody else in this moment
                if path.stat().st_mtime < time.time() - KEPT_FOR:
                    path.unlink()
        self.name = secrets.token_hex(16)
        self.path.touch(mode=0o600, exist_ok=False)
        self.path.write_bytes(data)

    def read(self) -> Any:
        """Return what was kept.

        Raises:
            TableError: it is not there any more.
        """
        try:
            return self.path.read_bytes()
        except FileNotFoundError as exc:
            raise TableError("The file is not kept any more; choose it again.") from exc

    def remove(self) -> None:
        """Forget it."""
        self.path.unlink(missing_ok=True)

    @property
    def path(self) -> Path:
        """Return where it is.

        Raises:
            TableError: this cannot be the name of one.
        """
        if not NAME.fullmatch(self.name or ""):
            raise TableError("The file is not kept any more; choose it again.")
        return Path(settings.VAR_DIR) / "imports" / self.name
