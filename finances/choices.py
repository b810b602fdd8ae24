"""What the admin offers to choose from: private rows with whose they are, since two people may use one name."""

from typing import Any

from django import forms
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.db.models import QuerySet

from finances.models import OwnedModel


def to_choose(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Fetch with each private row whose it is, so that nobody asks row by row."""
    return rows.select_related("user") if issubclass(rows.model, OwnedModel) else rows


def label(row: Any) -> str:
    """Return what a row is called where it is chosen: of a private one, with whose it is."""
    return f"{row} — {row.user}" if isinstance(row, OwnedModel) else str(row)


class ChoiceField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A choice of one row, by its name and whose it is."""

    def __init__(self, queryset: QuerySet[Any], **options: Any) -> None:
        """Fetch the owners with the rows."""
        super().__init__(to_choose(queryset), **options)

    def label_from_instance(self, obj: Any) -> str:
        """Return what the row is called."""
        return label(obj)


class ChoicesView(AutocompleteJsonView):
    """Answers what is typed into a choice."""

    def get_queryset(self) -> QuerySet[Any]:
        """Return the rows that fit, with their owners."""
        return to_choose(super().get_queryset())

    def serialize_result(self, obj: Any, to_field_name: str) -> dict[str, str]:
        """Return a row as the browser's script takes it."""
        return {"id": str(getattr(obj, to_field_name)), "text": label(obj)}
