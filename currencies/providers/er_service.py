"""The JSON that exchangerate-api.com and its keyless sibling open.er-api.com answer with."""

import json
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, NoReturn

from currencies.providers import rate_values
from currencies.providers.protocol import PublishedTable, SkippedRate
from finances.exceptions import (
    ProviderError,
    ProviderNotFoundError,
    ProviderOutOfRangeError,
    ProviderRateLimitedError,
    ProviderUnavailableError,
)

# The documented values of `error-type`, each as the error it is to us and the end of a sentence.
ERRORS: dict[str, tuple[type[ProviderError], str]] = {
    "unsupported-code": (ProviderNotFoundError, "does not know this currency."),
    "no-data-available": (ProviderNotFoundError, "has no rates for that day."),
    "malformed-request": (ProviderError, "does not understand the request."),
    "invalid-key": (ProviderError, "does not accept the API key; check EXCHANGERATE_API_KEY."),
    "inactive-account": (ProviderError, "has not activated the account of the API key; confirm its mail address."),
    "quota-reached": (ProviderRateLimitedError, "has answered as often as the plan allows."),
    "plan-upgrade-required": (ProviderOutOfRangeError, "gives past rates to paid plans only."),
}
HISTORY_KEY = "conversion_rates"
MAX_SHOWN_LENGTH = 40  # characters of a foreign text in a message of ours


class Number(str):
    """The digits of a JSON number as they were written: never through a binary float."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class ErService:
    """Reads the answers of one of the two services; ``rates_key`` is where it puts its latest rates."""

    title: str
    source: str
    rates_key: str

    def examine(self, _status: int, body: bytes) -> None:
        """Refuse an error body, which may come with status 200, and what holds no rates; for ``http.Policy``.

        Raises:
            ProviderError: the one that the service means.
        """
        payload = self._object(body)
        if payload.get("result") != "success":
            raise self._error(payload.get("error-type"))
        if not any(isinstance(payload.get(key), dict) for key in (self.rates_key, HISTORY_KEY)):
            raise ProviderUnavailableError(f"{self.title} answers without rates.")

    def read_latest(self, body: bytes, *, base: str, is_stale: bool = False) -> PublishedTable:
        """Read the newest table; its day is the UTC day of the last update.

        Raises:
            ProviderUnavailableError: the answer does not have the documented shape, or is for another base.
        """
        payload = self._object(body)
        try:
            moment = datetime.fromtimestamp(int(payload["time_last_update_unix"]), UTC)
        except (KeyError, TypeError, ValueError, OverflowError, OSError) as exc:
            raise ProviderUnavailableError(f"{self.title} does not say when its rates are from.") from exc
        table = self._table(payload, self.rates_key, base=base, on=moment.date())
        return replace(table, is_stale=is_stale)

    def read_history(self, body: bytes, *, base: str, on: date) -> PublishedTable:
        """Read the table of a past day.

        Raises:
            ProviderUnavailableError: the answer does not have the documented shape, or is for another base or day.
        """
        payload = self._object(body)
        told = [payload.get(part) for part in ("year", "month", "day")]
        if told != [str(on.year), str(on.month), str(on.day)]:
            raise ProviderUnavailableError(f"{self.title} answers for another day than {on.isoformat()}.")
        return self._table(payload, HISTORY_KEY, base=base, on=on)

    def _table(self, payload: dict[str, Any], rates_key: str, *, base: str, on: date) -> PublishedTable:
        rates = payload.get(rates_key)
        if payload.get("base_code") != base or not isinstance(rates, dict):
            raise ProviderUnavailableError(f"{self.title} does not answer with rates for {base}.")
        kept, skipped = {}, []
        for code, value in rates.items():
            try:
                kept[rate_values.read_code(code)] = rate_values.read_rate(_digits(value))
            except ValueError as exc:
                skipped.append(SkippedRate(code[:MAX_SHOWN_LENGTH], on, str(exc)))
        if kept.pop(base, 1) != 1:
            raise ProviderUnavailableError(f"{self.title} says that one {base} is not one {base}.")
        if not kept:
            raise ProviderUnavailableError(f"{self.title} answers without a single rate.")
        return PublishedTable(base=base, on=on, rates=kept, source=self.source, skipped=tuple(skipped))

    def _object(self, body: bytes) -> dict[str, Any]:
        """Read a JSON object whose numbers stay text."""
        try:
            payload = json.loads(
                body,
                parse_int=Number,
                parse_float=Number,
                parse_constant=_refuse_constant,
                object_pairs_hook=_without_duplicates,
            )
        except (ValueError, RecursionError) as exc:
            raise ProviderUnavailableError(f"{self.title} answers with something that is not JSON.") from exc
        if not isinstance(payload, dict):
            raise ProviderUnavailableError(f"{self.title} answers with something else than rates.")
        return payload

    def _error(self, error_type: object) -> ProviderError:
        if isinstance(error_type, str) and error_type in ERRORS:
            kind, sentence = ERRORS[error_type]
            return kind(f"{self.title} {sentence}")
        return ProviderUnavailableError(f"{self.title} answers with an error that it does not document.")


def _digits(value: object) -> str:
    if not isinstance(value, Number):
        raise ValueError("the rate is not a number")  # noqa: TRY004 - one kind of error for every bad rate
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("the same key twice")
    return found
