"""Every address of the project."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.urls import include, path, re_path
from django.utils.csp import CSP
from django.views.decorators.csp import csp_override
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularRedocView, SpectacularSwaggerSplitView

from config import health, index
from finances.api import errors
from operations import views
from users import admin_login

admin.site.site_header = admin.site.site_title = "Finances"
admin.site.index_title = "Administration"

# Swagger UI and ReDoc bring styles of their own, and ReDoc searches in a worker.
DOCUMENTS_CSP: dict[str, Any] = {
    **settings.SECURE_CSP,
    "style-src": [CSP.SELF, CSP.UNSAFE_INLINE],
    "worker-src": [CSP.SELF, "blob:"],
}
with_styles = csp_override(DOCUMENTS_CSP)

api = [
    path("", include("users.api.urls")),
    path("", include("currencies.api.urls")),
    path("", include("institutions.api.urls")),
    path("", include("accounts.api.urls")),
    path("", include("portfolio.api.urls")),
    path("", include("securities.api.urls")),
]

urlpatterns = [
    path("", index.LandingView.as_view(), name="landing"),
    path("api/v1/", include(api)),
    path("api/v1", index.IndexView.as_view(), name="index"),
    path("health", health.HealthView.as_view(), name="health"),
    path("health/live", health.LiveView.as_view(), name="health-live"),
    path("health/ready", health.ReadyView.as_view(), name="health-ready"),
    path("health/database", health.DatabaseHealthView.as_view(), name="health-database"),
    path("health/db", health.DatabaseHealthView.as_view(schema=None), name="health-db"),
    path("health/cache", health.CacheHealthView.as_view(), name="health-cache"),
    path("metrics", views.show_metrics, name="metrics"),
    path("openapi.json", SpectacularJSONAPIView.as_view(), name="openapi"),
    path("docs", with_styles(SpectacularSwaggerSplitView.as_view(url_name="openapi")), name="docs"),
    path(
        "redoc",
        with_styles(SpectacularRedocView.as_view(url_name="openapi", template_name="redoc.html")),
        name="redoc",
    ),
    path("admin/login/", admin_login.login),  # before the admin's own: the same, with limits
    path("favicon.ico", RedirectView.as_view(url="/static/finances/favicon.svg"), name="favicon"),
    path("admin/", admin.site.urls),
    re_path(r"^api(?:/|$)", errors.unknown_address),
]

handler400 = "finances.api.errors.bad_request"
handler403 = "finances.api.errors.permission_denied"
handler404 = "finances.api.errors.not_found"
handler500 = "finances.api.errors.server_error"
