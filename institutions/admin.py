"""Financial institutions for administrators."""

from django.contrib import admin

from finances.admin import OwnedAdminMixin, SafeFormMixin
from finances.changelists import LongListMixin
from finances.tables.admin import TableAdminMixin
from institutions.admin_tables import InstitutionTable
from institutions.models import FinancialInstitution
from users.admin_lists import OwnerFilter


@admin.register(FinancialInstitution)
class FinancialInstitutionAdmin(OwnedAdminMixin, TableAdminMixin, LongListMixin, SafeFormMixin, admin.ModelAdmin):
    """Everybody's financial institutions, with their owners."""

    resource_classes = (InstitutionTable,)
    list_display = ("name", "institution_type", "website", "user", "created_at")
    list_filter = (OwnerFilter, "institution_type")
    list_select_related = ("user",)
    search_fields = ("name", "user__email")
    search_help_text = "A part of a name, or of its owner's address."
    autocomplete_fields = ("user",)
    readonly_fields = ("id", "created_at", "updated_at")

    def get_readonly_fields(self, request, obj=None):  # type: ignore[no-untyped-def]  # noqa: ARG002
        """Keep the owner once the row is there: accounts of that owner point at it."""
        return (*self.readonly_fields, "user") if obj else self.readonly_fields
