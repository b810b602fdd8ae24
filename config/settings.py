"""Settings of every environment, read from the environment and, outside tests, from ``.env``.

``.env.example`` documents each variable. ``config.guards`` refuses what is unsafe in production.
"""

import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from config import caches, guards, limits, policies

BASE_DIR = Path(__file__).resolve().parent.parent
VERSION = "0.1.0"
env = guards.NamingEnv()

# ---- Environment ---------------------------------------------------------------------------------------------------
# Tests never read .env: a developer's own settings must not decide whether the suite is green.
RUNNING_TESTS = "pytest" in sys.modules or env.str("DJANGO_ENV", "") == "test"
if not RUNNING_TESTS:
    env.read_env(env.str("ENV_FILE", str(BASE_DIR / ".env")))
ENVIRONMENT = "test" if RUNNING_TESTS else env.str("DJANGO_ENV", "production")
IN_PRODUCTION = ENVIRONMENT == "production"
guards.require_known_environment(ENVIRONMENT)

VAR_DIR = Path(env.str("VAR_DIR", str(BASE_DIR / "var")))
VAR_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)  # everybody's finances are in there

# ---- Security ------------------------------------------------------------------------------------------------------
DEBUG = env.bool("DJANGO_DEBUG", ENVIRONMENT == "development")
SECRET_KEY = env.str("DJANGO_SECRET_KEY", "only-for-tests-" * 4 if RUNNING_TESTS else "")
SECRET_KEY_FALLBACKS = env.list("DJANGO_SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("DJANGO_ALLOWED_HOSTS", default=[] if IN_PRODUCTION else ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("DJANGO_CSRF_TRUSTED_ORIGINS", default=[])
CORS_ALLOWED_ORIGINS = env.list(
    "CORS_ALLOWED_ORIGINS", default=[] if IN_PRODUCTION else ["http://localhost:3000", "http://localhost:5173"]
)
CORS_URLS_REGEX = r"^/(api/v1|health|openapi\.json)"
CORS_EXPOSE_HEADERS = [
    "ETag", "Link", "Location", "Retry-After", "Warning", "X-Process-Time", "X-Request-ID", "X-Total-Count",
]  # fmt: skip
CORS_ALLOW_HEADERS = [
    "accept", "authorization", "content-type", "idempotency-key", "if-match", "if-none-match", "x-request-id",
]  # fmt: skip
TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", 0)
HTTPS_ONLY = SECURE_SSL_REDIRECT = env.bool("HTTPS_ONLY", IN_PRODUCTION)
# Orchestrators, the container's own check and Prometheus ask over plain HTTP.
SECURE_REDIRECT_EXEMPT = [r"^health", r"^metrics$"]
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", 31_536_000 if HTTPS_ONLY else 0)
# These two bind every other site of the domain and are hard to take back: the operator's choice, not ours.
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.bool("HSTS_INCLUDE_SUBDOMAINS", False)
SECURE_HSTS_PRELOAD = env.bool("HSTS_PRELOAD", False)
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXY_COUNT else None
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS_ONLY
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = policies.cookie_names(only_https=HTTPS_ONLY)
CSRF_COOKIE_HTTPONLY = True  # our pages send it in their forms, no script needs it
SESSION_COOKIE_AGE = 12 * 3600  # seconds: the admin, which alone has sessions in cookies, is for a day's work
SECURE_CSP, DOCUMENTS_CSP = policies.PAGES, policies.DOCUMENTS
SECURE_REFERRER_POLICY = SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
FILE_UPLOAD_HANDLERS = policies.UPLOAD_HANDLERS
DATA_UPLOAD_MAX_MEMORY_SIZE = env.int("MAX_BODY_BYTES", 2_621_440)
ADMIN_PATH = guards.admin_path(env.str("ADMIN_PATH", guards.USUAL_ADMIN_PATH))
ADMIN_REQUIRE_OTP = env.bool("ADMIN_REQUIRE_OTP", False)
OTP_TOTP_ISSUER = "Finances"
OTP_TOTP_THROTTLE_FACTOR = OTP_STATIC_THROTTLE_FACTOR = 0  # its waits are for all addresses; users.tries counts

# ---- Applications --------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "operations.admin_site.OperatorsAdminConfig",  # django.contrib.admin, with a first page of ours
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "corsheaders",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "import_export",
    "config",
    "finances",
    "django_otp",
    "users.second_factor_app.SecondFactorsConfig",  # django_otp.plugins.otp_totp
    "django_otp.plugins.otp_static",
    "django_tasks_db",
    "simple_history",  # below finances, which refuses some of its commands
    "currencies",
    "users",
    "institutions",
    "securities",
    "accounts",
    "portfolio",
    "operations",
]
MIDDLEWARE = [
    "finances.middleware.RequestMiddleware",
    "finances.api.kept_answers.KeptAnswersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "finances.middleware.OptionalTrailingSlashMiddleware",
    "finances.api.conditional.ConditionalReadMiddleware",
    "finances.middleware.PageSessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "finances.middleware.PageAuthenticationMiddleware",
    "finances.middleware.PageMessageMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# ---- Database ------------------------------------------------------------------------------------------------------
DATABASES = {"default": env.db_url("DATABASE_URL", f"sqlite:///{VAR_DIR / 'finances.sqlite3'}")}
guards.require_known_database(DATABASES["default"]["ENGINE"])
options_of_url = DATABASES["default"].get("OPTIONS", {})  # sslmode and the like win over ours
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        # Writers queue at BEGIN instead of failing in the middle; readers never wait (WAL).
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY;",
        **options_of_url,
    }
    # A file, as in earnest: threads of a test share it, and wait for each other.
    DATABASES["default"]["TEST"] = {"NAME": str(VAR_DIR / "test.sqlite3")}
