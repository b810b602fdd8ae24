"""What the look at the dependencies says, and what it does where nobody can be asked."""

import json
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parent.parent
audit = SimpleNamespace(**runpy.run_path(str(ROOT / "scripts" / "audit.py")))
GOOD = {"name": "django", "version": "6.1.3", "vulns": []}
WEAK = {
    "name": "requests",
    "version": "2.0",
    "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["2.1"], "description": "…"}],
}
UNKNOWN = {"name": "ours", "skip_reason": "Dependency not found on PyPI"}


@pytest.mark.parametrize(
    ("reported", "code", "said"),
    [
        ([GOOD], audit.GOOD, "1 dependencies, no known weakness"),
        ([GOOD, WEAK], audit.BAD, "requests 2.0: PYSEC-1 CVE-1; mended in 2.1"),
        ([GOOD, UNKNOWN], audit.BAD, "ours could not be looked up"),
        ([UNKNOWN, UNKNOWN], audit.SKIPPED, "knows none of the dependencies"),
    ],
)
def test_the_verdict(reported, code, said):
    given, sentence = audit.verdict(reported)

    assert given == code
    assert said in sentence


def test_where_the_service_cannot_be_reached_it_says_so_and_skips():
    nowhere = {**os.environ, "HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "", "no_proxy": ""}

    told = subprocess.run(
        [sys.executable, "scripts/audit.py"], cwd=ROOT, env=nowhere, capture_output=True, text=True, check=False
    )

    assert (told.returncode, told.stdout) == (77, "the advisory service cannot be reached\n")


def test_what_is_not_locked_is_no_audit(tmp_path):
    loose = tmp_path / "loose.txt"
    loose.write_text("django\n")

    code, sentence = audit.audit(loose)

    assert code == audit.BAD
    assert "pip-audit failed" in sentence


def test_the_list_of_what_is_shipped_has_every_locked_package(tmp_path):
    written = tmp_path / "sbom.json"
    command = [sys.executable, "-m", "cyclonedx_py", "requirements", "requirements/base.txt", "--no-validate"]
    lines = (ROOT / "requirements/base.txt").read_text()

    subprocess.run([*command, "--output-file", str(written)], cwd=ROOT, check=True, capture_output=True)  # noqa: S603

    locked = dict(re.findall(r"^([a-z0-9-]+)(?:\[[a-z,]+\])?==([\w.]+)", lines, re.MULTILINE))
    listed = {each["name"]: each["version"] for each in json.loads(written.read_text())["components"]}
    assert listed == locked
    assert "django" in listed
