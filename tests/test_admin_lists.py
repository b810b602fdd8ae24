"""No page of the admin reads a whole table: counts have a bound, and so has everything that is fetched."""

import re
from datetime import date

import pytest
from django import forms
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Account, AccountValue, Holding
from accounts.tests.factories import AccountValueFactory, HoldingFactory
from currencies.models import CurrencyRate
from currencies.tests.factories import CurrencyRateFactory
from finances import changelists
from institutions.models import FinancialInstitution
from institutions.tests.factories import FinancialInstitutionFactory
from operations.models import Run
from securities import ingest
from securities.intervals import Interval
from securities.models import QuarantinedRecord, Security, SecurityAction, SecurityPrice
from securities.tests.factories import QuarantinedRecordFactory, SecurityActionFactory
from securities.tests.shelf import bars
from users import sessions
from users.models import TokenFamily
from users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
LONG = {
    SecurityPrice: ["symbol={security}", "since=2020-01-01", "until=2020-01-01", "interval=1d"],
    SecurityAction: ["symbol={security}", "since=2020-01-01", "until=2020-01-01", "kind=split"],
    QuarantinedRecord: ["symbol={security}", "since=2020-01-01", "reason=spike"],
    CurrencyRate: ["currency=CAD", "since=2020-01-01", "until=2027-01-01", "source=ecb"],
    AccountValue: ["owner={owner}", "account={account}", "since=2020-01-01", "until=2020-01-01", "o=1"],
    Holding: ["owner={owner}", "account={account}", "security={security}"],
    Account: ["owner={owner}", "currency=CAD", "institution=bank"],
    TokenFamily: ["owner={owner}"],
    Account.history.model: ["owner={owner}", "since=2020-01-01", "history_type__exact=-"],
    AccountValue.history.model: ["owner={owner}", "until=2020-01-01"],
    Holding.history.model: ["owner={owner}"],
}
CASES = [(model, query) for model, queries in LONG.items() for query in ["", "p=2", "q=a", "_facets=True", *queries]]
TABLES = {model._meta.db_table for model in LONG}


@pytest.fixture
def filled(client, superuser):
    client.force_login(superuser)
    HoldingFactory()
    holding = HoldingFactory()
    AccountValueFactory.create_batch(60, account=holding.account, cash_balance="1")
    ingest.store_prices(security=holding.security, interval=Interval.DAY, bars=bars(range(100, 160)))
    SecurityActionFactory.create_batch(2)
    QuarantinedRecordFactory.create_batch(2)
    for day in (1, 2):
        CurrencyRateFactory(date=date(2026, 10, day))
        sessions.start(user=superuser)
    return {"owner": holding.user.pk, "account": holding.account_id, "security": holding.security_id}


def address(model, query=""):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist") + (query and f"?{query}")


def unbounded(queries):
    """Return what reads one of the long tables without a bound, and not by its keys."""
    found = []
    for sql in (query["sql"] for query in queries):
        table = re.search(r'FROM "(\w+)"', sql)
        by_key = re.search(r'WHERE \(?"\w+"\."(id|history_id)" (=|IN) ', sql)
        if sql.startswith("SELECT") and table and table[1] in TABLES and "LIMIT" not in sql and not by_key:
            found.append(sql)
    return found


