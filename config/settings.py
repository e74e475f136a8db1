"""All settings, from the environment (see .env.example). Defaults are the safe ones for production."""

import os
import secrets
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import django_stubs_ext
import environ
import structlog
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse_lazy

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = BASE_DIR / ".data"

env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")


# Core

DEBUG = env.bool("DEBUG", default=False)


def _development_secret() -> str:
    """A random key of this checkout, so that sessions outlive a restart; never used when DEBUG is off."""
    path = DATA_DIR / "secret_key"
    if not path.exists():
        DATA_DIR.mkdir(mode=0o700, exist_ok=True)
        fresh = DATA_DIR / f"secret_key.{os.getpid()}"
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(50))
        fresh.rename(path)  # whole or not at all, also when two processes start at once
    return path.read_text()


SECRET_KEY = env.str("SECRET_KEY", default="") or (_development_secret() if DEBUG else "")
if not SECRET_KEY:
    raise ImproperlyConfigured(
        "SECRET_KEY is not set. Put a long random one into the environment or .env (see .env.example)."
    )
# Secrets that must be read again are kept under these (audit/secrets_at_rest.py): the newest first.
ENCRYPTION_KEYS = [key.strip() for key in env.list("ENCRYPTION_KEYS", default=[])]
if any(len(key) < 32 for key in ENCRYPTION_KEYS) or not (ENCRYPTION_KEYS or DEBUG):
    raise ImproperlyConfigured(
        "ENCRYPTION_KEYS is not set, or one of them has fewer than 32 characters. Put a long random one into the"
        " environment or .env (see .env.example)."
    )
ENCRYPTION_KEYS = ENCRYPTION_KEYS or [SECRET_KEY]
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"] if DEBUG else [])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "config.apps.ConsoleConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "django.contrib.postgres",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_structlog",
    "django_prometheus",
    "axes",
    "csp",
    "procrastinate.contrib.django",
    "audit",
    "programs",
    "loyalty",
]

if DEBUG and find_spec("django_migration_linter"):
    INSTALLED_APPS.append(
        "django_migration_linter"
    )  # `manage.py lintmigrations`, where the checks are installed
MIGRATION_LINTER_OPTIONS = {
    "no_cache": True,
    "include_apps": ["audit", "programs", "loyalty"],
    "ignore_name": ["0001_initial"],  # new tables are empty: nothing waits for their locks
    "quiet": ["ok", "ignore"],
}

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "config.middleware.trace_id",
    "config.middleware.problem_details",
    "config.middleware.RequestLog",
    "config.middleware.known_host",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.Sessions",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "config.middleware.Users",
    "config.middleware.Messages",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "config.middleware.ContentSecurity",
    "axes.middleware.AxesMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

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


# Database: DATABASE_URL names any PostgreSQL ≥ 15; without it, and with DEBUG on, the embedded one.


def _database() -> dict[str, Any]:
    if env.str("DATABASE_URL", default=""):
        database = dict(env.db_url("DATABASE_URL"))
        if database["ENGINE"] != "django.db.backends.postgresql":
            raise ImproperlyConfigured("DATABASE_URL must name a PostgreSQL database (postgres://…).")
    else:
        from config import embedded_postgres  # noqa: PLC0415 - production never needs it

        database = dict(embedded_postgres.connection_settings(BASE_DIR, debug=DEBUG))
    prepare = env.str("DATABASE_PREPARE_THRESHOLD", default="3")
    options = {
        "application_name": "loyalty",
        # A writer that waits longer than this is told to retry (409 or 503); nothing was written.
        "options": "-c lock_timeout=2s -c idle_in_transaction_session_timeout=60s",
        "connect_timeout": 5,
        # psycopg prepares a statement on its server when it has run this often; None: never.
        "prepare_threshold": int(prepare) if prepare else None,
        "server_side_binding": True,
    }
    return database | {
        "ENGINE": "django.db.backends.postgresql",
        "OPTIONS": options | database.get("OPTIONS", {}),
        "CONN_MAX_AGE": env.int("CONN_MAX_AGE", default=600),
        # A check would cost every request a statement. Without it the first request on a connection that
        # broke answers 503, with nothing written; Django then sees the error and connects anew.
        "CONN_HEALTH_CHECKS": False,
        "ATOMIC_REQUESTS": False,
        "DISABLE_SERVER_SIDE_CURSORS": env.bool("DISABLE_SERVER_SIDE_CURSORS", default=False),
    }


