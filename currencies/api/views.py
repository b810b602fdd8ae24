"""Endpoints of currencies, rates and conversion."""

from currencies.api.filters import CurrencyFilter
from currencies.api.serializers import CurrencySerializer
from currencies.models import Currency
from finances.api.viewsets import BaseViewSet


class CurrencyViewSet(BaseViewSet):
    queryset = Currency.objects.all()
    serializer_class = CurrencySerializer
    filterset_class = CurrencyFilter
    lookup_field = "code"
    lookup_value_regex = "[A-Za-z]{3,5}"
