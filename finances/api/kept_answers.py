"""Answers that are given again to the same request, as long as nothing that they depend on has changed.

A view that says `may_be_kept` tells what its answer depends on and how to find that out again from who asks. When the
same comes to be asked, in every word but for the id of the request, whoever asks is found out and counted as ever, and
what the answer depends on is compared; only then is it given again, without all that lies between. See docs/adr/0039.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, Self

import orjson
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.http.response import ResponseHeaders
from rest_framework.exceptions import APIException
from rest_framework.permissions import IsAuthenticated
from rest_framework.settings import api_settings
from rest_framework.views import APIView

from finances import caching, metrics, request_context
from finances.api import errors
from finances.api.throttling import Throttle

# Of a request, besides its header, and but for who sends it, which only counts for those who are not signed in.
SAID = ("CONTENT_TYPE", "PATH_INFO", "QUERY_STRING", "SCRIPT_NAME", "SERVER_NAME", "SERVER_PORT", "wsgi.url_scheme")
FIELD, REQUEST_ID = "HTTP_", "HTTP_X_REQUEST_ID"
KEPT = {200, 304}
OTHER_BYTES = 2000  # that all else takes that is kept of an answer
DEPENDS = "answer_depends_on"

type State = Sequence[Any]
type StateOf = Callable[[Any], State]


class Match(NamedTuple):
    """What of the way to a view is told of a request afterwards."""

    route: str


class Fields(ResponseHeaders):
    """The header of an answer that was given before, which needs no second look."""

    def __init__(self, kept: Mapping[str, tuple[str, str]]) -> None:
        """Have names and values by the names in small letters."""
        self._store = dict(kept)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, what stands for the state it was given in, and what tells the present one from the user who asks."""

    state: str
    state_of: StateOf
    route: str
    status: int
    header: dict[str, tuple[str, str]]  # as Django has it
    content: bytes

    @classmethod
    def of(cls, response: Any, match: Any, state: State, state_of: StateOf) -> Self:
        """Return what is kept of a response, whose address ``match`` tells."""
        header = {known(name.lower()): (known(name), known(value)) for name, value in response.items()}
        content = memoryview(response.content).tobytes()  # a copy, without the room that orjson leaves behind it
        return cls(digest_of(state), state_of, match.route, response.status_code, header, content)

    def __len__(self) -> int:
        """Return the bytes that it takes."""
        return len(self.content) + sum(len(text) for _, text in self.header.values()) + OTHER_BYTES

    def again(self) -> HttpResponse:
        """Return the answer once more."""
        response = HttpResponse(self.content, status=self.status, content_type="-")
        response.headers = Fields(self.header)
        return response


def may_be_kept(view: APIView, *, state: State, state_of: StateOf) -> None:
    """Let the answer of ``view`` be given again while ``state_of`` the asking user is ``state``.

    Unless the view asks for more than that somebody is signed in and asks no more than everybody may, which is all
    that is asked again. ``state`` was read before what the answer says.
    """
    is_plain = view.permission_classes == [IsAuthenticated] and getattr(view, "throttle_scope", None) is None
    if is_plain and not getattr(view, "throttle_account", None):
        setattr(view.request._request, DEPENDS, (state, state_of))  # noqa: SLF001 - DRF has no other way


class KeptAnswersMiddleware:
    """Give an answer again without any other middleware, all of which have had their say when it was given first."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Wrap the rest of the stack."""
        self.get_response = get_response
        kinds: Any = api_settings.DEFAULT_AUTHENTICATION_CLASSES
        self.authentications = [kind() for kind in kinds]

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer ``request``."""
        if request.method != "GET" or "HTTP_AUTHORIZATION" not in request.META or request.META.get("CONTENT_LENGTH"):
            return self.get_response(request)
        asked = name_of(request.META)
        try:
            answer = self.find(asked, request)
        except DatabaseError as exc:
            return errors.outage(exc)
        if answer is not None:
            request.resolver_match = Match(answer.route)  # type: ignore[assignment]  # all that is asked of it
            return answer.again()
        response = self.get_response(request)
        depends = getattr(request, DEPENDS, None)
        if depends is not None and response.status_code in KEPT and not response.cookies:
            caching.answers.put(asked, Answer.of(response, request.resolver_match, *depends))
        return response

    def find(self, asked: str, request: HttpRequest) -> Answer | None:
        """Return the answer that was given before to what is ``asked``, if it may be given again.

        Raises:
            DatabaseError: the database does not say.
        """
        answer: Answer | None = caching.answers.get(asked)
        if answer is None:
            return None
        try:
            is_good = self.is_good(answer, request)
        except APIException:  # the view says what
            is_good = False
        metrics.count_look("answer", found=is_good)
        return answer if is_good else None

    def is_good(self, answer: Answer, request: Any) -> bool:
        """Tell whether whoever asks may have the answer, and it would be the same now.

        Raises:
            APIException: nobody is signed in.
            DatabaseError: the database does not say.
        """
        for authentication in self.authentications:
            if (found := authentication.authenticate(request)) is not None:
                request.user = found[0]
                setattr(request, request_context.FOUND, found)
                return digest_of(answer.state_of(found[0])) == answer.state and Throttle().allow_request(request, None)
        return False


@lru_cache(maxsize=100)
def known(text: str) -> str:
    """Return the text that is equal and there already, for nearly all headers say the same."""
    return text


def digest_of(state: State) -> str:
    """Return what stands for all of a state."""
    return caching.key_of("state", state)


def name_of(said: Mapping[str, Any]) -> str:
    """Return what stands for all that a request says which an answer may depend on: everything but its id."""
    header = [pair for pair in said.items() if pair[0].startswith(FIELD) and pair[0] != REQUEST_ID]
    words = orjson.dumps([[said.get(name, "") for name in SAID], header])
    return hashlib.blake2b(words, digest_size=32).hexdigest()
