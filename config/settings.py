"""Settings: DATABASE_URL and REDIS_URL choose the scale; without them everything is embedded."""

import logging
from datetime import timedelta
from typing import Any

from csp.constants import NONE, SELF
from kombu import Queue

from config.environment import (
    PROJECT_ROOT,
    env,
    get_home,
    locate_redis,
    read_mail,
    read_or_make_secret,
)
from config.logs import describe_logging

HOME = get_home()
REDIS = locate_redis(home=HOME, url=env.str("REDIS_URL", default=""))
REDIS_PREFIX = env.str("CONTINUITY_REDIS_PREFIX", default="")
"""Prepended to every key, so that several installations share one Redis."""


SECRET_KEY = env.str("SECRET_KEY", default="") or read_or_make_secret(HOME)
DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "servestatic.runserver_nostatic",
    "django.contrib.staticfiles",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "knox",
    "axes",
    "csp",
    "simple_history",
    "assets",
    "versions",
    "propagation",
    "config",
]
MIDDLEWARE = [
    "propagation.api.request_log.RequestLogMiddleware",
    "propagation.api.measuring.MeasureMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.headers.HeadersMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "propagation.api.throttling.RateLimitMiddleware",
    "propagation.api.conditional.EntityTagMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "axes.middleware.AxesMiddleware",  # the last: it answers whoever is locked out
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PROJECT_ROOT / "config" / "templates"],  # before those of the admin itself
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
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
APPEND_SLASH = True  # for the admin; the API's URLs have no slash at the end

DATABASES: dict[str, Any] = {
    "default": env.db_url("DATABASE_URL", default=f"sqlite:///{HOME / 'continuity.sqlite3'}"),
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        # IMMEDIATE takes the write lock when a transaction begins, so that two writers queue
        # instead of failing with "database is locked" when the second one upgrades its read lock.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,  # seconds
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA mmap_size=134217728; "
            "PRAGMA cache_size=-64000; PRAGMA temp_store=MEMORY"
        ),
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    DATABASES["default"].setdefault("OPTIONS", {})["options"] = (
        # A frozen process may hold row locks for ever; the server ends its session instead.
        "-c lock_timeout=10s -c idle_in_transaction_session_timeout=30s "
        # Compiling a statement takes longer than any of ours runs: up to 2 s instead of 10 ms.
        "-c jit=off "
        # Disks do not turn any more. By the default, 4, joins of a batch with what it names read
        # whole tables: 60 µs per head that moves instead of 3, of 100 000.
        "-c random_page_cost=1.1 -c work_mem=16MB"
    )
WEB_CONNECTIONS = env.int("CONTINUITY_WEB_CONNECTIONS", default=12)
"""Most connections to PostgreSQL of one web process. More requests at a time than the process has
time for only hold their locks longer: 32 writers waited up to 10 s for one with 40 connections."""
WORKER_SESSION = " -c statement_timeout=30s -c idle_in_transaction_session_timeout=15s"
"""Of workers on PostgreSQL, whose statements take a second at most: what a frozen one holds is
free again after this."""
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS.client,
        "KEY_PREFIX": f"{REDIS_PREFIX}cache",
    },
}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "admin:login"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",  # the first: it refuses whoever is locked out
    "django.contrib.auth.backends.ModelBackend",
]
AXES_FAILURE_LIMIT = env.int("CONTINUITY_LOGIN_FAILURES", default=10)
"""Wrong passwords for one account from one address, after which it is locked there for a while."""
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # who goes on trying waits no longer
AXES_DISABLE_ACCESS_LOG = True
AXES_CLIENT_IP_CALLABLE = "propagation.api.addresses.find_address"
AXES_LOCKOUT_CALLABLE = "propagation.api.throttling.answer_locked_out"
AXES_VERBOSE = False
FLOWER_URL = env.str("FLOWER_URL", default="")
"""Where people reach Flower; the admin's page of queues links it. `up` and `demo` set it."""

MEDIA_ROOT = HOME / "media"
MEDIA_URL = "/api/v1/files/"
"""Where the storage's own URLs lead: to a view that asks who may see the file."""
UPLOAD_MAX_BYTES = env.int("CONTINUITY_UPLOAD_MAX_BYTES", default=200_000_000)