else:
    kept = {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True, **DATABASES["default"]}
    DATABASES["default"] = kept | ({"CONN_MAX_AGE": 0} if "runserver" in sys.argv else {})  # a thread each
    DATABASES["default"]["ENGINE"] = "finances.postgresql"
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": 5,
        # Only what asks for it is prepared (finances.sql.preparing_cursor), nothing because it came often.
        "prepare_threshold": sys.maxsize if env.bool("DATABASE_PREPARED_STATEMENTS", True) else None,
        "options": "-c jit=off -c idle_in_transaction_session_timeout=60000",
        **options_of_url,
    }
DATABASE_ANSWER_SECONDS = env.float("DATABASE_ANSWER_SECONDS", 15.0)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# ---- Caches --------------------------------------------------------------------------------------------------------
REDIS_URL = env.str("REDIS_URL", "")
CACHE_PREFIX = env.str("CACHE_PREFIX", "test" if RUNNING_TESTS else "finances")
if RUNNING_TESTS:  # tests that run side by side must not empty each other's caches
    CACHE_PREFIX += f"-{env.str('PYTEST_XDIST_WORKER', 'alone')}"
CACHES = caches.caches(env, prefix=CACHE_PREFIX)
DJANGO_REDIS_LOG_IGNORED_EXCEPTIONS = True

# ---- History -------------------------------------------------------------------------------------------------------
# The admin shows what a row was; making it so again would pass by the rules that have changed since.
SIMPLE_HISTORY_REVERT_DISABLED = True

# ---- People --------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "users.User"
DEFAULT_BASE_CURRENCY = env.str("DEFAULT_BASE_CURRENCY", "CAD")
LOGIN_REDIRECT_URL = "admin:index"  # where the admin's sign-in leads when its own address names another site
AUTHENTICATION_BACKENDS = ["users.backends.LoginBackend"]
PASSWORD_HASHERS = ["users.hashers.Argon2Hasher", "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
if RUNNING_TESTS:  # tests make many people; those about hashing choose the real one
    PASSWORD_HASHERS.insert(0, "django.contrib.auth.hashers.MD5PasswordHasher")
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
ACCESS_TOKEN_LIFETIME = timedelta(minutes=30)
REFRESH_TOKEN_LIFETIME = timedelta(days=7)
PASSWORD_RESET_TIMEOUT = 30 * 60  # seconds
EMAIL_VERIFICATION_REQUIRED = env.bool("EMAIL_VERIFICATION_REQUIRED", False)
# Keys, algorithm, issuer and audience are those of users.tokens. Tokens are signed with a key derived from
# DJANGO_SECRET_KEY and accepted with those derived from DJANGO_SECRET_KEY_FALLBACKS: to rotate without signing
# anybody out, move the old secret to the fallbacks and keep it there for as long as a refresh token lives.
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": ACCESS_TOKEN_LIFETIME,
    "REFRESH_TOKEN_LIFETIME": REFRESH_TOKEN_LIFETIME,
    "USER_ID_CLAIM": "sub",
    "AUTH_HEADER_TYPES": ("Bearer", "bearer"),
    "AUTH_TOKEN_CLASSES": ("users.tokens.AccessToken",),
}

