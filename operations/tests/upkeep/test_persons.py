"""A person in a file, and a person of it: the same figures, under ids of their own."""

import io
import re
import sys
from datetime import UTC, date, datetime
from decimal import Decimal

import orjson
import pytest
import time_machine
from django.apps import apps
from django.conf import settings
from django.core.management import CommandError
from django.db import connection
from django.utils import timezone

from accounts.demo import seeding
from accounts.models import Account, AccountValue, Holding
from accounts.tests.factories import AccountValueFactory, HoldingFactory
from currencies.tests.factories import CurrencyRateFactory
from finances.models import IdempotentAnswer, OwnedModel
from institutions.models import FinancialInstitution
from operations.models import Run
from operations.persons import layout
from operations.tests.upkeep.household import LARGEST, TO_THE_MICROSECOND
from operations.tests.upkeep.moving_persons import export, import_, owned
from portfolio.positions import positions_of
from securities.models import Security, SecurityPrice
from users.models import User

pytestmark = pytest.mark.django_db

NOVEMBER = datetime(2026, 11, 2, 18, tzinfo=UTC)
QUESTIONS = (
    "dashboard?on=2026-10-30",
    "dashboard?on=2026-10-12",
    "net-worth?start=2026-10-01&end=2026-10-31&interval=day&by=account",
    "allocation?by=security&on=2026-10-18",
    "allocation?by=institution&on=2026-10-30",
    "explain?figure=net_worth&on=2026-10-30",
    "accounts",
    "holdings",
    "financial-institutions",
)
AN_ID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def figures(client):
    """Return the answers to all questions, with each id as the number of its first mention."""
    seen = {}

    def numbered(match):
        return b"#%d" % seen.setdefault(match.group(), len(seen))

    answers = {}
    for question in QUESTIONS:
        response = client.get(f"/api/v1/{question}")
        assert response.status_code == 200, response.content
        answers[question] = AN_ID.sub(numbered, response.content)
    return answers


@time_machine.travel(NOVEMBER)
def test_the_imported_person_has_the_same_figures(anna, file, signed_in):
    import_(file, email="new@example.org")

    new = User.objects.get(email="new@example.org")
    assert figures(signed_in(new)) == figures(signed_in(anna))
    assert orjson.loads(figures(signed_in(new))["dashboard?on=2026-10-30"])["net_worth"]["value"] is not None


def test_the_demo_household_has_the_same_figures(tmp_path, signed_in):
    seeding.seed(email="demo@example.org", on=date(2026, 10, 30))
    for number in range(1, 31):
        CurrencyRateFactory(date=date(2026, 10, number))
        CurrencyRateFactory(date=date(2026, 10, number), target_id="USD", rate="1.1")
    export("demo@example.org", tmp_path / "demo.json")

    import_(tmp_path / "demo.json", email="new@example.org")

    new, old = (User.objects.get(email=email) for email in ("new@example.org", "demo@example.org"))
    assert figures(signed_in(new)) == figures(signed_in(old))
    assert Account.objects.for_user(new).count() == 13


def test_what_is_imported_exports_to_the_same_file(file, told, tmp_path):
    import_(file, email="new@example.org")

    export("new@example.org", tmp_path / "again.json")

    again = orjson.loads((tmp_path / "again.json").read_bytes())
    assert again["person"].pop("email") == "new@example.org"
    assert told["person"].pop("email") == "anna@example.org"
    assert again["person"].pop("username") == "new"
    assert told["person"].pop("username") == "Anna"
    assert {key: again[key] for key in layout.KEYS if key not in layout.HEAD} == {
        key: told[key] for key in layout.KEYS if key not in layout.HEAD
    }


def test_as_many_rows_are_told_on_the_way_out_as_on_the_way_in(anna, tmp_path):
    exported = export(anna.email, tmp_path / "anna.json")
    imported = import_(tmp_path / "anna.json", email="copy@example.org")

    (count,) = re.findall(r"(\d+) rows of", exported)
    assert f"has {count} rows." in imported


def test_values_are_exact(anna, file):
    import_(file, email="new@example.org")

    new = User.objects.get(email="new@example.org")
    value = AccountValue.objects.for_user(new).get(timestamp=TO_THE_MICROSECOND)
    assert value.value == LARGEST
    assert value.created_at == AccountValue.objects.for_user(anna).get(timestamp=TO_THE_MICROSECOND).created_at
    assert Holding.objects.for_user(new).get().quantity == Decimal("14.00000001")
    assert Account.objects.for_user(new).get(name="Chequing").description == "€, 🏠 and\nlines"


