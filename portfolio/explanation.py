"""Why a figure is what it is: the tree of formulas, inputs, prices and rates behind it. Pure.

The leaves of the tree are the leaves that the figure is the sum of, each with its sign and converted by itself; their
exact values add up to the figure's. Where there are very many, the largest are shown, and the others are summed.
"""

from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import partial

from accounts import told
from currencies.conversion import Leg
from finances import money
from finances.exceptions import NotFoundError
from portfolio import figures
from portfolio.days import Period
from portfolio.exchange import DayRates
from portfolio.figures import Figure
from portfolio.inputs import Split
from portfolio.leaves import Leaf, Missing, Part
from portfolio.valuation import Day, Dimension, Household, Name

OF_LIABILITIES = f"{Name.LIABILITIES}:"
# So that an explanation can be read, and sent. Whoever looks for a smaller leaf asks for a smaller figure.
MAX_LEAVES = 500
MAX_LEFT_OUT = 100
DOUBT = "by what it differs, if the quantity counts the shares after the split"
HIDDEN_PARTS = "sum of parts that are not shown one by one; the figures of single securities show them"
HIDDEN_ACCOUNTS = "sum of accounts that are not shown one by one; the figures of single accounts show them"


class FigureNotFoundError(NotFoundError):
    """There is no figure of this name, or nothing that it could be of."""

    code = "figure_not_found"


@dataclass(frozen=True, slots=True)
class Input:
    """A number that somebody recorded or published, exactly as it is stored: what, which row, of which day."""

    kind: str
    id: str | None
    name: str
    on: date
    value: str
    currency: str | None
    source: str


