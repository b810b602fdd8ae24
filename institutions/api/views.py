"""Endpoints of financial institutions."""

from finances.api.viewsets import OwnedViewSet
from finances.prepared import OwnedQueries
from institutions.api.filters import FinancialInstitutionFilter
from institutions.api.serializers import FinancialInstitutionSerializer
from institutions.models import FinancialInstitution


class FinancialInstitutionViewSet(OwnedViewSet):
    """The asking user's financial institutions."""

    queryset = FinancialInstitution.objects.all()
    serializer_class = FinancialInstitutionSerializer
    filterset_class = FinancialInstitutionFilter
    quota = "institutions"
    prepared = OwnedQueries(FinancialInstitution.objects.all)
