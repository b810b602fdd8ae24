"""What somebody is worth, for those who run the server."""

import csv
import io
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from finances import commands, money
from finances.exceptions import FinancesError
from finances.local_days import today_in
from portfolio import chart, services
from portfolio.days import Period, Spacing
from portfolio.explanation import Explanation, Node
from portfolio.figures import Figure
from portfolio.valuation import Name
from users.models import User


class Command(BaseCommand):
    """Shows what a user is worth on a day: a table and a chart of the year, the tree behind it, or a series as CSV."""

    help = "Show what the user with this email is worth, with a chart of the year before."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add whose worth, of which day, and how it is shown."""
        parser.add_argument("email", help="whose")
        parser.add_argument("--on", type=commands.day, metavar="DAY", help="of which day; today unless given")
        instead = parser.add_mutually_exclusive_group()
        instead.add_argument("--explain", action="store_true", help="show every formula, price and rate behind it")
        instead.add_argument("--csv", action="store_true", help="write the months of the year before as CSV")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Find the user, and show."""
        user = User.objects.by_login(options["email"]).select_related("base_currency").first()
        if user is None:
            raise CommandError(f"There is no user {options['email']}.")
        on = options["on"] or today_in(user.zone)
        show = explained if options["explain"] else as_csv if options["csv"] else table
        try:
            self.stdout.write(show(user, on))
        except FinancesError as exc:
            raise CommandError(exc.message) from exc


def amount(figure: Figure, places: int) -> str:
    """Write a figure, with a mark when it is not complete."""
    if figure.value is None:
        return "unknown"
    text = f"{money.rounded_fraction(figure.value, decimal_places=places):,f}"
    return text if figure.is_complete else f"{text} (partial)"


def months(user: User, on: date) -> services.NetWorth:
    """Return net worth at the ends of the months of the year before ``on``."""
    start = Period.YEAR.start(on) or date.min
    return services.net_worth(user=user, start=start, end=on, spacing=Spacing.MONTH, currency=user.base_currency.pk)


def table(user: User, on: date) -> str:
    """Return the figures of the day as a table, above a chart of the year."""
    currency = user.base_currency
    day = services.day_of(user=user, on=on, currency=currency.pk)
    net = day.figure(Name.NET_WORTH)
    shown = {name.replace("_", " "): amount(day.figure(name), currency.decimal_places) for name in Name}
    lines = [f"{user.email} on {on}, in {currency.pk}"]
    lines += [f"  {name:12} {text:>24}" for name, text in shown.items()]
    lines += [f"  missing: {missing.reason}" for missing in net.missing]
    points = list(months(user, on).points)
    # A month of which something is missing would look like a crash.
    drawn = chart.sparkline([point.net_worth.value if point.net_worth.is_complete else None for point in points])
    gaps = sum(not point.net_worth.is_complete for point in points)
    remark = f"  (gaps: {gaps} of {len(points)} months are not complete)" if gaps else ""
    return "\n".join([*lines, f"  {points[0].on} {drawn} {on}{remark}"])


def as_csv(user: User, on: date) -> str:
    """Return the months of the year as CSV."""
    places = user.base_currency.decimal_places
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["date", "net_worth", "assets", "liabilities", "currency", "complete"])
    for point in months(user, on).points:
        numbers = (point.net_worth, point.assets, point.liabilities)
        shown = [
            "" if one.value is None else str(money.rounded_fraction(one.value, decimal_places=places))
            for one in numbers
        ]
        complete = str(point.net_worth.is_complete).lower()
        writer.writerow([point.on.isoformat(), *shown, user.base_currency.pk, complete])
    return out.getvalue().rstrip("\n")


def explained(user: User, on: date) -> str:
    """Return the tree behind net worth, indented."""
    currency = user.base_currency
    told: Explanation = services.explain(user=user, name=Name.NET_WORTH, on=on, currency=currency.pk)
    return "\n".join(branches(told.tree, places=currency.decimal_places, depth=0))


def branches(node: Node, *, places: int, depth: int) -> list[str]:
    """Return the lines of a node and of all below it."""
    value = "unknown"
    if node.value is not None:
        value = f"{money.rounded_fraction(node.value, decimal_places=places):,f}"
    indent = "  " * depth
    lines = [f"{indent}{node.name}: {value} {node.currency} = {node.formula}"]
    lines += [f"{indent}  ! {missing.reason}" for missing in node.missing if not node.children]
    lines += [f"{indent}  - {each.name} on {each.on}: {each.value} ({each.source})" for each in node.inputs]
    return lines + [line for child in node.children for line in branches(child, places=places, depth=depth + 1)]
