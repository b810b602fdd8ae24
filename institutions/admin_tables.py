"""Financial institutions as a table that is imported and exported."""

from typing import Any

from import_export.fields import Field

from finances.tables.resources import TableResource
from finances.tables.widgets import TextWidget
from institutions.models import FinancialInstitution
from users.admin_lists import owner_column


class InstitutionTable(TableResource):
    """Institutions, found again by their owner and name."""

    required = ("owner", "name")
    owner = owner_column()
    name = Field("name", "name", widget=TextWidget())
    institution_type = Field("institution_type", "institution_type", widget=TextWidget())
    website = Field("website", "website", widget=TextWidget())

    class Meta(TableResource.Meta):
        model = FinancialInstitution
        fields = ("owner", "name", "institution_type", "website")

    def find(self, row: Any) -> Any:
        """Find it by its owner and name."""
        rows = FinancialInstitution.objects.filter(user=self.cell(row, "owner"), name__iexact=self.cell(row, "name"))
        return rows.select_related("user").first()
