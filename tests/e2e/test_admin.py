"""The admin as people see it: in a real browser, wide and narrow, light and dark, under its security policy."""

from datetime import timedelta

import pytest
from django.contrib import admin
from django.urls import reverse
from django.utils import timezone
from selenium.webdriver.common.by import By

from accounts.models import Account, AccountValue
from accounts.tests.factories import AccountValueFactory, HoldingFactory
from currencies.tests.factories import CurrencyRateFactory
from institutions.tests.factories import FinancialInstitutionFactory
from operations.models import Run
from securities import ingest
from securities.intake import Intake
from securities.intervals import Interval
from securities.models import Security
from securities.tests.conftest import shelf
from securities.tests.factories import QuarantinedRecordFactory, SecurityActionFactory
from securities.tests.shelf import bars
from users import sessions
from users.tests.factories import UserFactory

__all__ = ["shelf"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LOOKS = [(1280, "light"), (390, "dark")]


def fill(owner):
    """Store a few rows of everything, with names as long as they come."""
    owner.email = f"{'somebody.with.a.long.name' * 2}@example.org"
    owner.save()
    holding = HoldingFactory(account__user=owner, account__name="An account with a name of many words and Donaudampf")
    holding.account.financial_institution = FinancialInstitutionFactory(user=owner, name="The Bank of Many Words")
    holding.account.save()
    AccountValueFactory.create_batch(3, account=holding.account, value="1234567890123.45", cash_balance="-1")
    first = timezone.now().date() - timedelta(days=60)
    ingest.store(
        security=holding.security, interval=Interval.DAY, intake=Intake(bars=bars(range(100, 140), first=first))
    )
    Security.objects.update(
        name="A security whose company has a very long name indeed, Inc.", sync_problem="Held back."
    )
    SecurityActionFactory(security=holding.security)
    QuarantinedRecordFactory(security=holding.security)
    CurrencyRateFactory(rate="123456789.123456789012")
    sessions.start(user=owner)
    return holding


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_no_page_is_wider_than_its_screen_or_breaks_the_security_policy(browser, operator, width, scheme):
    fill(UserFactory())
    browser.look(width=width, scheme=scheme)
    browser.sign_in(operator)
    pages = [reverse("admin:index")]
    for model, shown in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        pages.append(reverse(f"{name}_changelist"))
        first = model._default_manager.first()
        pages += [] if first is None else [reverse(f"{name}_{page}", args=[first.pk]) for page in ("change", "history")]
        if first is not None and hasattr(model, "history"):
            record = model.history.filter(id=first.pk).first()
            pages.append(reverse(f"{name}_simple_history", args=[first.pk, record.pk]))
        pages += [reverse(f"{name}_{page}") for page in ("import", "export") if hasattr(shown, f"{page}_action")]
    faults = {}

    for page in pages:
        browser.open(page)
        faults[page] = (max(browser.overhang, 0), browser.complaints)

    assert {page: fault for page, fault in faults.items() if fault != (0, [])} == {}
    assert len(pages) > 30


def test_an_operator_adds_an_account_and_a_value_on_its_owners_clocks(browser, operator):
    owner = UserFactory(timezone="America/Toronto")
    browser.look(width=1280, scheme="light")
    browser.sign_in(operator)

    browser.open(reverse("admin:accounts_account_add"))
    browser.choose("user", owner.email)
    browser.enter(name="Savings")
    browser.choose("currency", "CAD")
    browser.driver.find_element(By.CSS_SELECTOR, "[name=account_type] [value=savings]").click()
    browser.send("[name=_continue]")
    account = Account.objects.get()
    browser.open(reverse("admin:accounts_accountvalue_add") + f"?account={account.pk}")
    says = browser.text
    browser.driver.execute_script("document.querySelector('[name=timestamp_0]').value = '2026-01-05'")
    browser.enter(value="1234.5")
    browser.send("[name=_save]")

    assert f"In the time zone of {owner.email}, America/Toronto." in says
    assert "was added successfully" in browser.text
    assert AccountValue.objects.get().timestamp.isoformat() == "2026-01-05T17:00:00+00:00"
    assert AccountValue.history.get().history_user == operator
    assert browser.complaints == []


def test_prices_are_imported_after_a_preview_synced_and_drawn_and_the_run_is_shown(browser, operator, shelf, tmp_path):
    first = timezone.now().date() - timedelta(days=40)
    series = bars([100 + number % 7 for number in range(20)], first=first)
    file = tmp_path / "prices.csv"
    rows = "".join(f"ACME,{bar.at:%Y-%m-%d},{bar.close},USD\n" for bar in series)
    file.write_text(f"symbol,timestamp,close,currency\n{rows}", encoding="utf-8")
    shelf.put("ACME", closes=[100 + number % 7 for number in range(25)], first=first)
    browser.look(width=1280, scheme="light")
    browser.sign_in(operator)

    browser.open(reverse("admin:securities_securityprice_import"))
    browser.driver.find_element(By.NAME, "import_file").send_keys(str(file))
    browser.send("form .submit-row [type=submit]")
    before = (browser.text, Security.objects.count())
    browser.send("[name=confirm]")
    imported = browser.text
    browser.open(reverse("admin:securities_security_changelist"))
    browser.press("#action-toggle")
    browser.driver.find_element(By.CSS_SELECTOR, "[name=action] [value=sync_now]").click()
    browser.send("#changelist-form .actions button, #changelist-form .actions [type=submit]")
    synced = browser.text
    browser.open(reverse("admin:operations_run_changelist"))
    ran = browser.text
    browser.open(reverse("admin:securities_security_change", args=[Security.objects.get().pk]))

    assert "sync_prices" in ran
    assert operator.email in ran
    assert "succeeded" in ran
    assert "20 new" in before[0]
    assert before[1] == 0
    assert "Import finished: 20 new" in imported
    assert "prices of ACME synced" in synced
    chart = browser.driver.find_element(By.CSS_SELECTOR, ".chart svg")
    assert chart.size["width"] > 400
    assert chart.find_element(By.TAG_NAME, "title").get_attribute("textContent").startswith("100 to 106, ")
    assert "104" in chart.text.split()
    assert browser.complaints == []


def test_a_preview_tells_new_from_old_within_the_security_policy(browser, operator, tmp_path):
    bank = FinancialInstitutionFactory(name="Old Bank", website="https://old.example.org")
    file = tmp_path / "institutions.csv"
    owner = bank.user.email
    rows = f"{owner},Old Bank,https://new.example.org\n{owner},New Bank,https://new.example.org\n"
    file.write_text(f"owner,name,website\n{rows}", encoding="utf-8")
    browser.look(width=1280, scheme="light")
    browser.sign_in(operator)

    browser.open(reverse("admin:institutions_financialinstitution_import"))
    browser.driver.find_element(By.NAME, "import_file").send_keys(str(file))
    browser.send("form .submit-row [type=submit]")

    changed = browser.driver.find_elements(By.CSS_SELECTOR, "tr.update :is(ins, del)")
    assert [(each.tag_name, each.text) for each in changed] == [("del", "old"), ("ins", "new")]
    assert browser.complaints == []


LINES = """
return [...document.querySelectorAll(arguments[0])].map(cell => {
    const range = document.createRange();
    range.selectNodeContents(cell);
    return [cell.textContent, new Set([...range.getClientRects()].map(each => Math.round(each.bottom))).size];
});
"""


def test_no_word_of_a_short_cell_is_broken(browser, operator):
    now = timezone.now()
    for name, outcome, cause in [("sync_prices", "succeeded", "command"), ("sync_currencies", "failed", "schedule")]:
        Run.objects.create(
            name=name, outcome=outcome, cause=cause, started_by=operator, started_at=now, finished_at=now,
            done_count=221702, reason="The provider of prices did not answer in time; the next run tries again. " * 2,
        )  # fmt: skip
    browser.look(width=1300, scheme="light")
    browser.sign_in(operator)

    browser.open(reverse("admin:operations_run_changelist"))
    short = "#result_list tbody :is(.field-name, .field-state, .field-cause, .field-lasted, .field-done_count)"
    lines = browser.driver.execute_script(LINES, short)

    assert len(lines) == 10
    assert [text for text, count in lines if count > 1] == []
    assert browser.overhang <= 0


def test_a_list_is_filtered_by_what_is_chosen(browser, operator):
    AccountValueFactory(account__name="Theirs")
    owner = AccountValueFactory(account__name="Savings").user
    browser.look(width=1280, scheme="light")
    browser.sign_in(operator)
    browser.open(reverse("admin:accounts_accountvalue_changelist"))

    browser.choose("owner", owner.email)
    browser.send("form:has([name=owner]) button")

    rows = browser.driver.find_elements(By.CSS_SELECTOR, "#result_list tbody tr")
    assert ["Savings" in row.text for row in rows] == [True]
