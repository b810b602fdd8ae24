"""Ask PyPI whether anything that is shipped has a known weakness: ``audit.py [REQUIREMENTS]``.

Exits with 0 when nothing has, with 1 when something has or could not be looked up, and with 77 when the service cannot
be asked from here, which says nothing either way.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
GOOD, BAD, SKIPPED = 0, 1, 77
LONGEST = 180  # seconds
# Weaknesses that do not concern us, by their ids, each with the reason.
ACCEPTED: dict[str, str] = {}


def verdict(dependencies: list[dict[str, Any]]) -> tuple[int, str]:
    """Return the exit code and what to say for what pip-audit reports of each dependency."""
    unknown = [each["name"] for each in dependencies if "skip_reason" in each]
    if len(unknown) == len(dependencies):
        return SKIPPED, "the advisory service knows none of the dependencies: this is a mirror that has no advisories"
    faults = [
        f"{each['name']} {each['version']}: {weakness['id']} {', '.join(weakness.get('aliases', []))}; "
        f"mended in {', '.join(weakness['fix_versions']) or 'no version yet'}"
        for each in dependencies
        for weakness in each.get("vulns", [])
    ]
    faults += [f"{name} could not be looked up" for name in unknown]
    return (BAD, "\n".join(faults)) if faults else (GOOD, f"{len(dependencies)} dependencies, no known weakness")


def audit(requirements: Path) -> tuple[int, str]:
    """Have pip-audit look up what a locked file of requirements names."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(requirements), "--require-hashes"]
    command += ["--disable-pip", "--format", "json", "--progress-spinner", "off"]
    command += [part for weakness in ACCEPTED for part in ("--ignore-vuln", weakness)]
    try:
        told = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LONGEST)
    except subprocess.TimeoutExpired:
        return SKIPPED, f"the advisory service did not answer within {LONGEST} seconds"
    try:
        return verdict(json.loads(told.stdout)["dependencies"])
    except (ValueError, KeyError):
        last = (told.stderr.strip().splitlines() or ["it said nothing"])[-1]
        away = "ConnectionError" in told.stderr or "Timeout" in told.stderr or "Could not connect" in told.stderr
        return (SKIPPED, "the advisory service cannot be reached") if away else (BAD, f"pip-audit failed: {last}")


if __name__ == "__main__":
    given = sys.argv[1:]
    code, sentence = audit(Path(given[0]) if given else ROOT / "requirements" / "base.txt")
    print(sentence)
    sys.exit(code)
