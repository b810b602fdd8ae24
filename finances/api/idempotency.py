"""``Idempotency-Key``: a POST that is sent again is answered as it was the first time, and does nothing."""

import re
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.utils.crypto import salted_hmac
from rest_framework.request import Request
from rest_framework.serializers import ValidationError

from finances import idempotency
from finances.api.rendering import ExactJSONRenderer
from finances.models import IdempotentAnswer

HEADER, REPLAYED = "Idempotency-Key", "Idempotency-Replayed"
FORM = re.compile(r"[\x21-\x7e]([\x20-\x7e]{0,253}[\x21-\x7e])?")


class Attempt:
    """A request under a key of its sender's."""

    def __init__(self, request: Request) -> None:
        """Read the key, and what makes this request another one than those with the same key.

        Raises:
            ValidationError: the key is empty, too long, or has other than printable ASCII characters.
        """
        self.user, self.key = request.user, request.headers[HEADER]
        if not FORM.fullmatch(self.key):
            message = "A key has 1 to 255 printable ASCII characters."
            raise ValidationError({HEADER: message}, code="invalid_idempotency_key")
        django_request = request._request  # noqa: SLF001 - DRF has no other way to the bytes of the body
        query = django_request.META.get("QUERY_STRING", "")
        said = f"{request.method} {django_request.path_info}?{query}\n".encode() + django_request.body
        # Keyed, so that whoever reads the table cannot try out what was sent, such as a password.
        self.fingerprint = salted_hmac("finances.idempotency", said, algorithm="sha256").hexdigest()
        self.is_settled = False

    def find(self) -> HttpResponse | None:
        """Return the first answer, if there is one."""
        answer = idempotency.find(user=self.user, key=self.key, fingerprint=self.fingerprint)
        return None if answer is None else replayed(answer)

    def settle(self, write: Callable[[], Any]) -> Any:
        """Answer by ``write``, unless somebody else did so while we waited; keep the answer with what was written."""
        answer, is_mine = idempotency.claim(user=self.user, key=self.key, fingerprint=self.fingerprint)
        self.is_settled = True
        if not is_mine:
            return replayed(answer)
        response = write()
        idempotency.keep(
            answer,
            status=response.status_code,
            headers={name: value for name, value in response.items() if name != "Content-Type"},
            body=ExactJSONRenderer().render(response.data),
        )
        return response


class IdempotentMixin:
    """Let each POST carry an ``Idempotency-Key``: per user, for 24 hours, its first success is answered again.

    A view that writes in a transaction does so through `once`, so that the answer is kept exactly when the write is.
    Failures are not kept: they have changed nothing, and may be tried again under the same key.
    """

    attempt: Attempt | None = None
    is_secret = False  # answers of such a view hold what must not lie in the database, such as tokens

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Let the request in as usual, and put the look for an earlier answer before its handler."""
        super().initial(request, *args, **kwargs)  # type: ignore[misc]
        handler: Callable[..., Any] | None = getattr(self, "post", None)
        if request.method != "POST" or HEADER not in request.headers or handler is None:
            return
        if request.user.is_authenticated and not self.is_secret:
            self.attempt = Attempt(request)
            vars(self)["post"] = partial(self.answer_once, self.attempt, handler)  # which DRF looks up next

    def answer_once(self, attempt: Attempt, handler: Callable[..., Any], request: Request, **kwargs: Any) -> Any:
        """Answer as before, or let the handler answer and see that its success is kept."""
        kept = attempt.find()
        if kept is not None:
            return kept
        response = handler(request, **kwargs)
        if not attempt.is_settled and response.status_code < HTTPStatus.BAD_REQUEST:
            with transaction.atomic():
                return attempt.settle(lambda: response)
        return response

    def once(self, write: Callable[[], Any]) -> Any:
        """Call ``write``, which answers, in a transaction that also claims the key and keeps the answer."""
        with transaction.atomic():
            return self.claimed(write)

    def claimed(self, write: Callable[[], Any]) -> Any:
        """Call ``write`` in the transaction under way."""
        return write() if self.attempt is None else self.attempt.settle(write)


def replayed(answer: IdempotentAnswer) -> HttpResponse:
    """Answer again."""
    headers = {**answer.headers, REPLAYED: "true"}
    return HttpResponse(bytes(answer.body), status=answer.status, content_type="application/json", headers=headers)