@pytest.mark.parametrize(("model", "query"), CASES, ids=lambda each: getattr(each, "__name__", each))
def test_a_long_list_reads_and_counts_to_a_bound(client, filled, model, query):
    path = address(model, query.format(**filled))

    with CaptureQueriesContext(connection) as queries:
        response = client.get(path)

    assert response.status_code in {200, 302}
    assert unbounded(queries) == []
    counts = [each["sql"] for each in queries if "COUNT(" in each["sql"]]
    assert all(f"LIMIT {changelists.MAX_COUNT}" in sql for sql in counts)
    assert not any("DISTINCT" in each["sql"] for each in queries)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_list_is_a_long_one(model):
    shown = admin.site.get_model_admin(model)

    assert isinstance(shown, changelists.LongListMixin)
    assert shown.date_hierarchy is None
    assert not shown.show_full_result_count


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_foreign_key_is_chosen_by_typing(model):
    shown = admin.site.get_model_admin(model)
    asked = set(shown.get_autocomplete_fields(None)) | set(shown.get_readonly_fields(None)) | set(shown.exclude or ())
    keys = {field.name for field in model._meta.fields if field.many_to_one and field.editable}
    is_read_only = getattr(model, "history_type", None) is not None or model in {QuarantinedRecord, TokenFamily, Run}

    assert is_read_only or keys <= asked


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_decimal_is_typed_as_a_text(model, rf, superuser):
    request, shown = rf.get("/"), admin.site.get_model_admin(model)
    request.user = superuser
    fields = shown.get_form(request).base_fields if shown.has_add_permission(request) else {}
    typed = [field.widget for field in fields.values() if isinstance(field, forms.DecimalField)]

    assert {(widget.input_type, widget.attrs.get("inputmode")) for widget in typed} <= {("text", "decimal")}


def test_what_was_chosen_stays_chosen_and_keeps_the_other_filters(client, filled):
    page = client.get(address(SecurityPrice, "symbol={security}&interval=1d".format(**filled))).text

    assert f'<option value="{filled["security"]}" selected>' in page
    assert 'data-field-name="security"' in page
    assert '<input type="hidden" name="interval" value="1d">' in page


@pytest.mark.parametrize(
    ("model", "query"),
    [
        (SecurityPrice, "symbol=00000000-0000-4000-8000-000000000000"),
        (SecurityPrice, "symbol=%00"),
        (SecurityPrice, "until=0001-01-01"),
        (AccountValue, "since=9999-12-31"),
        (AccountValue, "owner=nobody"),
        (CurrencyRate, "currency=12"),
        (CurrencyRate, "q=EUR/CAD/USD/%F0%9F%98%80"),
        (SecurityPrice, "since=2026-02-30"),
    ],
)
def test_what_does_not_exist_keeps_nothing(client, filled, model, query):
    response = client.get(address(model, query))

    assert response.status_code in {200, 302}
    assert response.status_code == 302 or len(response.context["cl"].result_list) == 0


def test_rates_are_found_by_currency_and_by_pair(client, filled):
    CurrencyRateFactory(target_id="JPY")

    def found(text):
        return {
            str(rate.target_id) for rate in client.get(address(CurrencyRate), {"q": text}).context["cl"].result_list
        }

    assert (found("eur"), found("EUR/JPY"), found("jpy eur"), found("USD")) == ({"CAD", "JPY"}, {"JPY"}, {"JPY"}, set())


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_only_a_list_of_less_than_all_leads_to_all(client, filled, model):
    whole, searched = client.get(address(model)).text, client.get(address(model, "q=a"))
    searches = bool(admin.site.get_model_admin(model).search_fields)

    assert "Show all</a>)" not in whole
    assert not searches or "Show all</a>)" in searched.text


def test_a_filtered_list_leads_to_all(client, filled):
    page = client.get(address(AccountValue, "owner={owner}".format(**filled))).text

    assert '60 results (<a href="?">Show all</a>)' in page


@pytest.mark.parametrize(
    ("model", "query", "says"),
    [
        (CurrencyRate, "", "the newest 2; filter by day for older ones"),
        (CurrencyRate, "since=2020-01-01", "the newest 2; filter by day for older ones"),
        (AccountValue, "", "the newest 2; filter by day for older ones"),
        (AccountValue, "o=1", "the first 2; search or filter for others"),
        (SecurityPrice, "symbol={security}", "the first 2; search or filter for others"),
        (AccountValue.history.model, "", "the newest 2; filter by day for older ones"),
        (Account, "", "the first 2; search or filter for others"),
    ],
)
def test_a_list_that_is_not_counted_to_its_end_says_so(client, filled, monkeypatch, model, query, says):
    monkeypatch.setattr(changelists, "MAX_COUNT", 2)

    page = client.get(address(model, query.format(**filled))).text

    assert says in page.partition('class="paginator"')[2]


