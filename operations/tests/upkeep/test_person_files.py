"""What is wrong in a person's file is told with its place, and nothing of it is stored."""

import pytest
from django.core.management import CommandError

from operations.persons import layout
from operations.tests.upkeep.moving_persons import import_, owned

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("place", "to", "complaint"),
    [
        (("format_version",), 2, "version 2 of its format; this program reads 1"),
        (("format",), "ofx", "no file that export_user wrote"),
        (("person", "timezone"), "Mars/Olympus", "person.timezone: There is no time zone of this name"),
        (("person", "base_currency"), "XXX", "person.base_currency: figures cannot be given in 'XXX'"),
        (("person", "email"), "nobody", "person.email: Enter a valid email"),
        (("person", "is_superuser"), True, "person: 'is_superuser' is unknown"),
        (("accounts",), {}, "accounts: it is a list"),
        (("accounts", 1), "Chequing", r"accounts\[1\]: it is an object"),
        (("accounts", 1, "user"), "me", r"accounts\[1\]: 'user' is unknown"),
        (("accounts", 1, "ref"), "accounts-1", r"accounts\[1\].ref: another one is called 'accounts-1'"),
        (("accounts", 1, "ref"), 7, r"accounts\[1\].ref: it is a text"),
        (("accounts", 1, "account_type"), "piggy", r"accounts\[1\].account_type: Value 'piggy' is not a valid choice"),
        (("accounts", 1, "currency"), "ABC", r"accounts\[1\].currency: nothing in currencies is called 'ABC'"),
        (("accounts", 1, "currency"), None, r"accounts\[1\].currency: nothing in currencies is called None"),
        (("accounts", 1, "currency"), ["CAD"], r"accounts\[1\].currency: nothing in currencies is called"),
        (("accounts", 1, "name"), "n" * 101, r"accounts\[1\].name: .*at most 100 characters"),
        (("accounts", 1, "name"), "a\x00b", r"accounts\[1\].name: it holds a character that is none"),
        (("accounts", 1, "name"), "", r"accounts\[1\].name: This field cannot be blank"),
        (("accounts", 1, "interest_rate"), "101", r"accounts\[1\].interest_rate: .*less than or equal to 100"),
        (("accounts", 1, "interest_rate"), "NaN", r"accounts\[1\].interest_rate: "),
        (("accounts", 1, "is_investment_account"), "yes", r"accounts\[1\].is_investment_account: it is true or false"),
        (("accounts", 1, "financial_institution"), "institutions-9", r"nothing in institutions is called"),
        (("accounts", 1, "created_at"), None, r"accounts\[1\].created_at: it is a text"),
        (("accounts", 1, "created_at"), "9999-12-31T23:59:59-12:00", r"accounts\[1\].created_at: It is an instant of"),
        (("accounts", 1, "updated_at"), "2099-01-01T00:00:00Z", r"accounts\[1\].updated_at: This lies in the future"),
        (("values", 2, "value"), 12.5, r"values\[2\].value: it is a text"),
        (("values", 2, "value"), "twelve", r"values\[2\].value: “twelve” value must be a decimal number"),
        (("values", 2, "value"), "0.123456789", r"values\[2\].value: .*no more than 8 decimal places"),
        (("values", 2, "value"), "1E+400", r"values\[2\].value: .*no more than 28 digits"),
        (("values", 2, "timestamp"), "2026-10-05", r"values\[2\].timestamp: It is an instant with its offset"),
        (("values", 2, "timestamp"), "2099-10-05T00:00:00Z", r"values\[2\].timestamp: This lies in the future"),
        (("values", 2, "account"), "accounts-9", r"values\[2\].account: nothing in accounts is called 'accounts-9'"),
        (("holdings", 0, "quantity"), "0", r"holdings\[0\].quantity: A quantity is greater than zero"),
        (("holdings", 0, "quantity"), "Infinity", r"holdings\[0\].quantity: .* must be a decimal number"),
        (("holdings", 0, "security"), "BRK-B", r"holdings\[0\].security: nothing in securities is called 'BRK-B'"),
        (("securities", 0, "symbol"), "brk b", r"securities\[0\].symbol: A symbol has up to 32 letters"),
        (("securities", 0, "symbol"), None, r"holdings\[0\].security: nothing in securities is called"),
        (("history", "holdings", 0, "change"), "guessed", r"history.holdings\[0\].change: it is one of created"),
        (("history", "holdings", 0, "change"), [], r"history.holdings\[0\].change: it is a text"),
        (("history", "holdings", 0, "by"), {}, r"history.holdings\[0\].by: it is self, other or null"),
        (("history", "holdings", 0, "row", "security"), "x", r"row.security: nothing in securities is called 'x'"),
        (("history", "holdings", 0, "row", "quantity"), "1" * 21, r"row.quantity: .*no more than"),
        (
            ("history", "holdings", 0, "at"),
            "2099-01-01T00:00:00Z",
            r"history.holdings\[0\].at: This lies in the future",
        ),
        (
            ("history", "holdings", 0, "row", "created_at"),
            "2099-01-01T00:00:00Z",
            r"history.holdings\[0\].row.created_at: This lies in the future",
        ),
        (("history", "values"), None, r"history.values: it is a list"),
    ],
)
def test_what_is_wrong_is_told_with_its_place_and_nothing_is_stored(changed, place, to, complaint):
    before = owned()

    with pytest.raises(CommandError, match=complaint):
        changed(*place, to=to)

    assert owned() == before


def test_two_accounts_of_one_name_are_told(told, changed):
    name = told["accounts"][0]["name"].upper()

    with pytest.raises(CommandError, match=r"accounts\[1\]: there is another one with the same name"):
        changed("accounts", 1, "name", to=name)


def test_a_liability_that_holds_securities_is_told(told, changed):
    place = next(number for number, row in enumerate(told["accounts"]) if row["name"] == "Margin")

    with pytest.raises(CommandError, match=rf"accounts\[{place}\]: What is owed holds no securities"):
        changed("accounts", place, "account_type", to="mortgage")


def test_a_holding_of_an_account_that_may_not_hold_is_told(told, changed):
    place = next(row["ref"] for row in told["accounts"] if row["name"] == "Chequing")

    with pytest.raises(CommandError, match=r"holdings\[0\].account: only an investment account may hold securities"):
        changed("holdings", 0, "account", to=place)


def test_more_than_a_person_may_have_is_refused(file, settings):
    settings.QUOTAS = {**settings.QUOTAS, "values_per_account": 1}

    with pytest.raises(CommandError, match=r"2 values per account; 1 are allowed here \(MAX_VALUES_PER_ACCOUNT\)"):
        import_(file, email="new@example.org")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"format": "finances-person"}', b"[" * 100_000])
def test_another_file_is_refused(tmp_path, content):
    path = tmp_path / "other.json"
    path.write_bytes(content)

    with pytest.raises(CommandError, match=r"The file is not JSON|no file that export_user wrote|version None"):
        import_(path)


def test_a_file_that_is_too_large_is_refused(file, monkeypatch):
    monkeypatch.setattr(layout, "LARGEST_FILE", 1024)

    with pytest.raises(CommandError, match="The file is larger than"):
        import_(file, email="new@example.org")
