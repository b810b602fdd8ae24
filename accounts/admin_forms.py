"""Forms of the admin in which dates and times are those of where an account's owner is. See docs/adr/0018."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts import admin_figures, units
from accounts.doubts import settles_doubt
from accounts.models import Account, AccountPart
from accounts.told import CONFIRMED
from finances.exceptions import InvalidValueError
from finances.local_days import NOON, instant_at, today_in


class LocalInstantWidget(forms.SplitDateTimeWidget):
    """The browser's own choice of a day and a time: that of the admin offers "now" on the server's clock."""

    def __init__(self) -> None:
        """Write what browsers read, to the second."""
        super().__init__(
            date_format="%Y-%m-%d",
            time_format="%H:%M:%S",
            date_attrs={"type": "date", "aria-label": "Day"},
            time_attrs={"type": "time", "step": "1", "aria-label": "Time"},
        )


class LocalInstantField(forms.SplitDateTimeField):
    """A day and a time as clocks somewhere show them, without a time zone; a day alone is its noon."""

    widget = LocalInstantWidget

    def __init__(self, **options: Any) -> None:
        """Take a day without a time."""
        super().__init__(require_all_fields=False, error_messages={"incomplete": "A time needs its day."}, **options)
        self.fields[1].required = False

    def compress(self, data_list: Any) -> datetime | None:
        """Return the day and the time in one."""
        day, at = data_list or (None, None)
        return None if day is None else datetime.combine(day, at or NOON)


class AccountPartForm(forms.ModelForm):  # type: ignore[type-arg]
    """What is recorded of an account, at an instant that is typed as its owner's clocks show it.

    An instant that nobody edits stays as it is stored, whatever its fractions of a second and whether or not clocks
    showed it twice. Of a time that clocks show twice, typed anew, the first one is meant.
    """

    timestamp = LocalInstantField(required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        """Show what is stored on the owner's clocks, and say whose they are."""
        super().__init__(*args, **options)
        field = self.fields.get("timestamp")
        if field is None:
            return
        is_new, owner = self.is_new, self.owner
        field.required = not is_new
        field.label = self.instance._meta.get_field("timestamp").verbose_name.capitalize()
        whose = "of the account's owner" if owner is None else f"of {owner}, {owner.zone.key}"
        field.help_text = f"In the time zone {whose}. A day without a time is its noon."
        if is_new:
            field.help_text += " Nothing at all is now."
        self.initial["timestamp"] = None if is_new else local(self.instance)

    @property
    def is_new(self) -> bool:
        """Whether the row is not stored yet."""
        return bool(self.instance._state.adding)  # noqa: SLF001

    @property
    def owner(self) -> Any:
        """Return whose account it is; None while that is not known."""
        if not self.is_new:
            return self.instance.user
        chosen = getattr(self, "cleaned_data", {}).get("account")
        if isinstance(chosen, Account):
            return chosen.user
        with suppress(ValidationError):  # the address says what is no key
            account = Account.objects.select_related("user").filter(pk=self.initial.get("account")).first()
            return None if account is None else account.user
        return None

    def clean(self) -> dict[str, Any]:
        """Turn what clocks show into an instant."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if "timestamp" not in cleaned:
            return cleaned
        typed, owner = cleaned.pop("timestamp"), self.owner
        if not self.is_new and "timestamp" not in self.changed_data:
            cleaned["timestamp"] = self.instance.timestamp
        elif typed is None:
            cleaned["timestamp"] = timezone.now()
        elif owner is not None and "account" not in self.errors:
            self.take_instant(typed, owner)
        return cleaned

    def take_instant(self, typed: datetime, owner: Any) -> None:
        """Keep the instant at which ``owner``'s clocks show ``typed``, or the fault when they never do."""
        at = instant_at(typed, owner.zone)
        if at is None:
            fault = (
                f"There is no {typed:%H:%M} on {typed:%Y-%m-%d} in {owner.zone.key}: clocks were set forward over it."
            )
            self.add_error("timestamp", ValidationError(fault, code="no_such_time"))
        else:
            self.cleaned_data["timestamp"] = at


class HoldingForm(AccountPartForm):
    """A holding, of which a change over a split says which shares it counts, as it does over the API.

    A form shows what is stored; only what is edited is told, or all of it when its box is ticked.
    """

    told_anew = forms.BooleanField(
        required=False,
        label="All of it is right",
        help_text="Quantity, average cost and day belong together as they stand here, those too that nobody edited. "
        "Ticked, it ends a doubt about the quantity, and lets a change pass that a split lies in.",
    )

    def clean(self) -> dict[str, Any]:
        """Refuse a change that may be of before a split or of after it, and note what settles a doubt."""
        cleaned = super().clean()
        if self.is_new or self.errors:
            return cleaned
        stored = admin_figures.with_price(self.instance)
        names = units.TOLD if cleaned.get("told_anew") else set(units.TOLD) & set(self.changed_data)
        told = {name: cleaned[name] for name in names}
        try:
            units.require_told(stored, told=told, today=today_in(stored.user.zone))
        except InvalidValueError as exc:
            hint = f"Or tick “{self.fields['told_anew'].label}” if what is not edited is so."
            self.add_error(exc.field, ValidationError(f"{exc.message} {hint}", code=exc.code))
        else:
            if settles_doubt(stored, told=told):
                self.instance._change_reason = CONFIRMED  # noqa: SLF001 - where the history takes it from
        return cleaned


def local(row: AccountPart) -> datetime:
    """Return what the clocks of the row's owner show at its instant, without a time zone."""
    at: datetime = row.timestamp  # type: ignore[attr-defined]
    try:
        return at.astimezone(row.user.zone).replace(tzinfo=None)
    except OverflowError:  # the first or the last day that there is
        return at.astimezone(UTC).replace(tzinfo=None)
