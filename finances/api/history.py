"""What became of a row: its history as a list, for its owner, even after the row is gone."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from finances import history

CHANGES = {history.CREATED: "created", history.CHANGED: "changed", history.DELETED: "deleted"}


class HistoryEntrySerializer(serializers.Serializer[Any]):
    """A change of a row."""

    id = serializers.IntegerField()
    change = serializers.ChoiceField(sorted(CHANGES.values()))
    changed_at = serializers.DateTimeField()
    changed_by = serializers.UUIDField(allow_null=True, help_text="A user; null for the system, or somebody gone.")
    changed_fields = serializers.ListField(child=serializers.CharField())
    before = serializers.DictField(allow_null=True, help_text="The row until then; null when it was created.")
    after = serializers.DictField(allow_null=True, help_text="The row from then on; null when it was deleted.")


class HistoryMixin:
    """Add ``{id}/history`` to a viewset over rows with `finances.history.OwnedRecords`.

    ``history_fields`` names what is shown, and by which attribute of the record.
    """

    history_fields: Mapping[str, str] = {}

    @extend_schema(responses=HistoryEntrySerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], filter_backends=())
    def history(self, request: Request, **_: Any) -> Response:
        """List who changed this when, from what into what, newest first. Also tells of what has been deleted."""
        records = self.records(request)
        page = self.paginate_queryset(records)  # type: ignore[attr-defined]
        if not page and not records.exists():
            raise Http404
        older = records.filter(history_id__lt=page[-1].history_id).first() if page else None
        shown = entries([*page, older] if older is not None else page, count=len(page), fields=self.history_fields)
        answer: Response = self.get_paginated_response(shown)  # type: ignore[attr-defined]
        return answer

    def records(self, request: Request) -> Any:
        """Return the records of the row that the address names, of the asking user's rows only."""
        kwargs: Mapping[str, Any] = self.kwargs  # type: ignore[attr-defined]
        rows: Any = self.queryset  # type: ignore[attr-defined]
        within = {"id" if name == "pk" else name: value for name, value in kwargs.items()}
        try:
            return rows.model.history.filter(**within, user_id=request.user.pk).order_by("-history_id")
        except (ValueError, DjangoValidationError) as exc:  # what is no id names no row
            raise Http404 from exc


def entries(records: Sequence[Any], *, count: int, fields: Mapping[str, str]) -> list[dict[str, Any]]:
    """Describe the first ``count`` of ``records``, newest first, each by comparison with the one after it."""
    states = [{name: getattr(record, source) for name, source in fields.items()} for record in records]
    described = []
    for index, record in enumerate(records[:count]):
        earlier = states[index + 1] if index + 1 < len(states) else None
        before, after = state_around(record.history_type, earlier=earlier, recorded=states[index])
        described.append(
            {
                "id": record.history_id,
                "change": CHANGES[record.history_type],
                "changed_at": record.history_date,
                "changed_by": record.history_user_id,
                "changed_fields": [name for name in fields if (before or {}).get(name) != (after or {}).get(name)],
                "before": before,
                "after": after,
            }
        )
    return described


def state_around(
    kind: str, *, earlier: dict[str, Any] | None, recorded: dict[str, Any]
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Return the row before and after a record of ``kind``; a deletion records what was deleted."""
    if kind == history.CREATED:
        return None, recorded
    if kind == history.DELETED:
        return recorded, None
    return earlier, recorded
