"""A small chart for a terminal. Pure."""

from collections.abc import Sequence
from fractions import Fraction

BARS = "▁▂▃▄▅▆▇█"
GAP = " "


def sparkline(values: Sequence[Fraction | None]) -> str:
    """Draw ``values`` as bars between the least and the largest of them; what is not known is a gap."""
    known = [value for value in values if value is not None]
    if not known:
        return GAP * len(values)
    least, largest = min(known), max(known)
    height = largest - least
    return "".join(
        GAP if value is None else BARS[int((value - least) * (len(BARS) - 1) / height)] if height else BARS[0]
        for value in values
    )