def test_history_comes_along_and_says_who_changed_it_only_of_oneself(anna, superuser, tmp_path):
    account = Account.objects.get(name="Chequing", user=anna)
    account.name = "Chequing account"
    account._history_user = superuser
    account.save()
    account.name = "Chequing"
    account._history_user = anna
    account.save()
    export("anna", tmp_path / "anna.json")

    import_(tmp_path / "anna.json", email="new@example.org")

    new = User.objects.get(email="new@example.org")
    old_records = Account.history.filter(user=anna).order_by("history_id")
    records = Account.history.filter(user=new).order_by("history_id")
    assert [(each.history_date, each.history_type, each.name) for each in records] == [
        (each.history_date, each.history_type, each.name) for each in old_records
    ]
    assert [each.history_user for each in records][-2:] == [None, new]
    assert set(records.values_list("id")) & set(old_records.values_list("id")) == set()


def test_no_id_of_the_database_and_no_secret_is_in_the_file(anna, file):
    content = file.read_bytes()

    assert AN_ID.search(content) is None
    assert anna.password.encode() not in content
    assert anna.security_stamp.encode() not in content


def test_everything_that_a_person_may_own_is_in_the_file():
    kinds = {part.model for part in layout.PARTS}
    owned_models = {model for model in apps.get_models() if issubclass(model, OwnedModel)}

    assert owned_models - kinds == {IdempotentAnswer}
    for part in layout.PARTS:
        names = {field.name for field in part.model._meta.concrete_fields}
        assert names - {"id", "user", "in_investment_account"} == {*part.plain, *part.links, *layout.STAMPS}


def test_the_imported_person_may_administer_nothing_and_has_no_password(superuser, tmp_path):
    export(superuser.email, tmp_path / "root.json")

    import_(tmp_path / "root.json", email="new@example.org")

    new = User.objects.get(email="new@example.org")
    assert (new.is_superuser, new.email_verified, new.has_usable_password()) == (False, False, False)


def test_a_password_comes_by_stdin(file, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("correct horse battery\n"))

    import_(file, email="new@example.org", password_stdin=True)

    assert User.objects.get(email="new@example.org").check_password("correct horse battery")


def test_a_weak_password_imports_nothing(file, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("12345678\n"))
    before = owned()

    with pytest.raises(CommandError, match="too common"):
        import_(file, email="new@example.org", password_stdin=True)

    assert owned() == before


def test_somebody_who_is_here_already_is_not_imported_again(file):
    before = owned()

    with pytest.raises(CommandError, match=r"There is a user anna@example.org; give another one with --email\."):
        import_(file)

    assert owned() == before


def test_a_person_who_was_deleted_comes_back_under_their_own_name(anna, file):
    anna.delete()

    import_(file)

    back = User.objects.get(email="anna@example.org")
    assert (back.username, back.timezone, back.base_currency_id) == ("Anna", "America/Toronto", "CAD")
    assert Account.objects.for_user(back).count() == 3


def test_securities_that_are_not_here_are_made_and_told(anna, file):
    anna.delete()
    SecurityPrice.objects.all().delete()
    Security.objects.all().delete()

    report = import_(file)

    share = Security.objects.get(symbol="BRK-B")
    assert (share.name, share.asset_class, share.currency_id, share.timezone) == (
        "Berkshire", "equity", "USD", "America/New_York",
    )  # fmt: skip
    assert "2 securities have no prices here: BRK-B, XIU.TO." in report


def test_securities_that_are_here_stay_as_they_are(changed):
    changed("securities", 0, "name", to="Another name")

    assert set(Security.objects.values_list("name", flat=True)) == {"Berkshire", "Sixty"}


def test_a_security_that_is_in_another_currency_here_is_no_match(file):
    Security.objects.filter(symbol="BRK-B").update(currency_id="GBP")

    with pytest.raises(CommandError, match=r"securities: BRK-B is in USD, but here in GBP"):
        import_(file, email="new@example.org")


def test_a_security_that_was_deleted_here_keeps_its_place_in_history(anna, tmp_path):
    fund = Security.objects.get(symbol="XIU.TO")
    SecurityPrice.objects.filter(security=fund).delete()
    fund.actions.all().delete()
    Security.objects.filter(pk=fund.pk).delete()
    export("anna", tmp_path / "anna.json")

    import_(tmp_path / "anna.json", email="new@example.org")

    new = User.objects.get(email="new@example.org")
    gone = Holding.history.filter(user=new).exclude(security_id=Security.objects.get(symbol="BRK-B").pk)
    assert {record.history_type for record in gone} == {"+", "-"}
    assert not Security.objects.filter(pk__in=gone.values("security_id")).exists()


