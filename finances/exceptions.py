"""What can go wrong in the domain. Knows no HTTP: ``finances.api.errors`` says which status each becomes."""


class FinancesError(Exception):
    """A failure that a caller may handle by its stable ``code`` and show by its message, one plain sentence."""

    code = "error"

    def __init__(self, message: str, *, code: str | None = None, field: str | None = None) -> None:
        """Keep the sentence for people, and the input field at fault where there is one."""
        super().__init__(message)
        self.message = message
        self.field = field
        if code is not None:
            self.code = code


class InvalidValueError(FinancesError):
    """What was given can never be right."""

    code = "invalid"


class NotFoundError(FinancesError):
    """What was asked for does not exist, or is not there for the one who asks."""

    code = "not_found"


class ConflictError(FinancesError):
    """What was asked collides with what is already there."""

    code = "conflict"


class DuplicateError(ConflictError):
    """A row like this one exists."""

    code = "duplicate"


class InUseError(ConflictError):
    """Other rows still point at this one."""

    code = "in_use"


class QuotaExceededError(ConflictError):
    """There are as many rows of a kind as somebody may have."""

    code = "quota_exceeded"


class TooManyRequestsError(FinancesError):
    """Somebody asks for more than is good for all."""

    code = "throttled"

    def __init__(self, message: str, *, retry_after: int) -> None:
        """Keep after how many seconds a new try makes sense."""
        super().__init__(message)
        self.retry_after = retry_after


class ProviderError(FinancesError):
    """An outside source did not give what was asked of it."""

    code = "provider_error"

    def __init__(self, message: str, *, retry_after: int | None = None) -> None:
        """Keep after how many seconds a new try makes sense, where that is known."""
        super().__init__(message)
        self.retry_after = retry_after


class ProviderNotFoundError(ProviderError):
    """The source is sure that it does not know this."""

    code = "provider_not_found"


class ProviderOutOfRangeError(ProviderError):
    """The source does not go back, or forward, that far."""

    code = "provider_out_of_range"


class ProviderRateLimitedError(ProviderError):
    """The source asks for fewer requests; the whole source rests, not only this request."""

    code = "provider_rate_limited"


class ProviderUnavailableError(ProviderError):
    """The source is away, or answers with something that is not an answer."""

    code = "provider_unavailable"
