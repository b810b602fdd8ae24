"""Filters that lists of every resource may have."""

from typing import Any

import django_filters
from django import forms
from drf_spectacular.utils import extend_schema_field

from finances.typed_text import MAX_SEARCH_LENGTH


class StableOrderingFilter(django_filters.OrderingFilter):
    """Orders by what is asked, and rows alike in that by their key, so that no page repeats or loses one."""

    def filter(self, qs: Any, value: Any) -> Any:
        """Order ``qs``."""
        ordered = super().filter(qs, value)
        return ordered.order_by(*ordered.query.order_by, "pk") if value else ordered


@extend_schema_field({"type": "string", "maxLength": MAX_SEARCH_LENGTH})
class SearchFilter(django_filters.CharFilter):
    """Keeps the rows that a text is found in; one that is longer than any name is refused."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Limit the text."""
        super().__init__(*args, max_length=MAX_SEARCH_LENGTH, **kwargs)


class TruthField(forms.Field):
    """Yes or no, in the words that JSON and SQL have for it."""

    words = {"true": True, "1": True, "false": False, "0": False}

    def clean(self, value: Any) -> bool | None:
        """Return which; None when nothing is said.

        Raises:
            ValidationError: it is another word.
        """
        text = str(super().clean(value) or "").strip().lower()
        if text and text not in self.words:
            raise forms.ValidationError("This is neither true nor false.", code="invalid")
        return self.words.get(text)


class TruthFilter(django_filters.BooleanFilter):
    """Keeps the rows of which something is true, or those of which it is not; the library passes over other words."""

    field_class = TruthField  # type: ignore[assignment]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Read the word as it is sent."""
        kwargs.setdefault("widget", forms.TextInput)
        super().__init__(*args, **kwargs)


class AnyCaseChoiceField(forms.ChoiceField):
    """One of several lower-case words, in any case."""

    def to_python(self, value: Any) -> str:
        """Return the word in lower case."""
        return str(super().to_python(value)).lower()


class AnyCaseChoiceFilter(django_filters.ChoiceFilter):
    """Keeps the rows with one of several words."""

    field_class = AnyCaseChoiceField
