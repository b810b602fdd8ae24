"""The admin, with a first page that says how things are."""

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse


class OperatorsSite(AdminSite):
    """The admin of those who keep Finances running."""

    def has_permission(self, request: HttpRequest) -> bool:
        """Let administrators in who have given all that is asked of them, a second factor included."""
        from users import second_factor

        return super().has_permission(request) and second_factor.missing(request) is None

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Show what an operator asks each morning above the list of tables."""
        from operations import index

        return super().index(request, {**index.panels(), **(extra_context or {})})

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        """Offer what fits a text, private rows with whose they are."""
        from finances.choices import ChoicesView

        answer: HttpResponse = ChoicesView.as_view(admin_site=self)(request)  # type: ignore[assignment]
        return answer


class OperatorsAdminConfig(AdminConfig):
    """Put it in the place of Django's own."""

    default_site = "operations.admin_site.OperatorsSite"