@dataclass(frozen=True, slots=True)
class Node:
    """A value in ``currency``, the formula that gives it, and what goes into the formula."""

    name: str
    formula: str
    value: Fraction | None
    currency: str
    missing: tuple[Missing, ...] = ()
    inputs: tuple[Input, ...] = ()
    children: tuple["Node", ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Explanation:
    """A figure with the tree behind it."""

    name: str
    on: date
    figure: Figure
    tree: Node


def days_needed(name: str, on: date) -> list[date]:
    """Return the days whose inputs the figure ``name`` needs.

    Raises:
        FigureNotFoundError: a change is asked for that does not exist.
    """
    if not name.startswith("change:"):
        return [on]
    since = period_of(name).start(on)
    if since is None:
        raise FigureNotFoundError(f"There is no day to compare {on} with.")
    return [since, on]


def period_of(name: str) -> Period:
    """Return the period of a change.

    Raises:
        FigureNotFoundError: there is no such period.
    """
    try:
        return Period(name.removeprefix("change:"))
    except ValueError as exc:
        raise FigureNotFoundError(f"There is no figure {name[:60]}; changes are of {', '.join(Period)}.") from exc


def explain(household: Household, *, name: str, on: date) -> Explanation:
    """Explain the figure ``name`` of the day ``on``.

    Names are those of a household's figures, ``change:1y``, ``account:ID``, a part of the assets such as
    ``currency:USD``, and with ``liabilities:`` before it one of the liabilities.

    Raises:
        FigureNotFoundError: there is no such figure.
    """
    if not name.startswith("change:"):
        return explain_on(household.on(on), name)
    since, until = (explain_on(household.on(day), Name.NET_WORTH) for day in days_needed(name, on))
    figure = figures.change(since=since.figure, until=until.figure)
    formula = f"net worth on {until.on} - net worth on {since.on}"
    children = (until.tree, negated(since.tree))
    return Explanation(
        name, on, figure, Node(name, formula, figure.value, figure.currency, figure.missing, (), children)
    )


def explain_on(day: Day, name: str) -> Explanation:
    """Explain a figure of one day.

    Raises:
        FigureNotFoundError: there is no such figure.
    """
    chosen, figure = find(day, name)
    is_net = name == Name.NET_WORTH
    children = account_nodes(chosen, day.rates, is_net=is_net)
    formula = (
        "assets - liabilities: the sum of all accounts, what is owed negative" if is_net else "sum of its accounts"
    )
    tree = Node(name, formula, figure.value, figure.currency, figure.missing, (), children)
    return Explanation(name, day.on, figure, tree)


def find(day: Day, name: str) -> tuple[Sequence[Leaf], Figure]:
    """Return the leaves of the figure ``name``, and the figure.

    Raises:
        FigureNotFoundError: there is no such figure.
    """
    if name in Name:
        return day.chosen(Name(name)), day.figure(Name(name))
    part_of = name.removeprefix(OF_LIABILITIES)
    side = Name.ASSETS if part_of == name else Name.LIABILITIES
    dimension, _, key = part_of.partition(":")  # what is after the first colon may have more of them
    if part_of == name and dimension == Dimension.ACCOUNT:
        if any(account.id == key for account in day.accounts):
            chosen = day.of_account(key)
            return chosen, day.total(chosen)
    elif dimension in Dimension:
        for part in day.divided(Dimension(dimension), side=side):
            if part.key[0] == key:
                return part.leaves, part.figure
    raise FigureNotFoundError(f"There is no figure {name[:60]} on {day.on}.")


def account_nodes(chosen: Sequence[Leaf], rates: DayRates, *, is_net: bool) -> tuple[Node, ...]:
    """Explain what ``chosen`` leaves are by account; those of which no leaf is shown are one node together."""
    shown = {id(leaf) for leaf in largest(chosen, rates)}
    by_account: dict[str, list[Leaf]] = {}
    for leaf in chosen:
        by_account.setdefault(leaf.account.id, []).append(leaf)
    nodes, hidden = [], []
    for own in by_account.values():
        if any(id(leaf) in shown for leaf in own):
            nodes.append(account_node(own, rates, is_net=is_net, shown=shown))
        else:
            hidden.append(own)
    return (*nodes, *([more_accounts(hidden, rates, is_net=is_net)] if hidden else []))


def largest(chosen: Sequence[Leaf], rates: DayRates) -> Sequence[Leaf]:
    """Return the leaves that are shown: at most `MAX_LEAVES`, of which at most `MAX_LEFT_OUT` are left out."""
    if len(chosen) <= MAX_LEAVES:
        return chosen
    left_out = [leaf for leaf in chosen if figures.why_left_out(leaf, rates) is not None][:MAX_LEFT_OUT]
    counted = [leaf for leaf in chosen if figures.why_left_out(leaf, rates) is None]
    counted.sort(key=lambda leaf: abs(figures.total([leaf], rates).value or figures.ZERO), reverse=True)
    return counted[: MAX_LEAVES - len(left_out)] + left_out


def account_node(chosen: Sequence[Leaf], rates: DayRates, *, is_net: bool, shown: Container[int]) -> Node:
    """Explain what ``chosen`` leaves of one account are together; in net worth, what is owed is negative.

    The leaves whose ids are not ``shown`` are one node together.
    """
    account = chosen[0].account
    figure = figures.total(chosen, rates)
    named = [leaf for leaf in chosen if id(leaf) in shown]
    hidden = [leaf for leaf in chosen if id(leaf) not in shown]
    parts = [leaf_node(leaf, rates) for leaf in named]
    parts += [more(figures.total(hidden, rates), f"{len(hidden)} more", HIDDEN_PARTS)] if hidden else []
    formula = " + ".join([*(leaf.label for leaf in named), *(node.name for node in parts[len(named) :])])
    inputs = (Input("account", account.id, account.name, rates.on, account.account_type, account.currency, "recorded"),)
    node = Node(account.name, formula, figure.value, figure.currency, figure.missing, inputs, tuple(parts))
    return negated(node) if is_net and account.is_liability else node


def more_accounts(hidden: Sequence[Sequence[Leaf]], rates: DayRates, *, is_net: bool) -> Node:
    """Sum the accounts of which nothing is shown, what is owed negative in net worth."""
    owed = [leaf for own in hidden for leaf in own if is_net and leaf.account.is_liability]
    owned = [leaf for own in hidden for leaf in own if not (is_net and leaf.account.is_liability)]
    figure = figures.net(figures.total(owned, rates), figures.total(owed, rates))
    return more(figure, f"{len(hidden)} more accounts", HIDDEN_ACCOUNTS)


def more(figure: Figure, name: str, formula: str) -> Node:
    """Return the node of what is not shown one by one; its value is the sum of it all."""
    return Node(name, formula, figure.value, figure.currency, figure.missing)


def negated(node: Node) -> Node:
    """Return ``node`` with the opposite sign, all the way down."""
    return Node(
        name=node.name,
        formula=f"-({node.formula})",
        value=None if node.value is None else -node.value,
        currency=node.currency,
        missing=node.missing,
        inputs=node.inputs,
        children=tuple(negated(child) for child in node.children),
    )


def leaf_node(leaf: Leaf, rates: DayRates) -> Node:
    """Explain one leaf."""
    why = figures.why_left_out(leaf, rates)
    way = rates.way(leaf.currency) if why is None and leaf.numerator else None
    value = None if why is not None else leaf.amount * (way.ratio if way is not None else 1)
    formula, inputs = MADE[leaf.part](leaf)
    if way is not None and way.legs:
        formula += f" x rate {leaf.currency}/{rates.quote}"
        inputs = (*inputs, *rate_inputs(way.legs))
    return Node(leaf.label, formula, value, rates.quote, () if why is None else (why,), tuple(inputs))


def rate_inputs(legs: Iterable[Leg]) -> tuple[Input, ...]:
    """Name the rates of a conversion, in the order in which they are multiplied."""
    return tuple(
        Input(
            "rate", None, f"{leg.base}/{leg.quote} ({leg.derivation})", leg.on, money.exact_text(leg.ratio), leg.quote,
            leg.source,
        )
        for leg in legs
    )  # fmt: skip


def made_of_recorded(leaf: Leaf, *, formula: str) -> tuple[str, tuple[Input, ...]]:
    """Explain an amount that is a part of a recorded value."""
    recorded, code = leaf.recorded, leaf.account.currency
    if recorded is None:
        return formula, ()
    if leaf.part is Part.UNITEMISED and leaf.missing is not None:
        formula += f" - holdings on {recorded.on}"
    value = Input("value", recorded.id, "recorded value", recorded.on, money.plain(recorded.value), code, "recorded")
    if recorded.cash is None or leaf.part is Part.BALANCE:
        return formula, (value,)
    cash = Input("cash", recorded.id, "recorded cash", recorded.on, money.plain(recorded.cash), code, "recorded")
    if leaf.part in {Part.CASH, Part.CASH_SINCE}:
        return formula, (cash,)
    return formula, (value, cash)


def made_of_holding(leaf: Leaf) -> tuple[str, tuple[Input, ...]]:
    """Explain what a holding is worth."""
    position, segment, close = leaf.position, leaf.segment, leaf.close
    if position is None or segment is None or segment.quantity is None:
        return "quantity x close", ()
    security = position.security
    held = Input(
        "holding", position.id, f"quantity of {security.symbol}", segment.since, money.plain(segment.quantity), None,
        "recorded",
    )  # fmt: skip
    if close is None:
        return "quantity x close", (held,)
    first, last = sorted((segment.since, close.on))
    splits = [split for split in security.splits if first < split.on <= last]
    sign = "x" if segment.since <= close.on else "/"
    formula = "quantity" + f" {sign} split" * len(splits) + " x close"
    price = Input(
        "price", close.id, f"close of {security.symbol}, as traded", close.on, money.plain(close.price),
        security.currency, "stored daily close",
    )  # fmt: skip
    return formula, (held, *(split_input(security.symbol, split) for split in splits), price)


def made_of_doubt(leaf: Leaf) -> tuple[str, tuple[Input, ...]]:
    """Explain of which splits nobody knows whether a quantity is of before or after them."""
    position, segment = leaf.position, leaf.segment
    if position is None or segment is None:
        return DOUBT, ()
    splits = told.unconfirmed(position.security.splits, as_of=segment.since, told=segment.told)
    return DOUBT, tuple(split_input(position.security.symbol, split) for split in splits)


def split_input(symbol: str, split: Split) -> Input:
    """Name a split."""
    return Input(
        "split", str(split.id), f"split of {symbol}", split.on, money.exact_text(split.ratio), None, "stored action"
    )


MADE: dict[Part, Callable[[Leaf], tuple[str, tuple[Input, ...]]]] = {
    Part.CASH: partial(made_of_recorded, formula="recorded cash"),
    Part.CASH_SINCE: partial(made_of_recorded, formula="cash paid or received for securities since it was recorded"),
    Part.BALANCE: partial(made_of_recorded, formula="recorded value"),
    Part.UNITEMISED: partial(made_of_recorded, formula="recorded value - recorded cash"),
    Part.UNDIVIDED: partial(made_of_recorded, formula="recorded value"),
    Part.HOLDING: made_of_holding,
    Part.UNCONFIRMED: made_of_doubt,
}
