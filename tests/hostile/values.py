"""Values that nobody sends in good faith, as they travel: JSON for bodies, escaped text for queries and paths."""

import json
import os
from collections.abc import Mapping
from zlib import crc32

# All values everywhere take minutes; each place gets every so-manieth of them, not every place the same ones.
STEP = 1 if os.environ.get("HOSTILE") == "all" else 5
DIGITS = "9" * 60
LONG = "x" * 1_000_000
DEEP = "[" * 10_000 + "]" * 10_000
OTHER_ID = "00000000-0000-0000-0000-000000000000"

NOT_JSON = {
    "NaN": "NaN",
    "Infinity": "Infinity",
    "minus Infinity": "-Infinity",
    "a number beyond floats": "1e400",
    "a tiny number": "1e-4000",
    "a lone surrogate": r'"\ud800"',
    "surrogates the wrong way round": r'"\udc00\ud800"',
    "10 000 deep": DEEP,
    "a leading zero": "007",
    "a hexadecimal number": "0x10",
    "half a text": '"abc',
    "nothing": "",
    "single quotes": "'abc'",
    "a comment": "1 /* one */",
    "a name twice": '{"a": 1, "a": 2}',
}

TEXTS = {
    "NUL": "a\0b",
    "NUL alone": "\0",
    "right to left": "\u202eabc\u2066def",
    "zero width": "\u200b\u200d\ufeff",
    "a non-character": "a\uffffb\U0010ffff",
    "accents without end": "a" + "\u0301" * 5_000,
    "an emoji of a family": "👨‍👩‍👧‍👦",
    "Arabic digits": "١٢٣",
    "wide digits": "\uff11\uff12\uff13",
    "1 MB": LONG,
    "empty": "",
    "spaces": " \t\r\n ",
    "control characters": "\x01\x1b[2J\x7f\x85",
    "two lines of a header": "a\r\nSet-Cookie: a=b",
    "SQL": "' OR 1=1; --",
    "LIKE": "%_\\%",
    "a template": "{{7*7}}${7*7}{% now %}",
    "a path": "../../../etc/passwd",
    "a script": "<script>alert(1)</script>",
    "NaN in words": "NaN",
    "sNaN in words": "sNaN123",
    "Infinity in words": "-Infinity",
    "1e400 in words": "1e400",
    "an exponent without end": "1e999999999999999999",
    "60 digits in words": DIGITS,
    "60 places in words": f"0.{DIGITS}",
    "underscores": "1_000",
    "a comma": "1,5",
    "the first day": "0001-01-01",
    "the last day": "9999-12-31",
    "before the first instant": "0001-01-01T00:00:00+14:00",
    "after the last instant": "9999-12-31T23:59:59-14:00",
    "a leap second": "2026-06-30T23:59:60Z",
    "before all years": "-0001-01-01",
    "after all years": "10000-01-01",
    "a day that is none": "2026-02-30",
    "a week": "2026-W01-1",
    "an id of nothing": OTHER_ID,
    "an id in braces": f"{{{OTHER_ID}}}",
    "an id as a URN": f"urn:uuid:{OTHER_ID}",
    "null in words": "null",
    "true in words": "true",
    "minus": "-1",
}

SHAPES = {
    "null": "null",
    "true": "true",
    "zero": "0",
    "minus zero": "-0.0",
    "minus one": "-1",
    "one": "1",
    "60 digits": DIGITS,
    "60 places": f"0.{DIGITS}",
    "two to the 31st": str(2**31),
    "two to the 63rd": str(2**63),
    "an empty array": "[]",
    "an array": '["a", 1]',
    "an array in an array": "[[[]]]",
    "an array of 10 000": json.dumps([None] * 10_000),
    "an empty object": "{}",
    "an object": '{"id": "a", "$gt": "", "__proto__": {}}',
    "an object of many names": json.dumps({str(each): each for each in range(5_000)}),
}

IN_FIELDS = {name: json.dumps(text) for name, text in TEXTS.items()} | SHAPES

# Escaped, as a client's library never would send them.
IN_QUERIES = {
    "NUL": "%00",
    "a lone surrogate": "%ED%A0%80",
    "no UTF-8": "%FF%FE",
    "half an escape": "%E2%80",
    "no escape": "%zz",
    "right to left": "%E2%80%AEabc",
    "zero width": "%E2%80%8B",
    "40 KB": "x" * 40_000,
    "nothing": "",
    "spaces": "%20%09%0A",
    "a header": "a%0D%0ASet-Cookie:%20a=b",
    "NaN": "NaN",
    "Infinity": "-Infinity",
    "1e400": "1e400",
    "60 digits": DIGITS,
    "5 000 digits": "9" * 5_000,
    "60 places": f"0.{DIGITS}",
    "minus one": "-1",
    "zero": "0",
    "two to the 31st": str(2**31),
    "two to the 63rd": str(2**63),
    "a huge page": str(10**30),
    "wide digits": "%EF%BC%91",
    "the first day": "0001-01-01",
    "the last day": "9999-12-31",
    "before the first instant": "0001-01-01T00:00:00%2B14:00",
    "after the last instant": "9999-12-31T23:59:59-14:00",
    "before all years": "-0001-01-01",
    "after all years": "10000-01-01",
    "an id of nothing": OTHER_ID,
    "SQL": "'%20OR%201=1;--",
    "a column of another table": "user__password",
    "many commas": "," * 500,
}

IN_PATHS = {
    "NUL": "%00",
    "NUL in a name": "a%00b",
    "a lone surrogate": "%ED%A0%80",
    "no UTF-8": "%FF",
    "right to left": "%E2%80%AEabc",
    "zero width": "%E2%80%8B",
    "slashes": "..%2F..%2Fetc%2Fpasswd",
    "escaped twice": "%252e%252e%252f",
    "a dot": ".",
    "two dots": "..",
    "backslashes": "..%5C..%5C",
    "a header": "a%0D%0AX-Evil:%201",
    "a parameter": "a;b=c",
    "a question": "a%3Fb=c",
    "a fragment": "a%23b",
    "5 000 characters": "x" * 5_000,
    "60 digits": DIGITS,
    "minus one": "-1",
    "an id of nothing": OTHER_ID,
    "an id in braces": f"%7B{OTHER_ID}%7D",
    "an id without lines": OTHER_ID.replace("-", ""),
    "a sign": "@",
    "spaces": "%20",
    "SQL": "'%20OR%201=1--",
    "a star": "*",
}


def first(place: object) -> int:
    """Return with which value a place begins."""
    return crc32(str(place).encode()) % STEP


def some_of[V](known: Mapping[str, V], *, place: object) -> list[tuple[str, V]]:
    """Return the values for a place, by their names: always the same ones, unless there are others to choose from."""
    return list(known.items())[first(place) :: STEP]