DATABASES = {"default": _database()}
CACHES = {"default": env.cache_url("CACHE_URL", default="locmemcache://")}
# A cache of the process alone would be a slow way to count: rate limits are then counted without it.
CACHE_IS_SHARED = not CACHES["default"]["BACKEND"].endswith(("LocMemCache", "DummyCache"))


# Security

SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=not DEBUG)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=0 if DEBUG else 31_536_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.bool("SECURE_HSTS_INCLUDE_SUBDOMAINS", default=not DEBUG)
SECURE_HSTS_PRELOAD = env.bool("SECURE_HSTS_PRELOAD", default=not DEBUG)
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.bool("SECURE_COOKIES", default=not DEBUG)
# Seconds that a log-in lasts at most, and without anything being done.
SESSION_COOKIE_AGE = env.int("SESSION_COOKIE_AGE", default=12 * 60 * 60)
SESSION_IDLE_SECONDS = env.int("SESSION_IDLE_SECONDS", default=2 * 60 * 60)
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "programs.admin.entrance.forgery"
X_FRAME_OPTIONS = "DENY"
_proxy_header = env.str("SECURE_PROXY_SSL_HEADER", default="")
SECURE_PROXY_SSL_HEADER = tuple(_proxy_header.split("=", 1)) if "=" in _proxy_header else None
# How many proxies in front append to X-Forwarded-For; 0: the header is not believed.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024  # bytes
LARGEST_BODY = 8 * 1024 * 1024  # of a batch of events; each view has its own limit
LARGEST_CODE_FILE = 32 * 1024 * 1024  # bytes of an uploaded file of codes
LARGEST_IMPORT_FILE = 128 * 1024 * 1024  # bytes of an uploaded file of members or purchases

# What a page may load, run and send (docs/console.md, Safety, has the reason of each line). There is no exception
# for scripts: none stands in a page, none is evaluated from text. REFERENCE_POLICY is the one page with less.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],  # a chosen picture is shown before it is sent; arrows of the style sheet
        "font-src": [SELF],
        "connect-src": [SELF],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "require-trusted-types-for": ["'script'"],
        "trusted-types": ["console"],  # loyalty/static/console/markup.js alone makes markup of text
    }
}
# /docs/ is Swagger UI, whose script makes markup of text: it gets no trusted types.
REFERENCE_POLICY = {"require-trusted-types-for": None, "trusted-types": None}
# What a page may ask of the browser: nothing of the kind. It writes to the clipboard, which is allowed unasked.
_UNUSED = "camera display-capture geolocation hid microphone midi payment serial usb xr-spatial-tracking"
PERMISSIONS_POLICY = ", ".join(f"{feature}=()" for feature in _UNUSED.split())

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "programs.log_ins.StaffBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = reverse_lazy("admin:login")
LOGIN_REDIRECT_URL = reverse_lazy("admin:index")
AXES_FAILURE_LIMIT = env.int("LOG_IN_ATTEMPTS", default=5)
LOG_IN_ATTEMPTS_OF_ADDRESS = env.int("LOG_IN_ATTEMPTS_OF_ADDRESS", default=50)
AXES_HANDLER = "programs.log_in_limits.Attempts"
AXES_COOLOFF_TIME = timedelta(minutes=env.int("LOG_IN_WAIT_MINUTES", default=15))
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # the page says when to try again, and it stays true
AXES_LOCKOUT_CALLABLE = "programs.admin.log_in.locked_out"
_STARRED = "username ip_address code password old_password new_password1 new_password2"
AXES_SENSITIVE_PARAMETERS = _STARRED.split()  # kept with an attempt as stars
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_IPWARE_PROXY_COUNT = TRUSTED_PROXIES or None
AXES_IPWARE_META_PRECEDENCE_ORDER = (
    ["HTTP_X_FORWARDED_FOR", "REMOTE_ADDR"] if TRUSTED_PROXIES else ["REMOTE_ADDR"]
)