def test_names_in_the_file_never_reach_rows_of_somebody_else(anna, told, changed, stranger):
    """Ids of a stranger's rows, in each place that names one, are names like any others or nothing at all."""
    theirs = HoldingFactory(account__user=stranger)
    AccountValueFactory(account=theirs.account)
    before = [list(part.model._base_manager.filter(user=stranger).values()) for part in layout.PARTS]
    account, institution = str(theirs.account_id), str(anna.pk)
    told["accounts"][0]["ref"], old = account, told["accounts"][0]["ref"]
    for kind in ("values", "holdings"):
        for row in told[kind]:
            row["account"] = account if row["account"] == old else row["account"]
    told["history"]["accounts"][0]["row"]["financial_institution"] = institution

    changed("values", 0, "ref", to=str(theirs.account.recorded_values.get().pk))

    new = User.objects.get(email="new@example.org")
    after = [list(part.model._base_manager.filter(user=stranger).values()) for part in layout.PARTS]
    assert after == before
    assert Account.objects.for_user(new).filter(pk=theirs.account_id).count() == 0
    assert Account.objects.for_user(new).count() == 3
    assert not FinancialInstitution.objects.exclude(user__in=[anna, new]).exists()


def test_a_dry_run_tells_and_stores_nothing(file):
    before = owned()

    report = import_(file, email="new@example.org", dry_run=True)

    assert report.startswith("Dry run, nothing is kept: new@example.org (new) has ")
    assert owned() == before


def test_who_is_not_here_cannot_be_exported(tmp_path):
    with pytest.raises(CommandError, match="There is no user nobody@"):
        export("nobody@example.org", tmp_path / "nobody.json")

    assert list(tmp_path.iterdir()) == []


def test_the_file_is_for_its_owner_alone_and_overwrites_none(file):
    assert file.stat().st_mode & 0o777 == 0o600

    with pytest.raises(CommandError, match=r"There is a .*anna.json already"):
        export("anna", file)


def test_somebody_with_nothing_has_a_file_too(user, tmp_path):
    export(user.email, tmp_path / "nothing.json")

    import_(tmp_path / "nothing.json", email="new@example.org")

    assert User.objects.get(email="new@example.org").timezone == user.timezone


def test_the_example_in_the_documents_is_a_good_file(tmp_path):
    """Ten were held from the 2nd on, twelve from the 15th on: the past is that of the file's history."""
    text = (settings.BASE_DIR / "docs/export-format.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```json\n(.*?)```", text, flags=re.DOTALL)
    (tmp_path / "example.json").write_text(example, encoding="utf-8")

    import_(tmp_path / "example.json")

    anna = User.objects.get(email="anna@example.org")
    (position,) = positions_of(
        user=anna, account_ids=list(Account.objects.for_user(anna).values_list("pk", flat=True)), zone=anna.zone
    )
    held = [(segment.since, segment.quantity) for segment in position.segments]
    assert held == [(date(2026, 10, 2), 10), (date(2026, 10, 15), 12)]


def test_what_a_liability_has_held_since_it_could_hold_something_comes_along(anna, tmp_path):
    """An earlier version let a liability be an investment account; its holdings stayed (accounts/migrations/0003)."""
    Holding.objects.filter(user=anna).update(in_investment_account=False)
    Account.objects.filter(user=anna, name="Margin").update(account_type="line_of_credit", is_investment_account=False)
    export("anna", tmp_path / "anna.json")

    import_(tmp_path / "anna.json", email="new@example.org")

    new = User.objects.get(email="new@example.org")
    holding = Holding.objects.for_user(new).select_related("account").get()
    assert (holding.account.name, holding.in_investment_account) == ("Margin", False)
    connection.check_constraints()


def test_what_a_file_tells_of_the_past_is_older_than_the_person_here_and_the_import_is_a_run(anna, file):
    began = timezone.now()

    import_(file, email="new@example.org")

    new = User.objects.get(email="new@example.org")
    assert new.created_at >= began
    assert Holding.history.filter(user=new).exists()
    assert not Holding.history.filter(user=new, history_date__gte=new.created_at).exists()
    run = Run.objects.get(name="import_user")
    assert (run.outcome, run.counts["rows"] > 10) == ("succeeded", True)
    assert str(new.pk) in run.summary


def test_a_dry_run_leaves_no_record(file):
    import_(file, email="new@example.org", dry_run=True)

    assert not Run.objects.exists()
