"""Chance that repeats itself: the same for the same words, on every machine and in every version of Python."""

import hashlib


def number(words: str, *, below: int) -> int:
    """Return a number from 0 to ``below`` - 1 that looks like chance."""
    return int.from_bytes(hashlib.sha256(words.encode()).digest()[:8]) % below
