"""Every test that docs/security.md names exists, and every line that claims something names one or says why not."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docs" / "security.md").read_text()
NAMED = sorted(set(re.findall(r"`([\w/]+\.py)::(\w+)`", TEXT)))
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in TEXT.splitlines()
    if re.match(r"\| (V\d+\.\d|API\d)", line)
]
# What is a fact about documents or libraries, which no test of ours could break.
WITHOUT_TESTS = {"V6.1", "V7.1", "V11.2,", "V14.1"}


def functions_of(path):
    return {node.name for node in ast.walk(ast.parse((ROOT / path).read_text())) if isinstance(node, ast.FunctionDef)}


def test_every_named_test_exists():
    files = {path: functions_of(path) for path in {path for path, _ in NAMED}}

    assert [f"{path}::{name}" for path, name in NAMED if name not in files[path]] == []
    assert len(NAMED) > 60


def test_every_claim_names_a_test_or_says_that_there_is_nothing_to_test():
    bare = [row[0] for row in ROWS if "::" not in row[-1] and row[1] != "not applicable"]

    assert {name.split()[0] for name in bare} <= WITHOUT_TESTS
    assert {row[1] for row in ROWS} <= {"met", "in part", "not met", "not applicable", "the proxy's"}


def test_all_chapters_and_all_ten_are_there():
    chapters = {f"V{number}" for number in range(1, 18)}

    assert {row[0].split()[0] for row in ROWS if row[0].startswith("API")} == {f"API{n}" for n in range(1, 11)}
    assert set(re.findall(r"^\| \*\*(V\d+) ", TEXT, re.MULTILINE)) == chapters
