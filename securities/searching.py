"""Stored securities by what people type, in the order in which they want to see them. See docs/adr/0028."""

from typing import Any

from django.db.models import Case, Subquery, Value, When
from django.db.models.functions import Concat

from finances.fields import lower
from securities.models import Security

# So many names are looked through from A on before an index is asked: what is in many of them is found there.
EARLY_NAMES = 3000


def stored(text: str, *, limit: int) -> list[Security]:
    """Return at most ``limit`` securities: the symbol ``text``, symbols that begin so, names with it; each by name.

    Four queries at most. They read ids from indexes: sorting whole rows would read thousands of which few are shown.
    """
    found = list(_by_symbol(text.upper())[:limit])
    if room := limit - len(found):
        early = list(_early(_by_name(text))[:room])
        found += early if len(early) == room else list(_sorted_after(_by_name(text))[:room])
    rows = Security.objects.in_bulk(found)
    return [rows[pk] for pk in found if pk in rows]


def _by_symbol(symbol: str) -> Any:
    rank = Case(When(symbol=symbol, then=0), default=1)
    found = Security.objects.filter(symbol__startswith=symbol)
    return found.order_by(rank, "search_name", "symbol").values_list("pk", flat=True)


def _by_name(text: str) -> Any:
    """Return a query of the names with ``text``, without those whose symbols begin with it."""
    found = Security.objects.filter(search_name__contains=lower(text)).exclude(symbol__startswith=text.upper())
    return found.order_by("search_name", "symbol").values_list("pk", flat=True)


def _early(names: Any) -> Any:
    """Keep what is among the first names of all, which a scan in their order finds; nothing where there are fewer."""
    first = Security.objects.order_by("search_name", "symbol").values("search_name")
    return names.filter(search_name__lt=Subquery(first[EARLY_NAMES : EARLY_NAMES + 1]))


def _sorted_after(names: Any) -> Any:
    """Keep PostgreSQL from walking through all names in their order, which it takes to be short whatever is sought."""
    return names.order_by(Concat("search_name", Value("")), "symbol")
