"""Configure the site from its environment; .env.example explains every name."""

import secrets
import tomllib
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from celery.schedules import schedule
from csp.constants import NONE, SELF

from config import deadlines, private_files
from config.background.queues import QUEUES
from config.cache import read_cache
from config.environment.broker import read_broker
from config.environment.database import read_database, read_replica
from config.environment.env import LOG_LEVELS, Environment, is_loopback
from config.environment.mail import read_mail
from config.environment.monitors import read_headers, read_sentry_dsn
from config.environment.redis import passwords, read_redis
from config.monitoring.logs import FORMS, logging_config
from integrations.http.observability.redaction import register_secrets
from integrations.http.secrets import Secret
from integrations.providers import SPECS

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment.load(BASE_DIR)

# --- Where we are -----------------------------------------------------------

VAR_DIR = BASE_DIR / env.text("VAR_DIR", "var")
STATIC_ROOT = BASE_DIR / env.text("STATIC_ROOT", str(VAR_DIR / "static"))
DEBUG = env.flag("DEBUG", default=False)
PUBLIC_BASE_URL = env.url(
    "PUBLIC_BASE_URL", "http://localhost:8000", loopback_only=False
).rstrip("/")
_public = urlsplit(PUBLIC_BASE_URL)
_is_https = _public.scheme == "https"
if _public.path or _public.query or _public.fragment:
    env.refuse("E004", "PUBLIC_BASE_URL", "has more than a scheme, host and port.")
# Plain http on this machine is somebody trying things out: cookies and redirects
# that need TLS are off there, and nowhere else.
IS_DEVELOPMENT_ADDRESS = not _is_https and is_loopback(PUBLIC_BASE_URL)
ALLOWED_HOSTS = env.names("ALLOWED_HOSTS") or [
    _public.hostname or "localhost",
    *(["localhost", "127.0.0.1", "[::1]"] if is_loopback(PUBLIC_BASE_URL) else []),
]
# Providers like to know who calls, and whom to write to about it.
VERSION = tomllib.loads((BASE_DIR / "pyproject.toml").read_text("utf-8"))["project"][
    "version"
]
USER_AGENT = f"Mooring/{VERSION} (+{PUBLIC_BASE_URL})"
CSRF_TRUSTED_ORIGINS = [f"{_public.scheme}://{_public.netloc}"]

# --- Secrets ----------------------------------------------------------------

SECRET_KEY = env.text("SECRET_KEY")
if not SECRET_KEY:
    env.refuse("E010", "SECRET_KEY", "is missing.", "`make run` writes one to .env.")
    # Commands that only read the code still work; servers refuse to start.
    SECRET_KEY = secrets.token_urlsafe(50)
SECRET_KEY_FALLBACKS = env.names("SECRET_KEY_FALLBACKS")


def _read_token_keys() -> Secret:
    """Return the keys as written; services parse them."""
    path = env.text("TOKEN_KEYS_FILE")
    keys = env.text("TOKEN_KEYS")
    if path and not keys:
        try:
            keys = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            env.refuse("E016", "TOKEN_KEYS_FILE", "cannot be read.")
    if not keys:
        env.refuse(
            "E015",
            "TOKEN_KEYS",
            "is missing.",
            "Write id:base64 of 32 random bytes; `make run` writes one to .env.",
        )
    return Secret(",".join(keys.split()))


TOKEN_KEYS = _read_token_keys()
# Files that nobody else on the machine may read.
SECRET_FILES = [path for path in (env.path, env.text("TOKEN_KEYS_FILE")) if path]

# --- Apps, middleware, templates --------------------------------------------