PUBLIC_URL = env.str("CONTINUITY_URL", default="http://127.0.0.1:8000").rstrip("/")
"""Where people reach the web server: the links in mails begin with it."""
IS_HTTPS = PUBLIC_URL.startswith("https:")
NUM_PROXIES = env.int("CONTINUITY_PROXIES", default=0)
"""How many proxies of ours stand before the web server: so many addresses at the end of
X-Forwarded-For are believed."""
_PROXY_HEADER = env.str("CONTINUITY_PROXY_SSL_HEADER", default="")
SECURE_PROXY_SSL_HEADER = (
    (f"HTTP_{_PROXY_HEADER.upper().replace('-', '_')}", "https") if _PROXY_HEADER else None
)
"""X-Forwarded-Proto, say: our proxy has to set it to https, and to remove what a client sent."""
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SECURE_REDIRECT_EXEMPT = ["^health/"]  # whoever watches the process asks it, and no proxy
SECURE_HSTS_SECONDS = env.int("CONTINUITY_HSTS_S", default=31_536_000 if IS_HTTPS else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = IS_HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
        # Versions name pictures and sound that may lie elsewhere; they run nothing.
        "img-src": [SELF, "data:", "https:"],
        "media-src": [SELF, "https:"],
    },
}
_MAIL = read_mail(home=HOME, url=env.str("EMAIL_URL", default=""))
EMAIL_BACKEND, EMAIL_FILE_PATH = _MAIL["EMAIL_BACKEND"], _MAIL["EMAIL_FILE_PATH"]
EMAIL_HOST, EMAIL_PORT = _MAIL["EMAIL_HOST"] or "localhost", _MAIL["EMAIL_PORT"] or 25
EMAIL_HOST_USER = _MAIL["EMAIL_HOST_USER"] or ""
EMAIL_HOST_PASSWORD = _MAIL["EMAIL_HOST_PASSWORD"] or ""
EMAIL_USE_TLS = _MAIL.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = _MAIL.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 10  # seconds, for each answer of the mail server
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Continuity <continuity@localhost>")
NOTICES_KEPT_DAYS = env.int("CONTINUITY_NOTICES_KEPT_DAYS", default=90)
"""Days for which notifications are kept after they were read; unread ones stay."""

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = HOME / "static"
SERVESTATIC_USE_FINDERS = True  # no collectstatic step between a clone and a running demo
SERVESTATIC_MAX_AGE = 3600  # seconds

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        # First, so that a 401 names its challenge.
        "propagation.api.authentication.BearerAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "propagation.api.permissions.TokenIsForIt",
    ],
    "DEFAULT_THROTTLE_CLASSES": ["propagation.api.throttling.RateLimit"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["propagation.api.parsing.StrictJSONParser"],
    "EXCEPTION_HANDLER": "propagation.api.problems.answer_problem",
    "DEFAULT_SCHEMA_CLASS": "propagation.api.openapi.schema.Schema",
    "URL_FORMAT_OVERRIDE": None,
    "NON_FIELD_ERRORS_KEY": "",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Continuity",
    "DESCRIPTION": "Keeps a film production consistent: what depends on a change follows it.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "SERVE_INCLUDE_SCHEMA": False,
    "PREPROCESSING_HOOKS": ["propagation.api.openapi.schema.list_endpoints"],
    "POSTPROCESSING_HOOKS": ["propagation.api.openapi.schema.finish_document"],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}
REST_KNOX = {
    "AUTH_HEADER_PREFIX": "Bearer",
    "TOKEN_TTL": timedelta(days=90),
    "TOKEN_PREFIX": "cty_",  # by which one that lies in a public place is found
}
KNOX_TOKEN_MODEL = "propagation.AccessToken"  # noqa: S105 (a model)
MAX_TOKENS = 100
"""Tokens of one user that are not over."""
THROTTLES = {
    "anonymous": env.int("CONTINUITY_THROTTLE_ANONYMOUS", default=60),
    "reads": env.int("CONTINUITY_THROTTLE_READS", default=6000),
    "writes": env.int("CONTINUITY_THROTTLE_WRITES", default=1200),
    "starts": env.int("CONTINUITY_THROTTLE_STARTS", default=600),
}
"""Requests in a minute: of an address that is nobody, of each token, and of each user without
one. 0: any number."""
MAX_ACTIVE_RUNS = env.int("CONTINUITY_ACTIVE_RUNS", default=100)
"""Runs of one project that are not over; people start no more of them."""
DATA_UPLOAD_MAX_MEMORY_SIZE = 5_000_000  # bytes; a batch of changes
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000  # a look-up of 1 000 entities names them in its query

