"""What the lists of the admin need to be read on a phone, where each row is a card."""

from collections.abc import Iterable, Iterator
from typing import Any

from django import template
from django.template.defaultfilters import capfirst
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.filter
def labelled(cells: Iterable[str], headers: Iterable[dict[str, Any]]) -> Iterator[SafeString]:
    """Yield the cells of a row, each with the name of its column, which a card shows in front of it."""
    for cell, header in zip(cells, headers, strict=True):
        label = "" if "action-checkbox" in str(header.get("class_attrib", "")) else capfirst(header["text"])
        tag, rest = cell[:3], cell[3:]  # "<td" or "<th", made safe by Django
        yield mark_safe(f"{tag}{format_html(' data-label="{}"', label)}{rest}")  # noqa: S308
