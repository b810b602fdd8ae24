"""Answers that are computed once for the same inputs."""

from collections.abc import Callable, Mapping
from typing import Any

import orjson
from rest_framework.request import Request
from rest_framework.response import Response

from finances import caching, places
from finances.api import conditional
from finances.api.rendering import ExactJSONRenderer
from portfolio import stamps

# Of one user's figures, over all processes; what is kept needs no place. A page that asks for all there is at once
# waits a little; who asks for ten long series does not take the time of everybody else.
MOST_AT_ONCE, WAIT_SECONDS = 3, 2

type Answer = Callable[[str, int], dict[str, Any]]  # takes the currency's code and its decimal places


def cached(request: Request, query: Mapping[str, Any], answer: Answer) -> Response:
    """Return the answer to ``query``, computed anew only when something that it depends on has changed.

    Raises:
        TooManyRequestsError: as many figures of the user are being computed as may be.
    """
    currency = query["currency"]
    asked = {name: str(value) for name, value in query.items()}
    state = [request.path_info, asked, currency.decimal_places, *stamps.state_of(request.user, currency=currency.pk)]

    def compute() -> bytes:
        with places.taken(f"figures:{request.user.pk}", most=MOST_AT_ONCE, wait_seconds=WAIT_SECONDS):
            return ExactJSONRenderer().render(answer(currency.pk, currency.decimal_places))

    def respond() -> Response:
        return Response(orjson.Fragment(caching.remember("figures", state=state, compute=compute)))

    return conditional.unless_unchanged(request, state=state, answer=respond)