# What DESIGN calls lanes. The order is the order in which a run goes through them.
LANES = ("realtime", "batch", "background")
BATCH_SIZES: dict[str, int] = env.json("CONTINUITY_BATCH_SIZES", default={})
"""Items in one task, by lane; of other lanes it is chosen from what was measured
(propagation.planning.sizing). CONTINUITY_BATCH_SIZES='{"batch": 500}'"""
BATCH_LANE_THRESHOLD = 100
"""More targets than this go through `batch`, fewer through `background` (STORY-089)."""
OVERDUE_S = env.float("CONTINUITY_OVERDUE_S", default=15.0)
"""Seconds without progress after which the sweep sends a run's next step again."""
SWEEP_INTERVAL_S = env.float("CONTINUITY_SWEEP_INTERVAL_S", default=2.0)
COURIER_INTERVAL_S = env.float("CONTINUITY_COURIER_INTERVAL_S", default=0.5)
HANDLERS: dict[str, str] = env.json("CONTINUITY_HANDLERS", default={})
"""Which function rebuilds targets of a kind or type (propagation.handlers); none: all keep their
content. CONTINUITY_HANDLERS='{"shot": "propagation.handlers.prompt.rebuild_prompt"}'"""
MAX_DELIVERIES = 3
"""An item that failed this often, alone in its batch, is marked failed; the run goes on."""
MAX_DELIVERIES_OF_MANY = 1
"""A batch of several items whose worker died this often is taken apart."""
LEASE_S = 2.0
"""Whoever began an attempt this long ago, and holds no lock, is dead."""
EVENTS_KEPT_DAYS = env.int("CONTINUITY_EVENTS_KEPT_DAYS", default=30)
SOCKETS_PER_USER = env.int("CONTINUITY_SOCKETS_PER_USER", default=20)
SOCKETS = env.int("CONTINUITY_SOCKETS", default=2000)
"""WebSockets at a time: of one user (each tab has one), and of one web process."""
SOCKET_CHECK_S = env.float("CONTINUITY_SOCKET_CHECK_S", default=30.0)
"""Whoever may not be connected any more, or not hear of a project, is for this long."""
WEBHOOK_ALLOWED_HOSTS = env.list("CONTINUITY_WEBHOOK_ALLOWED_HOSTS", default=[])
"""Hosts, host:port or networks inside the house that webhooks may lead to; none by default."""
WEBHOOK_DELIVERIES_KEPT_DAYS = env.int("CONTINUITY_WEBHOOK_DELIVERIES_KEPT_DAYS", default=30)
MAX_WEBHOOKS = 10
"""Webhooks of one project."""
EDIT_LEASE_S = 30
"""Whoever has not said for so long that they go on editing has stopped."""

_BROKER_OPTIONS: dict[str, Any] = {
    "visibility_timeout": 3600,  # seconds; an unacknowledged message is delivered again after it
    "socket_timeout": 10,
    "socket_connect_timeout": 2,
    "health_check_interval": 10,
    "unacked_restore_throttle": 1,
    "queue_order_strategy": "priority",
    "global_keyprefix": REDIS_PREFIX,
}
if REDIS.is_private or REDIS.client.startswith("unix:"):
    del _BROKER_OPTIONS["socket_connect_timeout"]
CELERY_WORKER_TRANSPORT_OPTIONS = _BROKER_OPTIONS
CELERY: dict[str, Any] = {
    "broker_url": REDIS.celery,
    "result_backend": REDIS.celery,
    # Only for processes that publish: see config.celery.be_a_worker.
    # Whoever asks is waiting: what a Redis that hangs does not take, the sweep sends later.
    "broker_transport_options": _BROKER_OPTIONS
    | {"max_retries": 1, "interval_start": 0, "socket_timeout": 0.1},
    "result_backend_transport_options": {
        "visibility_timeout": 3600,
        "global_keyprefix": REDIS_PREFIX,
        "retry_policy": {"max_retries": 2},
    },
    "task_queues": [Queue(lane, routing_key=lane) for lane in LANES],
    "task_default_queue": "background",
    "task_default_routing_key": "background",
    "task_create_missing_queues": False,
    "task_serializer": "json",
    "result_serializer": "json",
    "accept_content": ["json"],
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "worker_prefetch_multiplier": 1,
    "worker_disable_prefetch": True,
    "task_time_limit": 120,  # seconds
    "task_soft_time_limit": 90,
    "task_track_started": True,
    "result_expires": 3600,
    "result_chord_join_timeout": 30,
    "result_extended": False,
    "worker_cancel_long_running_tasks_on_connection_loss": True,
    "worker_send_task_events": True,  # Flower
    "task_send_sent_event": True,
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    "timezone": "UTC",
}

LOGGING_CONFIG = "config.logs.configure_logging"
LOGGING = describe_logging(
    form=env.str("LOG_FORMAT", default="line"), level=env.str("LOG_LEVEL", default="INFO")
)
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG
DJANGO_STRUCTLOG_STATUS_4XX_LOG_LEVEL = logging.INFO
DJANGO_STRUCTLOG_CELERY_TASK_START_LOG_LEVEL = logging.DEBUG  # its end says the same, and how long

SILENCED_SYSTEM_CHECKS = [
    "security.W021",  # browsers' preload lists are for whoever owns the domain to ask for
]
STATICFILES_DIRS = [path for path in [PROJECT_ROOT / "static"] if path.is_dir()]
