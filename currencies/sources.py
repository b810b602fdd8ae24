"""Who published a rate, and whom to believe when two did. Pure data; see docs/adr/0005."""

MANUAL = "manual"

# The first is believed most. A rate never gives way to one of a source further back; sources that are not named here
# come last of all, and take turns.
PRECEDENCE = (MANUAL, "ecb", "exchangerate-api.com", "open.er-api.com")


def rank(source: str) -> int:
    """Return how much ``source`` is believed: more is more, and 0 is a source that nobody ranked."""
    return len(PRECEDENCE) - PRECEDENCE.index(source) if source in PRECEDENCE else 0


def at_least(source: str) -> tuple[str, ...]:
    """Return ``source`` and the ones that are believed more."""
    return (*(other for other in PRECEDENCE if rank(other) > rank(source)), source)
