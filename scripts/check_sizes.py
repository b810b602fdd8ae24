"""Keep functions and files as small as we agreed, by counting: ``check_sizes.py``.

Functions have at most 40 lines and nine of ten at most 20, from ``def`` to the last line, docstring included; files
have at most 400 and nine of ten at most 250. Migrations are history, and do not count.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOT_OURS = {"var", "staticfiles", "htmlcov", "backups"}


@dataclass(frozen=True)
class Limit:
    """What a kind of thing may have: lines at most, and lines that nine of ten stay within."""

    kind: str
    most: int
    most_of_nine_in_ten: int

    def complaints(self, sizes: dict[str, int]) -> list[str]:
        """Return a sentence for each of ``sizes``, by name in lines, that is too large, and one for their sum."""
        too_large = [f"{name} has {size} lines, of {self.most}" for name, size in sizes.items() if size > self.most]
        ordered = sorted(sizes.values())
        ninth = ordered[len(ordered) * 9 // 10] if ordered else 0
        if ninth > self.most_of_nine_in_ten:
            too_large.append(f"nine of ten {self.kind} have up to {ninth} lines, of {self.most_of_nine_in_ten}")
        return too_large


FUNCTIONS = Limit("functions", most=40, most_of_nine_in_ten=20)
FILES = Limit("files", most=400, most_of_nine_in_ten=250)


def source_files() -> Iterator[Path]:
    """Find our Python files, without migrations."""
    for top in sorted(ROOT.iterdir()):
        if top.name.startswith(".") or top.name in NOT_OURS:
            continue
        for path in sorted(top.rglob("*.py")) if top.is_dir() else [top]:
            if path.suffix == ".py" and "migrations" not in path.parts:
                yield path


def functions(path: Path, source: str) -> Iterator[tuple[str, int]]:
    """Find each function in ``source`` with its place and its number of lines."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}()", (node.end_lineno or 0) - node.lineno + 1


def complaints() -> list[str]:
    """Return everything that is larger than agreed, a sentence each."""
    file_sizes: dict[str, int] = {}
    function_sizes: dict[str, int] = {}
    for path in source_files():
        source = path.read_text(encoding="utf-8")
        file_sizes[str(path.relative_to(ROOT))] = len(source.splitlines())
        function_sizes.update(functions(path, source))
    return FILES.complaints(file_sizes) + FUNCTIONS.complaints(function_sizes)


if __name__ == "__main__":
    sys.exit("\n".join(complaints()) or None)
