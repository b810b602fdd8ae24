"""Settings of the comparison: a project on the same database as `startproject` and DRF's tutorial make one."""

from config import settings as ours
from config.settings import *  # noqa: F403 - what is not plain is below

DJANGO_APPS = [
    "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "django.contrib.messages",
    "rest_framework", "simple_history",
]  # fmt: skip
INSTALLED_APPS = [*DJANGO_APPS, "finances", "currencies", "users", "institutions", "securities", "accounts"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",  # who did it, as in ours
]
ROOT_URLCONF = "benchmarks.endpoints.plain"
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework_simplejwt.authentication.JWTAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
}
SIMPLE_JWT = {**ours.SIMPLE_JWT, "AUTH_HEADER_TYPES": ("Bearer",)}