INSTALLED_APPS = [
    "config.admin.MooringAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.mfa",
    "allauth.usersessions",
    "django_celery_beat",
    "django_htmx",
    "csp",
    "integrations",
    # Its ``provider`` module makes allauth's classes out of SPECS.
    "integrations.signin",
]
MIDDLEWARE = [
    "config.monitoring.tracing.request_ids",
    "config.web.middleware.security_headers",
    "config.web.middleware.private_pages",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "config.web.https.HttpsMiddleware",
    "config.web.middleware.probes",
    "config.web.page_times.page_times",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.web.middleware.public_addresses",
    "config.web.busy.BusyMiddleware",
    "config.web.busy.SessionsMiddleware",
    "config.web.compression.CompressedPages",
    "django.middleware.common.CommonMiddleware",
    # Behind the one above, which counts the bytes of an answer.
    "config.web.visible_controls.visible_controls",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.web.middleware.session_lifetime",
    "config.web.middleware.preferences",
    "config.web.middleware.visits",
    "config.web.middleware.LoginRequired",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "config.web.middleware.refused_methods",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "config.web.templates.CompactLoader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                ),
            ],
            # Its token of a form replaces Django's.
            "builtins": ["integrations.templatetags.form_sender"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "integrations.context_processors.site",
            ],
        },
    }
]
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
FORMAT_MODULE_PATH = "config.formats"
# An account may have thousands of tables, each with a box to tick.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000
# What is uploaded is private: it is held in memory and stored sealed, and never a file.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
USE_I18N = True

# --- Database ---------------------------------------------------------------

DATABASES = {"default": read_database(env, base_dir=BASE_DIR, var_dir=VAR_DIR)}
# Lists of items may be read there, if it is no further behind than so.
REPLICA_LAG_SECONDS = env.number("REPLICA_LAG_SECONDS", default=15, low=5, high=600)
_replica = read_replica(env)
if _replica:
    _replica["CONN_MAX_AGE"] = DATABASES["default"].get("CONN_MAX_AGE", 0)
    DATABASES["replica"] = _replica
    DATABASE_ROUTERS = ["integrations.services.common.database.replica.Router"]
    MIDDLEWARE.append("config.web.replica.note_writes")
with suppress(OSError):
    # SQLite makes its file, but not the directory; whitenoise warns of none.
    VAR_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    STATIC_ROOT.mkdir(exist_ok=True)
private_files.protect(VAR_DIR, database=str(DATABASES["default"]["NAME"]))
# Anybody may read what anybody is sent.
FILE_UPLOAD_PERMISSIONS = 0o644
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o755
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Cache and broker -------------------------------------------------

_redis = read_redis(env)
CACHES = {"default": read_cache(_redis.cache_url)}

# --- Celery -----------------------------------------------------------------

# A provider's answer to a spent token comes once: hanging up may cost the grant.
TOKEN_TIMEOUT = deadlines.token_timeout(env)
VISIBILITY_TIMEOUT = env.whole("VISIBILITY_TIMEOUT", default=300, low=120)
SWEEP_INTERVAL = env.number("SWEEP_INTERVAL", default=5, low=1, high=60)
_broker = read_broker(_redis.broker_url, visibility_timeout=VISIBILITY_TIMEOUT)
CELERY_BROKER_URL = _broker.url
CELERY_BROKER_USE_SSL = _broker.tls
CELERY_BROKER_CONNECTION_TIMEOUT = 0.5
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = _broker.options
CELERY_TASK_PUBLISH_RETRY_POLICY = {
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.1,
}
CELERY_TASK_DEFAULT_QUEUE = "sync"
CELERY_TASK_CREATE_MISSING_QUEUES = True
CELERY_TASK_ROUTES = {
    # What must wait behind no token call and no sync.
    "integrations.tasks.dispatch_*": {"queue": "ticks"},
    "integrations.tasks.enqueue_lost": {"queue": "ticks"},
    "integrations.tasks.sync_after_lost_worker": {"queue": "ticks"},
    "integrations.tasks.watch": {"queue": "ticks"},
    "integrations.tasks.refresh_*": {"queue": "refresh"},
    "integrations.tasks.revoke_*": {"queue": "refresh"},
    # It may take long, and Celery can end it there only.
    "integrations.tasks.sweep*": {"queue": "refresh"},
    "integrations.tasks.finish_consents": {"queue": "interactive"},
    "integrations.tasks.send_notice": {"queue": "interactive"},
    "integrations.tasks.sync_interactive": {"queue": "interactive"},
    "integrations.tasks.sync_opened_text": {"queue": "interactive"},
    "integrations.tasks.deliver_edit": {"queue": "interactive"},
    "integrations.tasks.index_properties": {"queue": "interactive"},
    "integrations.tasks.deliver_bulk_edit": {"queue": "sync"},
    "integrations.tasks.enqueue_syncs": {"queue": "sync"},
    "integrations.tasks.sync_bulk": {"queue": "sync"},
    "integrations.tasks.make_download": {"queue": "sync"},
}
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SOFT_TIME_LIMIT = 60
# A token call is never cut off; asking about the one before it comes on top.
CELERY_TASK_TIME_LIMIT = CELERY_TASK_SOFT_TIME_LIMIT + TOKEN_TIMEOUT + 30
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_BEAT_SCHEDULER = "config.background.scheduler:ClockSafeScheduler"
# What the database holds of these is written anew whenever beat starts.
CELERY_BEAT_SCHEDULE = {
    name: {
        "task": f"integrations.tasks.{name}",
        "schedule": schedule(seconds),
        "enabled": True,
        # Nobody needs yesterday's ticks when the workers come back. The name is of
        # django-celery-beat, which leaves Celery's own (expires) out.
        "options": {"expire_seconds": 15 if name == "watch" else 60},
    }
    for name, seconds in (
        ("dispatch_due", 15.0),
        # A refresh starts at most this long after it is due.
        ("refresh_due", 3.0),
        ("enqueue_lost", SWEEP_INTERVAL),
        ("sweep", SWEEP_INTERVAL),
        # Trouble is told within a minute.
        ("watch", 15.0),
    )
} | {
    # Liveness is judged by work done: one small task through every queue.
    f"heartbeat.{queue}": {
        "task": "integrations.tasks.heartbeat",
        "schedule": schedule(10.0),
        "enabled": True,
        "args": [queue],
        "options": {"queue": queue, "expire_seconds": 30},
    }
    for queue in QUEUES
}

