"""What an examination finds."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"

    @property
    def severity(self) -> int:
        """Return a number that is greater the worse it is."""
        return list(Level).index(self)


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found, as a sentence, and what mends it; a finding that is well needs no remedy."""

    level: Level
    found: str
    remedy: str = ""
    check: str = ""


def ok(found: str) -> Finding:
    """Return a finding that is well."""
    return Finding(Level.OK, found)


def warning(found: str, remedy: str) -> Finding:
    """Return a finding that will become trouble, or that somebody may have meant."""
    return Finding(Level.WARNING, found, remedy)


def error(found: str, remedy: str) -> Finding:
    """Return a finding because of which something does not work, or is not safe."""
    return Finding(Level.ERROR, found, remedy)


def worst(findings: Iterable[Finding]) -> Level:
    """Return the worst level among ``findings``."""
    return max((finding.level for finding in findings), key=lambda level: level.severity, default=Level.OK)


def some(names: Iterable[str], *, most: int = 5) -> str:
    """Write the first of ``names``, and how many more there are."""
    every = list(names)
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return f"{', '.join(every[:most])}{more}"
