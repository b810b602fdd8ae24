"""What the admin's lists of private rows share: they are found by their owner, their account, or what they hold."""

import uuid
from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.http import HttpRequest

from accounts.models import Account
from currencies.models import Currency
from finances.changelists import MAX_KEYS, RelatedFilter
from institutions.models import FinancialInstitution
from securities.models import Security
from users.models import User


class AccountFilter(RelatedFilter):
    """By the account."""

    title, parameter_name, field_name = "account", "account", "account"

    def named(self, text: str) -> QuerySet[Any]:
        """Return the accounts of this name."""
        return Account.objects.filter(name__iexact=text)


class SecurityFilter(RelatedFilter):
    """By the security."""

    title, parameter_name, field_name = "security", "security", "security"

    def named(self, text: str) -> QuerySet[Any]:
        """Return the security of this symbol."""
        return Security.objects.filter(symbol=text.upper())


class InstitutionFilter(RelatedFilter):
    """By the financial institution."""

    title, parameter_name, field_name = "institution", "institution", "financial_institution"

    def named(self, text: str) -> QuerySet[Any]:
        """Return the institutions of this name."""
        return FinancialInstitution.objects.filter(name__iexact=text)


class CurrencyFilter(RelatedFilter):
    """By the currency."""

    title, parameter_name, field_name = "currency", "currency", "currency"

    def named(self, text: str) -> QuerySet[Any]:
        """Return the currency of this code."""
        return Currency.objects.filter(pk=text.upper())


class WithNames:
    """Fetches with each row, not with those of a list alone, what it is called by."""

    list_select_related: ClassVar[tuple[str, ...]]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows with it."""
        rows: QuerySet[Any] = super().get_queryset(request)  # type: ignore[misc]
        return rows.select_related(*self.list_select_related)


class SearchOfParts:
    """Finds parts of accounts by their account, its owner, or what they hold: those first, then their parts."""

    search_help_text: Any = f"An account, its owner's address, or a symbol; the first {MAX_KEYS} accounts that fit."

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:  # noqa: ARG002
        """Find the accounts, and of holdings the securities."""
        text = search_term.strip()
        if not text:
            return queryset, False
        accounts = Account.objects.filter(Q(name__icontains=text) | Q(user__email__icontains=text))
        found = Q(account_id__in=list(accounts.order_by().values_list("pk", flat=True)[:MAX_KEYS]))
        if hasattr(queryset.model, "security"):
            securities = Security.objects.filter(symbol__startswith=text.upper()).order_by()
            found |= Q(security_id__in=list(securities.values_list("pk", flat=True)[:MAX_KEYS]))
        return queryset.filter(found), False


class SearchOfRecords:
    """Finds records by the row that they are of, or by who it belonged to, or who changed it."""

    search_help_text: Any = "The id of a row, or the address of its owner or of whoever changed it."

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:  # noqa: ARG002
        """Find a row by its id, or people first and then their records."""
        text = search_term.strip()
        if not text:
            return queryset, False
        try:
            return queryset.filter(id=uuid.UUID(text)), False
        except ValueError:
            people = list(User.objects.matching(text).order_by().values_list("pk", flat=True)[:MAX_KEYS])
            return queryset.filter(Q(user_id__in=people) | Q(history_user_id__in=people)), False