# --- Providers --------------------------------------------------------------


def _sandbox_url() -> str:
    value = env.text("SANDBOX", "off")
    if value.lower() in {"off", "0", "false", "no"}:
        return ""
    if value.lower() in {"on", "1", "true", "yes"}:
        return "http://localhost:8100"
    return env.url("SANDBOX").rstrip("/")


SANDBOX_URL = _sandbox_url()
for _spec in SPECS.values():
    for _name in ("REDIRECT_URI", "AUTHORIZE_URL", "TOKEN_URL", "API_URL"):
        env.url(_spec.env_prefix + _name)
    env.whole(_spec.env_prefix + "RATE_LIMIT", default=0)
PROVIDERS = {
    slug: spec.from_environment(
        env.accepted_text, public_base_url=PUBLIC_BASE_URL, sandbox_url=SANDBOX_URL
    )
    for slug, spec in SPECS.items()
}
PROVIDER_SIGN_IN = env.choice("PROVIDER_SIGN_IN", ("", "linked"))
REFRESH_MARGIN = env.whole("REFRESH_MARGIN", default=300, low=30, high=1500)
HTTP_CONNECT_TIMEOUT = env.number("HTTP_CONNECT_TIMEOUT", default=5, low=0.1, high=60)
HTTP_READ_TIMEOUT = env.number("HTTP_READ_TIMEOUT", default=20, low=0.1, high=60)
HTTP_TOTAL_TIMEOUT = env.number("HTTP_TOTAL_TIMEOUT", default=25, low=0.1, high=30)
SLICE_SECONDS = env.number("SLICE_SECONDS", default=10, low=1, high=45)
STALE_RUN_SECONDS = env.whole("STALE_RUN_SECONDS", default=12, low=5, high=100)
MAX_CONNECTIONS_PER_USER = env.whole("MAX_CONNECTIONS_PER_USER", default=50, low=1)
FULL_REFRESH_HOURS = env.number("FULL_REFRESH_HOURS", default=24, low=0.1, high=720)
LATE_ARRIVAL_MINUTES = env.number("LATE_ARRIVAL_MINUTES", default=30, low=1, high=1440)
CONTENT_PAGES_PER_RUN = env.whole("CONTENT_PAGES_PER_RUN", default=200, high=10_000)
HISTORY_DAYS = env.number("HISTORY_DAYS", default=90, low=1, high=3650)
TABLE_INDEX_DAYS = env.number("TABLE_INDEX_DAYS", default=30, low=1, high=3650)
DOWNLOAD_ROWS_AT_ONCE = env.whole("DOWNLOAD_ROWS_AT_ONCE", default=2_000, low=1)
DOWNLOAD_HOURS = env.number("DOWNLOAD_HOURS", default=24, low=0.1, high=720)
AUDIT_DAYS = env.number("AUDIT_DAYS", default=365, low=1, high=3650)
# A year and a little, so that two of a season can be compared.
COUNT_DAYS = env.number("COUNT_DAYS", default=400, low=1, high=3650)

