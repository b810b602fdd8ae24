"""What every admin of ours shares. Not an admin of anything itself."""

import contextlib
from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import ValidationError
from django.db import models, transaction

from finances import owners
from finances.choices import ChoiceField
from finances.exceptions import InUseError
from finances.models import require_unused
from finances.typed_numbers import TypedDecimalField


class ReferenceAdmin(admin.ModelAdmin):
    """The admin of rows that many others point at: one in use is not deleted, and says so without reading the others.

    Django's own page of a deletion lists every row that stands in its way, which may be hundreds of thousands.
    """

    def has_delete_permission(self, request: Any, obj: models.Model | None = None) -> bool:
        """Allow it for a row that nothing uses, one at a time."""
        if obj is None or not super().has_delete_permission(request, obj):
            return False
        try:
            require_unused(obj)
        except InUseError:
            return False
        return True


class SafeAutocompleteSelect(AutocompleteSelect):
    """A choice by typing that shows a form again even when what was sent is no key at all; Django's own fails."""

    def optgroups(self, name: Any, value: Any, attr: Any = None) -> Any:
        """Return what was chosen, which is nothing when it cannot be."""
        try:
            return super().optgroups(name, value, attr)
        except (ValidationError, ValueError):
            return super().optgroups(name, [""], attr)


class SafeFormMixin:
    """A form that takes numbers exactly as they are typed, says whose a private row is where one is chosen, and offers
    no button beside it that would delete it.
    """

    formfield_overrides: ClassVar[Any] = {models.DecimalField: {"form_class": TypedDecimalField}}

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """Return the field, chosen by typing where the admin says so."""
        kwargs.setdefault("form_class", ChoiceField)
        if db_field.name in self.get_autocomplete_fields(request):  # type: ignore[attr-defined]
            widget = SafeAutocompleteSelect(db_field, self.admin_site, using=kwargs.get("using"))  # type: ignore[attr-defined]
            kwargs.setdefault("widget", widget)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """Return the field without its deletion."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]
        if field is not None and hasattr(field.widget, "can_delete_related"):
            field.widget.can_delete_related = False
        return field


class OwnedAdminMixin:
    """Has the owner of a row stay from before it is checked until it is saved or gone. See docs/adr/0025."""

    model: Any

    def changeform_view(self, request: Any, object_id: str | None = None, *args: Any, **kwargs: Any) -> Any:
        """Show a form as ever, and write from it in one transaction."""
        if request.method != "POST":  # who only reads locks nobody out
            return super().changeform_view(request, object_id, *args, **kwargs)  # type: ignore[misc]
        with transaction.atomic():
            self.lock(request.POST, None if object_id is None else unquote(object_id))
            return super().changeform_view(request, object_id, *args, **kwargs)  # type: ignore[misc]

    def lock(self, entered: Mapping[str, Any], pk: str | None) -> None:
        """Lock whose row a form is about; one that is not there is found out by the form."""
        with contextlib.suppress(ValidationError):
            people = (
                [entered.get("user")]
                if pk is None
                else self.model.objects.filter(pk=pk).values_list("user_id", flat=True)
            )
            owners.hold(filter(None, people))

    def delete_model(self, request: Any, obj: Any) -> None:
        """Delete a row while its owner stays."""
        owners.hold([obj.user_id])
        super().delete_model(request, obj)  # type: ignore[misc]

    def delete_queryset(self, request: Any, queryset: Any) -> None:
        """Delete rows while their owners stay, all or none."""
        with transaction.atomic():
            owners.hold(queryset.order_by().values_list("user_id", flat=True).distinct())
            super().delete_queryset(request, queryset)  # type: ignore[misc]
