"""``manage.py doctor``: is all well, and what is to be done where it is not?"""

from collections import Counter
from dataclasses import asdict
from typing import Any

import orjson
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from operations.doctor import examination
from operations.doctor.findings import Finding, Level, worst

WIDTHS = (7, 10)  # of the level, and of the name of the check


class Command(BaseCommand):
    """Examine the installation. Changes nothing."""

    help = (
        "Look at settings, secrets, caches, providers, the database and its migrations, the clock, the disk, and at "
        "how fresh rates and prices are; say what is wrong, and what mends it. Exits with 1 when there are errors."
    )
    requires_system_checks = ()  # what these would stop at is a finding here

    def add_arguments(self, parser: CommandParser) -> None:
        """Add what is looked at, and how it is told."""
        parser.add_argument("--offline", action="store_true", help="do not ask the providers of rates and prices")
        parser.add_argument("--strict", action="store_true", help="exit with 1 when there are warnings, too")
        parser.add_argument("--json", action="store_true", help="write one JSON object, for programs")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Examine, and tell.

        Raises:
            CommandError: there are errors, or warnings that count as such.
        """
        found = examination.examine(offline=options["offline"])
        findings = self.told_as_json(list(found)) if options["json"] else self.told(found)
        counts = Counter(finding.level for finding in findings)
        errors, warnings = (counted(counts[level], level) for level in (Level.ERROR, Level.WARNING))
        summary = f"The doctor found {errors} and {warnings}; {counts[Level.OK]} are well."
        bad = {Level.ERROR, Level.WARNING} if options["strict"] else {Level.ERROR}
        if worst(findings) in bad:
            raise CommandError(summary)
        if not options["json"]:
            self.stdout.write(summary)

    def told(self, found: Any) -> list[Finding]:
        """Write each finding as soon as it is there: level, check, what was found; the remedy below."""
        styles = {Level.OK: self.style.SUCCESS, Level.WARNING: self.style.WARNING, Level.ERROR: self.style.ERROR}
        findings = []
        for finding in found:
            findings.append(finding)
            level = styles[finding.level](f"{finding.level:{WIDTHS[0]}}")
            self.stdout.write(f"{level}  {finding.check:{WIDTHS[1]}}  {finding.found}")
            if finding.remedy:
                self.stdout.write(f"{'':{sum(WIDTHS) + 4}}→ {finding.remedy}")
        return findings

    def told_as_json(self, findings: list[Finding]) -> list[Finding]:
        """Write all findings as one object."""
        told = {
            "version": settings.VERSION,
            "examined_at": timezone.now().isoformat(timespec="seconds"),
            "level": worst(findings),
            "findings": [asdict(finding) for finding in findings],
        }
        self.stdout.write(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
        return findings


def counted(count: int, noun: str) -> str:
    """Return ``1 error`` or ``2 errors``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
