"""How much may be computed at once, so that nobody's figures take everybody's time. Pure."""

from dataclasses import dataclass

from finances.exceptions import InvalidValueError

# Some seconds: ten thousand days, which is all that a series may have, with a hundred holdings.
MAX_WORK = 2_000_000
WORK_OF_A_VALUE = 5  # of one that is recorded, compared with a product of quantity and close
MAX_VALUES = MAX_WORK // WORK_OF_A_VALUE


class TooMuchWorkError(InvalidValueError):
    """More than is computed at once is asked for."""

    code = "too_many"


@dataclass(frozen=True, slots=True)
class Work:
    """What a series of ``points`` is made from: closes of ``securities`` and recorded ``values`` of ``days``."""

    points: int
    days: int
    holdings: int = 0
    securities: int = 0
    values: int = 0

    @property
    def size(self) -> int:
        """Return how much it is: a product of a quantity and a close, or a close that is read, is one."""
        return self.points * self.holdings + self.days * self.securities + self.values * WORK_OF_A_VALUE

    def require_bounded(self) -> None:
        """Refuse what is too much.

        Raises:
            TooMuchWorkError: it is; says how to ask for less.
        """
        if self.size <= MAX_WORK:
            return
        most = max(self.days * MAX_WORK // self.size, 1)
        way_out = f"Ask for at most {most} days at once"
        if self.points == self.days:
            way_out += ", or for an interval of a week or a month"
        raise TooMuchWorkError(
            f"{self.points} points of {self.days} days, with {self.holdings} holdings and {self.values} recorded "
            f"values, are more than is computed at once. {way_out}.",
            field="start",
        )