# --- Accounts ---------------------------------------------------------------

# On one's own machine mail is printed; elsewhere it is sent, or dropped and warned of.
_mail = read_mail(
    env, default="consolemail://" if IS_DEVELOPMENT_ADDRESS else "dummymail://"
)
EMAIL_BACKEND = _mail.backend
EMAIL_HOST, EMAIL_PORT = _mail.host, _mail.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail.user, _mail.password
EMAIL_USE_TLS, EMAIL_USE_SSL = _mail.uses_starttls, _mail.uses_tls
EMAIL_TIMEOUT = 5
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", f"mooring@{_public.hostname}")
IS_MAIL_DELIVERED = _mail.is_delivered
# Who is told when the site itself has trouble; the sender is the same as of all mail.
ADMINS = [("", address) for address in env.names("ADMIN_EMAILS")]
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# Whoever knows the address may write there, so it is a secret.
NOTICE_WEBHOOK_URL = Secret(env.url("NOTICE_WEBHOOK_URL"))
SIGN_UP = env.choice("SIGN_UP", ("open", "closed"))
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
SESSION_ENGINE = "config.web.sessions"
# The middleware ends an idle session; the cookie and its row end at the latest here.
SESSION_IDLE_SECONDS = env.whole("SESSION_IDLE_SECONDS", default=3 * 86400, low=60)
SESSION_COOKIE_AGE = env.whole("SESSION_ABSOLUTE_SECONDS", default=14 * 86400, low=60)

ACCOUNT_ADAPTER = "integrations.signin.adapters.AccountAdapter"
ACCOUNT_FORMS = {
    "signup": "integrations.signin.forms.SignUpForm",
    "add_email": "integrations.signin.forms.ChangeEmailForm",
    "reset_password": "integrations.signin.forms.ResetPasswordForm",
    "reset_password_from_key": "integrations.signin.forms.ResetPasswordKeyForm",
}
ACCOUNT_USER_DISPLAY = "integrations.signin.adapters.display_name"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = env.choice(
    "ACCOUNT_EMAIL_VERIFICATION",
    ("mandatory", "optional", "none") if _mail.is_delivered else ("optional", "none"),
)
# Where no mail has to prove an address, one account may be opened beside the proven one
# of its owner, because refusing it would tell a stranger who has one.
ACCOUNT_PREVENT_ENUMERATION = "strict"
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[Mooring] "
ACCOUNT_DEFAULT_HTTP_PROTOCOL = _public.scheme
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    # Per account integrations.signin.limit counts, which needs no cache.
    "login_failed": "10/m/ip",
    "signup": "20/m/ip",
    "reset_password": "20/m/ip,5/m/key",
    "reset_password_from_key": "20/m/ip",
    "reauthenticate": "10/m/user",
    "change_password": "5/m/user",
    "manage_email": "10/m/user",
}
ALLAUTH_TRUSTED_PROXY_COUNT = env.whole("TRUSTED_PROXY_COUNT", default=0, high=10)
IS_PROXY_COUNT_SET = bool(env.text("TRUSTED_PROXY_COUNT"))
USERSESSIONS_ADAPTER = "integrations.signin.adapters.UserSessionsAdapter"
MFA_ADAPTER = "integrations.signin.adapters.MFAAdapter"
MFA_FORMS = {
    "activate_totp": "integrations.signin.forms.ActivateTOTPForm",
    "authenticate": "integrations.signin.forms.AuthenticateForm",
    "reauthenticate": "integrations.signin.forms.ReauthenticateForm",
    "add_webauthn": "integrations.signin.forms.AddWebAuthnForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Mooring"
MFA_TOTP_TOLERANCE = 1
MFA_ALLOW_UNVERIFIED_EMAIL = ACCOUNT_EMAIL_VERIFICATION != "mandatory"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = IS_DEVELOPMENT_ADDRESS
# Provider accounts are data sources. Who may connect is decided in signin/.
SOCIALACCOUNT_ADAPTER = "integrations.signin.adapters.SocialAccountAdapter"
SOCIALACCOUNT_ONLY = False
SOCIALACCOUNT_AUTO_SIGNUP = False
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_QUERY_EMAIL = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = False
SOCIALACCOUNT_REAUTHENTICATION_REQUIRED = False

# --- What browsers are told -------------------------------------------------

_prefix = "__Host-" if _is_https else ""
SESSION_COOKIE_NAME = f"{_prefix}session"
SESSION_COOKIE_SECURE = _is_https
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = f"{_prefix}csrf"
CSRF_COOKIE_SECURE = _is_https
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "config.web.kept_forms.csrf_failure"
WROTE_COOKIE_NAME = f"{_prefix}wrote"
MESSAGE_COOKIE_NAME = f"{_prefix}messages"
MESSAGE_STORAGE = "config.web.messages.MessageStorage"
SECURE_SSL_REDIRECT = _is_https
# W001 looks for Django's SecurityMiddleware by name; ours is one. W021 would have
# everybody preload.
SILENCED_SYSTEM_CHECKS = ["security.W001", "security.W021"]
SECURE_SSL_HOST = _public.netloc
# Set by config.web.https from what trusted proxies say, and by nothing else.
SECURE_PROXY_SSL_HEADER = ("trusted_scheme", "https")
FORWARDED_ALLOW_IPS = env.networks("FORWARDED_ALLOW_IPS", "127.0.0.1,::1")
# Probes come from inside, without TLS.
SECURE_REDIRECT_EXEMPT = [r"^health/", r"^metrics$"]
HEALTH_TOKEN = Secret(env.text("HEALTH_TOKEN"))
SECURE_HSTS_SECONDS = 2 * 365 * 86400 if _is_https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _is_https
# Hard to take back, and for the operator of the whole domain to decide.
SECURE_HSTS_PRELOAD = env.flag("HSTS_PRELOAD", default=False) and _is_https
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Chromium checks form-action on the redirect that follows a POST, so the connect
# button needs the place where each provider asks for consent.
_consent = {urlsplit(provider.authorize_url) for provider in PROVIDERS.values()}
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF, *sorted({f"{u.scheme}://{u.netloc}" for u in _consent})],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

