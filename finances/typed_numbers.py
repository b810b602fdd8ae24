"""Numbers as people type them into the admin."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from finances import money
from finances.tables.widgets import exact


class TypedDecimalField(forms.DecimalField):
    """An exact number, typed as a text: what browsers make for numbers drops a comma or a blank and says nothing."""

    widget = forms.TextInput

    def widget_attrs(self, widget: Any) -> dict[str, Any]:
        """Ask telephones for their keys of numbers."""
        return {**super().widget_attrs(widget), "inputmode": "decimal"}

    def prepare_value(self, value: Any) -> Any:
        """Show what is stored without zeros that say nothing, and what was typed as it was."""
        return money.plain(value) if isinstance(value, Decimal) else value

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        """Return the number.

        Raises:
            ValidationError: it is none; said as an import says it.
        """
        text = "" if value is None else str(value).strip()
        try:
            return exact(text) if text else None
        except ValueError as exc:
            raise ValidationError(str(exc), code="invalid") from exc