def test_an_action_on_more_rows_than_are_counted_is_refused(client, filled, monkeypatch):
    monkeypatch.setattr(changelists, "MAX_COUNT", 20)
    first = str(SecurityPrice.objects.first().pk)
    sent = {"action": "delete_selected", "_selected_action": [first], "select_across": "1", "post": "yes"}

    response = client.post(address(SecurityPrice), sent, follow=True)

    assert [message.message for message in response.context["messages"]] == [
        "These are more than 20 rows. Filter them first, or choose those of one page."
    ]
    assert SecurityPrice.objects.count() == 60


@pytest.mark.parametrize("key", ["abc", "\0", "9" * 30, ""], ids=["letters", "a NUL", "a huge number", "nothing"])
def test_an_action_on_what_can_be_no_row_does_nothing(client, filled, key):
    answers, before = {}, Security.objects.count()
    for model, shown in admin.site._registry.items():
        for action in ("delete_selected", *shown.actions):
            sent = {"action": action, "_selected_action": [key], "post": "yes"}
            answers[model, action] = client.post(address(model), sent).status_code

    assert {asked: status for asked, status in answers.items() if status not in {200, 302, 403}} == {}
    assert Security.objects.count() == before


def test_who_chose_what_can_be_no_row_is_told_so(client, filled):
    sent = {"action": "delete_selected", "_selected_action": ["abc"], "post": "yes"}

    response = client.post(address(FinancialInstitution), sent, follow=True)

    assert [message.message for message in response.context["messages"]] == [
        "What was chosen is no row of this list. Nothing was done."
    ]


@pytest.mark.parametrize("path", ["accounts_account", "institutions_financialinstitution", "users_user"])
def test_a_form_of_many_parts_costs_as_many_queries_as_one_of_few(client, filled, path):
    owner = UserFactory()
    holding = HoldingFactory(account__user=owner)
    rows = {
        "accounts_account": holding.account_id,
        "institutions_financialinstitution": FinancialInstitutionFactory(user=owner).pk,
        "users_user": owner.pk,
    }
    page = reverse(f"admin:{path}_change", args=[rows[path]])
    AccountValueFactory(account=holding.account, cash_balance="1")
    sessions.start(user=owner)
    client.get(page)
    with CaptureQueriesContext(connection) as few:
        client.get(page)
    AccountValueFactory.create_batch(20, account=holding.account, cash_balance="1")
    for _ in range(25):
        HoldingFactory(account=holding.account)
        sessions.start(user=owner)

    with CaptureQueriesContext(connection) as many:
        shown = client.get(page)

    assert len(many) == len(few)
    assert shown.text.count("accounts/accountvalue/") <= 16


def test_a_text_longer_than_any_name_is_passed_over_and_the_page_says_so(client, filled):
    page = client.get(address(Account, "q=" + "x" * 60_000))

    assert len(page.context["cl"].result_list) == Account.objects.count()
    assert "at most 254 characters" in page.text


def test_a_text_longer_than_any_name_names_nothing_that_could_be_chosen(client, filled):
    asked = {"app_label": "accounts", "model_name": "holding", "field_name": "account", "term": "x" * 60_000}

    offered = client.get(reverse("admin:autocomplete"), asked)
    kept = client.get(address(AccountValue), {"owner": "x" * 60_000})

    assert (offered.status_code, offered.json()["results"]) == (200, [])
    assert (kept.status_code, list(kept.context["cl"].result_list)) == (200, [])


@pytest.mark.parametrize("query", ["id__exact=x", "id__in=a,b", "id__exact=%00"])
def test_a_filter_that_cannot_be_read_leads_back_to_the_list_and_exports_nothing(client, filled, query):
    where = reverse("admin:accounts_account_export")

    for response in (client.get(f"{where}?{query}"), client.post(f"{where}?{query}", {"format": "0"})):
        assert (response.status_code, response.get("Location")) == (302, f"{address(Account)}?e=1")


@pytest.mark.parametrize("key", ["*", "x", "1"])
def test_a_history_of_what_is_no_key_does_not_exist(client, filled, key):
    assert client.get(reverse("admin:accounts_account_history", args=[key])).status_code == 404
