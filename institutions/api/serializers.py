"""Financial institutions as JSON."""

from finances.api.serializers import OwnedModelSerializer
from institutions.models import FinancialInstitution


class FinancialInstitutionSerializer(OwnedModelSerializer):
    """A financial institution of the asking user."""

    class Meta:
        model = FinancialInstitution
        fields = ("id", "user_id", "name", "institution_type", "website", "created_at", "updated_at")
        aliases = {"url": "website"}
