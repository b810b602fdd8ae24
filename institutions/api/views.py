"""Endpoints of financial institutions."""

from typing import Any

from rest_framework.response import Response

from finances import quotas
from finances.api.viewsets import OwnedViewSet
from institutions.api.filters import FinancialInstitutionFilter
from institutions.api.serializers import FinancialInstitutionSerializer
from institutions.models import FinancialInstitution


class FinancialInstitutionViewSet(OwnedViewSet):
    """The asking user's financial institutions."""

    queryset = FinancialInstitution.objects.all()
    serializer_class = FinancialInstitutionSerializer
    filterset_class = FinancialInstitutionFilter

    def store(self, serializer: Any) -> Response:
        """Add one more institution."""
        quotas.require_room(FinancialInstitution.objects.for_user(self.request.user), quota="institutions")
        return super().store(serializer)