# ---- Limits --------------------------------------------------------------------------------------------------------
THROTTLE_RATES = limits.throttle_rates(env, has_defaults=not RUNNING_TESTS)
QUOTAS = limits.quotas(env)

# ---- The API -------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["users.api.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["finances.api.rendering.ExactJSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["finances.api.parsing.ExactJSONParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "finances.api.rendering.OneFormatNegotiation",
    "DEFAULT_PAGINATION_CLASS": "finances.api.pagination.HeaderPagination",
    "DEFAULT_SCHEMA_CLASS": "finances.api.openapi.ProblemAutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["finances.api.throttling.Throttle"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "EXCEPTION_HANDLER": "finances.api.errors.exception_handler",
    "COERCE_DECIMAL_TO_STRING": False,
    "URL_FORMAT_OVERRIDE": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Finances API",
    "DESCRIPTION": (
        "Institutions, accounts, balances, holdings, securities, currencies and exchange rates, and what all of it is "
        "worth: `dashboard`, `net-worth`, `allocation`, and `explain` for every figure.\n\nSign in with "
        "`POST /api/v1/auth/login`, and give the `access_token` of its answer under *Authorize*."
    ),
    "VERSION": VERSION,
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {
        "deepLinking": True,
        "persistAuthorization": True,
        "displayRequestDuration": True,
        "docExpansion": "none",
    },
    "ENUM_NAME_OVERRIDES": {
        "AssetClassEnum": "securities.models.AssetClass",
        "HealthStatusEnum": ["healthy", "unhealthy"],
        "ReadyStatusEnum": ["ready", "not_ready"],
        "MissingKindEnum": "portfolio.api.serializers.MISSING_KINDS",
    },
    "TAGS": [
        {"name": "accounts", "description": "Accounts, what they were worth when, and the securities in them."},
        {"name": "auth", "description": "Signing in and one's own profile."},
        {"name": "users", "description": "People: oneself, and everybody for superusers."},
        {"name": "currencies", "description": "Currencies, exchange rates and conversion."},
        {"name": "financial-institutions", "description": "Banks, brokers and others who keep one's accounts."},
        {"name": "securities", "description": "Securities, their prices, and syncing with the providers."},
        {"name": "holdings", "description": "The securities in all accounts."},
        {"name": "dashboard", "description": "What somebody is worth at a glance."},
        {"name": "net-worth", "description": "What somebody was worth over time."},
        {"name": "allocation", "description": "What assets and liabilities consist of."},
        {"name": "explain", "description": "Where a figure comes from: formulas, inputs, prices and rates."},
        {"name": "health", "description": "Is the service well?"},
    ],
}

# ---- Providers -----------------------------------------------------------------------------------------------------
HTTP_TIMEOUT = env.float("HTTP_TIMEOUT", 10.0)
REQUESTS_ASKING_AT_ONCE = max(1, env.int("GUNICORN_THREADS", 4) - 1)  # a thread is left to those who need no provider
RATE_PROVIDERS = env.list("RATE_PROVIDERS", default=["exchangerate-api", "open-er-api", "ecb"])
EXCHANGERATE_API_KEY = env.str("EXCHANGERATE_API_KEY", "")
EXCHANGERATE_API_URL = env.str("EXCHANGERATE_API_URL", "https://v6.exchangerate-api.com/v6")
OPEN_ER_API_URL = env.str("OPEN_ER_API_URL", "https://open.er-api.com/v6")
# Tests ask Yahoo when they say so, and then it is the stand-in.
PRICE_PROVIDERS = env.list("PRICE_PROVIDERS", default=[] if RUNNING_TESTS else ["yahoo"])
YAHOO_PROXY = env.str("YAHOO_PROXY", "")
YAHOO_CA_FILE = env.str("YAHOO_CA_FILE", "")
YAHOO_SECONDS_BETWEEN_REQUESTS = env.float("YAHOO_SECONDS_BETWEEN_REQUESTS", 1.0)
ECB_RATES_URL = env.str("ECB_RATES_URL", "https://www.ecb.europa.eu/stats/eurofxref")

# ---- Static files and mail -----------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
if IN_PRODUCTION:
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = not IN_PRODUCTION
FRONTEND_URL = env.str("FRONTEND_URL", "http://localhost:3000")


