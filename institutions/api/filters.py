"""What the list of financial institutions can be filtered by."""

import django_filters

from finances.api.filters import AnyCaseChoiceFilter, SearchFilter
from institutions.models import FinancialInstitution, InstitutionType


class FinancialInstitutionFilter(django_filters.FilterSet):
    """By type, and by a part of the name."""

    institution_type = AnyCaseChoiceFilter(choices=InstitutionType.choices)
    search = SearchFilter(field_name="name", lookup_expr="icontains", label="A part of the name.")

    class Meta:
        model = FinancialInstitution
        fields = ("institution_type",)
