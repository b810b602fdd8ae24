"""Financial institutions for administrators."""

from django.contrib import admin

from finances.admin import SafeRelationsMixin
from institutions.models import FinancialInstitution


@admin.register(FinancialInstitution)
class FinancialInstitutionAdmin(SafeRelationsMixin, admin.ModelAdmin):
    """Everybody's financial institutions, with their owners."""

    list_display = ("name", "institution_type", "website", "user", "created_at")
    list_filter = ("institution_type",)
    list_select_related = ("user",)
    list_per_page = 50
    search_fields = ("name", "user__email")
    autocomplete_fields = ("user",)
    readonly_fields = ("id", "created_at", "updated_at")
    date_hierarchy = "created_at"
    show_full_result_count = False

    def get_readonly_fields(self, request, obj=None):  # type: ignore[no-untyped-def]  # noqa: ARG002
        """Keep the owner once the row is there: accounts of that owner point at it."""
        return (*self.readonly_fields, "user") if obj else self.readonly_fields