# Language, time and static files

LANGUAGE_CODE = "en-gb"
USE_I18N = False
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / ".data" / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG  # in tests too: no scan of all files for each client


def WHITENOISE_ADD_HEADERS_FUNCTION(headers: Any, _path: str, _url: str) -> None:  # noqa: N802 - a setting's name
    """No page elsewhere may load the console's files."""
    headers["Cross-Origin-Resource-Policy"] = "same-origin"


if DEBUG:
    STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # empty: the finders serve; whitenoise warns without it


# Console

FORMAT_MODULE_PATH = "config.formats"
FORM_RENDERER = (
    "django.forms.renderers.TemplatesSetting"  # templates/unfold/widgets stand before unfold's own
)
UNFOLD = {
    "SITE_TITLE": "Loyalty console",  # also the name of second factors in staff's apps
    "SITE_HEADER": "Loyalty console",
    "SITE_SYMBOL": "loyalty",
    "SITE_URL": None,
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "config.console.icon"}],
    "ACCOUNT": {
        "navigation": [
            {"title": "Your log-in", "link": reverse_lazy("admin:security")},
            {"title": "Change password", "link": reverse_lazy("admin:password_change")},
        ]
    },
    "SIDEBAR": {"navigation": "config.navigation.navigation"},
}
AXES_ENABLE_ADMIN = False


# API

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["loyalty.api.common.authentication.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["loyalty.api.common.authentication.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["loyalty.api.common.rendering.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["loyalty.api.common.parsing.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "loyalty.api.v1.errors.exception_handler",
    "UNAUTHENTICATED_USER": None,
}
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
# Where prometheus_client, which reads the variable itself, adds up the figures of several workers.
if _figures := env.str("PROMETHEUS_MULTIPROC_DIR", default=""):
    Path(_figures).mkdir(mode=0o700, parents=True, exist_ok=True)
else:
    os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)  # an empty one counts as set
API_REQUESTS_PER_MINUTE = env.int("API_REQUESTS_PER_MINUTE", default=6000)
# Where the meaning of error codes is documented; the `type` of a problem is below it.
DOCS_URL = env.str("DOCS_URL", default="/docs/errors")

SPECTACULAR_SETTINGS = {
    "TITLE": "Loyalty engine",
    "DESCRIPTION": "Send a secret key of your environment (console: API keys; `make demo` prints one) as"
    " `Authorization: Bearer sk_…`. A key says which environment is meant: sandbox and live share nothing."
    " Where an operation also takes a `memberToken`, a member's own app may call it, about that member alone.\n\n"
    "Send an `Idempotency-Key` with every write: a repeated request is done once and gets the same answer."
    " Refusals are problem details (RFC 9457) with a stable `code`; what each means: [/docs/errors/](/docs/errors/)."
    " Those of `/publisher.v1` and `/api/loyalty` have the same codes in their own envelopes."
    " `/v1/members` and `/v1/customers` are the same resource.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {
        "deepLinking": True,
        "validatorUrl": None,
    },  # its badge would ask validator.swagger.io
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [],
}


# Webhooks (docs/webhooks.md) go to public addresses alone, by https; with this also to this machine, and by http.
WEBHOOKS_ALLOW_LOOPBACK = env.bool("WEBHOOKS_ALLOW_LOOPBACK", default=DEBUG)
WEBHOOKS_TIMEOUT_SECONDS = env.float("WEBHOOKS_TIMEOUT_SECONDS", default=15.0)  # of one attempt, in all


# Background jobs (docs/jobs.md). What was missed while no worker ran is made up for when one starts.
PROCRASTINATE_PERIODIC_DEFAULTS = {"max_delay": 24 * 60 * 60}  # seconds


# Logs: one JSON object a line

_shared_processors: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso"),
]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": _shared_processors,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        "django": {"handlers": []},  # its own for DEBUG, whose lines are no JSON
        "django.server": {"handlers": [], "propagate": False},
        "axes": {"level": "WARNING"},
        "procrastinate": {"level": "WARNING"},  # loyalty.jobs has a line for each run of a job
    },
}
DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID = True  # config.middleware.trace_id has checked or made it
structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *_shared_processors,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