# --- Static files, mail, logs -----------------------------------------------

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Hashed names once collectstatic ran; straight from the source tree until then.
_is_collected = (STATIC_ROOT / "staticfiles.json").is_file()
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "config.web.static.StaticFiles"},
}
WHITENOISE_USE_FINDERS = not _is_collected
WHITENOISE_ALLOW_ALL_ORIGINS = False

LOG_LEVEL = env.choice("LOG_LEVEL", LOG_LEVELS)
SENTRY_DSN = Secret(read_sentry_dsn(env))
OTEL_EXPORTER_OTLP_ENDPOINT = env.url("OTEL_EXPORTER_OTLP_ENDPOINT")
IS_TELEMETRY_INSTALLED = find_spec("opentelemetry") is not None
if OTEL_EXPORTER_OTLP_ENDPOINT and IS_TELEMETRY_INSTALLED:
    # Behind the one that gives a request its id.
    MIDDLEWARE.insert(1, "config.monitoring.telemetry.request_spans")
OTEL_EXPORTER_OTLP_HEADERS = read_headers(env, "OTEL_EXPORTER_OTLP_HEADERS")
LOGGING = logging_config(
    LOG_LEVEL, env.choice("LOG_FORMAT", FORMS), reports=bool(SENTRY_DSN)
)
register_secrets(
    Secret(SECRET_KEY),
    *(Secret(key.partition(":")[2]) for key in TOKEN_KEYS.reveal().split(",")),
    *(provider.client_secret for provider in PROVIDERS.values()),
    *(Secret(word) for word in passwords(_redis.broker_url, _redis.cache_url)),
    *(Secret(database.get("PASSWORD", "")) for database in DATABASES.values()),
    Secret(EMAIL_HOST_PASSWORD),
    HEALTH_TOKEN,
    SENTRY_DSN,
    *map(Secret, OTEL_EXPORTER_OTLP_HEADERS.values()),
    NOTICE_WEBHOOK_URL,
)

ENV_PROBLEMS = env.problems
