"""The page that Prometheus reads."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, exposition

from finances import metrics
from operations.state_metrics import StateCollector


@never_cache
@require_safe
def show_metrics(request: HttpRequest) -> HttpResponse:
    """Return all metrics to whoever has the token; without a token in the settings there is no such page.

    Raises:
        Http404: METRICS_TOKEN is not set.
    """
    if not settings.METRICS_TOKEN:
        raise Http404
    given = request.headers.get("Authorization", "")
    if not constant_time_compare(given, f"Bearer {settings.METRICS_TOKEN}"):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"}, content_type="text/plain")
    state = CollectorRegistry()
    state.register(StateCollector())
    encode, media_type = exposition.choose_encoder("")
    return HttpResponse(encode(metrics.registry()) + encode(state), content_type=media_type)