def _mailer(url: dict[str, Any]) -> dict[str, Any]:
    """Turn what django-environ makes of EMAIL_URL into an entry of MAILERS."""
    options: dict[str, dict[str, Any]] = {
        "django.core.mail.backends.filebased.EmailBackend": {"file_path": Path("/", url["EMAIL_FILE_PATH"])},
        "django.core.mail.backends.smtp.EmailBackend": {
            "host": url["EMAIL_HOST"],
            "port": url["EMAIL_PORT"],
            "username": url["EMAIL_HOST_USER"],
            "password": url["EMAIL_HOST_PASSWORD"],
            "use_tls": url.get("EMAIL_USE_TLS", False),
            "use_ssl": url.get("EMAIL_USE_SSL", False),
            "timeout": 10,
        },
    }
    return {"BACKEND": url["EMAIL_BACKEND"], "OPTIONS": options.get(url["EMAIL_BACKEND"], {})}


# In production a mail that cannot leave is dropped: printed, its link would be in the log, for others to use.
MAILERS = {"default": _mailer(env.email_url("EMAIL_URL", "dummymail://" if IN_PRODUCTION else "consolemail://"))}
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "finances@localhost")

# ---- Background work -----------------------------------------------------------------------------------------------
# With workers, tasks wait in the database for `manage.py worker`. Without, the server runs them itself once it has
# answered, and tests at once.
WORKERS = env.bool("WORKERS", False)
_IN_PROCESS = "django.tasks.backends.immediate.ImmediateBackend" if RUNNING_TESTS else "finances.tasks.ThreadBackend"
TASKS = {
    "default": {
        "BACKEND": "django_tasks_db.DatabaseBackend" if WORKERS else _IN_PROCESS,
        "QUEUES": ["default", "jobs"],
    }
}
SCHEDULE_TIME_ZONE = env.str("SCHEDULE_TIME_ZONE", "Europe/Berlin")
# Cron expressions, or off, in place of those of operations.schedule.
SCHEDULE = {
    "sync_rates": env.str("SCHEDULE_SYNC_RATES", ""),
    "sync_prices": env.str("SCHEDULE_SYNC_PRICES", ""),
    "sync_quotes": env.str("SCHEDULE_SYNC_QUOTES", ""),
    "sync_securities": env.str("SCHEDULE_SYNC_SECURITIES", ""),
    "flush_expired_tokens": env.str("SCHEDULE_FLUSH_EXPIRED_TOKENS", ""),
    "purge": env.str("SCHEDULE_PURGE", ""),
    "trim_prices": env.str("SCHEDULE_TRIM_PRICES", ""),
}  # fmt: skip
KEPT_PRICES = {"1m": env.int("KEEP_MINUTE_PRICES", 0), "1h": env.int("KEEP_HOURLY_PRICES", 0)}  # days

# ---- Time, language, logs, metrics ---------------------------------------------------------------------------------
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
USE_I18N = False
METRICS_TOKEN = env.str("METRICS_TOKEN", "")
LOG_LEVEL = env.str("LOG_LEVEL", "INFO")
LOG_FORMAT = env.str("LOG_FORMAT", "json" if IN_PRODUCTION else "console")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request": {"()": "finances.logs.RequestFilter"}, "failure": {"()": "finances.logs.FailureFilter"}},
    "formatters": {
        "console": {"()": "finances.logs.ConsoleFormatter"},
        "json": {"()": "finances.logs.JSONFormatter"},
    },
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "filters": ["request"], "formatter": LOG_FORMAT},
        "nobody": {"class": "logging.NullHandler"},
    },
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    # Our own request log says what these would say again.
    "loggers": {
        "django.server": {"handlers": ["nobody"], "propagate": False},
        "django.request": {"level": "ERROR", "filters": ["failure"]},
        "django.security.DisallowedHost": {"handlers": ["nobody"], "propagate": False},
        "django.tasks": {"level": "WARNING"},
        "django": {"handlers": [], "level": "INFO", "propagate": True},  # Django's own handler would say it twice
        # It writes a traceback for every stale answer; finances.http says it in one line.
        "requests_cache": {"level": "CRITICAL"},
        "yfinance": {"level": "WARNING"},
    },
}

if IN_PRODUCTION:
    guards.require_safe_production(globals())
elif not SECRET_KEY:
    guards.refuse(["DJANGO_SECRET_KEY is missing: `make run` writes one into .env, or set it yourself"])
