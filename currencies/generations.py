"""How often the rates of a currency have changed, for those who keep what they computed from them."""

from collections.abc import Collection

from finances import caching

PREFIX = "rates/"


def renew(codes: Collection[str]) -> None:
    """Tell that a rate of each of ``codes``, on either side, has changed in the transaction under way."""
    caching.renew([f"{PREFIX}{code}" for code in codes])


def of(codes: Collection[str]) -> list[tuple[str, int]]:
    """Return how often the rates of each of ``codes`` have changed; one query."""
    return caching.generations([f"{PREFIX}{code}" for code in codes])
