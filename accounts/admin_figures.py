"""Figures that the admin's pages of accounts and holdings compute, each from a bounded number of rows."""

from collections.abc import Iterable

from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts.doubts import doubt_of
from accounts.market_figures import price_window
from accounts.models import Account, AccountValue, Holding
from accounts.naming import shown
from accounts.validators import MAX_AHEAD
from finances import money
from finances.local_days import day_of, today_in

MOST_VALUES, MOST_HOLDINGS = 12, 100


def add_balances(accounts: Iterable[Account]) -> None:
    """Give each of ``accounts`` its ``current_balance`` and ``current_balance_at``: one query for all of them."""
    by_key = {account.pk: account for account in accounts}
    rows = Account.objects.filter(pk__in=by_key).with_current_balance(before=timezone.now() + MAX_AHEAD)
    found = {key: latest for key, *latest in rows.values_list("pk", "current_balance", "current_balance_at")}
    for key, account in by_key.items():
        account.current_balance, account.current_balance_at = found.get(key, (None, None))  # type: ignore[attr-defined]


def latest_values(account: Account) -> SafeString:
    """Write the last values of an account, and lead to all of them and to a new one."""
    values = AccountValue.objects.filter(account=account).order_by("-timestamp")[:MOST_VALUES]
    rows = [
        (
            reverse("admin:accounts_accountvalue_change", args=[value.pk]),
            str(day_of(value.timestamp, account.user.zone)),
            shown(value.value, account.currency),
            shown(value.cash_balance, account.currency),
        )
        for value in values
    ]
    return table(account, "accountvalue", heads=("day", "value", "of it cash"), rows=rows)


def holdings(account: Account) -> SafeString:
    """Write what an account holds and what it is worth, and lead to all of it and to a new holding."""
    held = Holding.objects.filter(account=account).with_current_price(**price_window(today_in(account.user.zone)))
    rows = []
    for holding in held.select_related("security__currency", "currency", "user").order_by("security_id")[
        :MOST_HOLDINGS
    ]:
        currency = holding.currency or holding.security.currency
        rows.append(
            (
                reverse("admin:accounts_holding_change", args=[holding.pk]),
                holding.security.symbol,
                money.plain(holding.quantity),
                shown(holding.figures.market_value, currency)
                + ("" if doubt_of(holding) is None else " (not confirmed)"),
            )
        )
    return table(account, "holding", heads=("security", "quantity", "worth now"), rows=rows)


def table(
    account: Account, model: str, *, heads: tuple[str, ...], rows: Iterable[tuple[str, str, str, str]]
) -> SafeString:
    """Write rows, of which the first cell leads to the row, and links to the whole list and to a form for another."""
    listed = reverse(f"admin:accounts_{model}_changelist")
    body = format_html_join("", '<tr><th scope="row"><a href="{}">{}</a></th><td>{}</td><td>{}</td></tr>', rows)
    return format_html(
        '<div class="part-table"><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>'
        '<p><a href="{}?account={key}">All of them</a> · <a href="{}?account={key}">Add one</a></p></div>',
        format_html_join("", '<th scope="col">{}</th>', ((head,) for head in heads)),
        body or format_html("{}", ""),
        listed,
        reverse(f"admin:accounts_{model}_add"),
        key=account.pk,
    )


def with_price(holding: Holding) -> Holding:
    """Return the holding with the price that its figures of today need."""
    found: Holding = (
        Holding.objects.with_current_price(**price_window(today_in(holding.user.zone)))
        .select_related("security__currency", "currency", "user")
        .get(pk=holding.pk)
    )
    return found


def worth(holding: Holding) -> str:
    """Say what a holding is worth, at which price of which day, and what has been gained with it."""
    priced = with_price(holding)
    figures, at = priced.figures, priced.current_price_at  # type: ignore[attr-defined]
    currency = priced.currency or priced.security.currency
    if figures.market_value is None:
        return "Unknown: there is no price of the last days in the holding's currency."
    percent = "" if figures.gain_loss_percent is None else f", {figures.gain_loss_percent:+.2f} %"
    price = shown(priced.current_price, priced.security.currency)  # type: ignore[attr-defined]
    gain = shown(figures.gain_loss, currency)
    worth = f"{shown(figures.market_value, currency)} at {price} of {at:%Y-%m-%d}; gained {gain}{percent}"
    return worth if doubt_of(priced) is None else f"{worth}. {doubt_of(priced)}"


def quantity_today(holding: Holding) -> str:
    """Return the quantity after the splits since it was recorded."""
    priced = with_price(holding)
    units = money.plain(priced.quantity_on(today_in(priced.user.zone)))
    return units if doubt_of(priced) is None else f"{units}, not confirmed"
