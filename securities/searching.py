"""Stored securities by what people type, in the order in which they want to see them. See docs/adr/0028."""

from typing import Any

from django.db.models import Case, CharField, Subquery, Value, When
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
        early, whole = (names(text).exclude(symbol__startswith=text.upper())[:room] for names in (_early, _all))
        found += whole if len(early) < room else early
    rows = Security.objects.in_bulk(found)
    return [rows[pk] for pk in found if pk in rows]


def _by_symbol(symbol: str) -> Any:
    rank = Case(When(symbol=symbol, then=0), default=1)
    found = Security.objects.filter(symbol__startswith=symbol)
    return found.order_by(rank, "search_name", "symbol").values_list("pk", flat=True)


def _with(**condition: str | None) -> Any:
    """Return a query of names; ``plain`` is the name where no index is to be used, neither to find nor to sort it."""
    plain = Concat("search_name", Value(""), output_field=CharField())
    return Security.objects.alias(plain=plain).filter(**condition).values_list("pk", flat=True)


def _early(text: str) -> Any:
    """Return names with ``text`` among the first of all, by a walk in their order; none where there are fewer."""
    first = Security.objects.order_by("search_name", "symbol").values("search_name")
    among = Subquery(first[EARLY_NAMES : EARLY_NAMES + 1])
    return _with(plain__contains=lower(text)).filter(search_name__lt=among).order_by("search_name", "symbol")


def _all(text: str) -> Any:
    """Return all names with ``text``, by an index. PostgreSQL would rather walk, and takes that to be short always."""
    return _with(search_name__contains=lower(text)).order_by("plain", "symbol")
