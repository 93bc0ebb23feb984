"""Django's settings: the services of this process, put together from the environment."""

from pathlib import Path
from urllib.parse import urlsplit

from environ import Env

from frontrow.chassis import cache, environment
from frontrow.listeners import LISTENERS as LISTENERS

ENVIRONMENT = environment.read()

SECRET_KEY = ENVIRONMENT.derived_secret("django")
SERVICES = [name for name in ENVIRONMENT.services if name != environment.PAGES]
PAGES = environment.PAGES in ENVIRONMENT.services
ALLOWED_HOSTS = ENVIRONMENT.allowed_hosts
DEBUG = False
ROOT_URLCONF = "frontrow.urls"
WSGI_APPLICATION = "frontrow.wsgi.application"

# Operators look at what services own; the pages alone own nothing.
ADMIN = bool(SERVICES)
INSTALLED_APPS = [
    "frontrow.chassis",  # before the admin, whose templates it extends
    *(["frontrow.chassis.apps.Admin", "django.contrib.auth", "django.contrib.contenttypes"] if ADMIN else []),
    *(["django.contrib.sessions", "django.contrib.messages"] if ADMIN else []),
    "django.contrib.staticfiles",
    "ninja",
    *(f"frontrow.services.{name}" for name in SERVICES),
    *(["django_htmx", "frontrow.web"] if PAGES else []),
]
MIDDLEWARE = [
    "frontrow.chassis.middleware.RequestContext",
    "frontrow.chassis.middleware.Packed",
    "frontrow.chassis.middleware.SafeHeaders",
    "frontrow.chassis.middleware.Problems",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.common.CommonMiddleware",
    *(
        f"frontrow.chassis.administration.{name}"
        for name in ("Sessions", "Authentication", "Messages")
        if ADMIN
    ),
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                *(
                    f"django.contrib.{name}.context_processors.{name}"
                    for name in ("auth", "messages")
                    if ADMIN
                ),
            ]
        },
    }
]

# Persistent connections: a call within the process must not close the caller's (chassis/http.py).
# The pages alone have none, whatever the environment says.
_database = Env.db_url_config(ENVIRONMENT.database_url) if ENVIRONMENT.database_url and SERVICES else {}
DATABASES = _database and {
    "default": {
        **_database,
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"application_name": "frontrow", "connect_timeout": 5, **_database.get("OPTIONS", {})},
    }
}
_files = "frontrow.chassis.mail.Files" if ENVIRONMENT.email_url.startswith("filemail:") else None
vars().update(Env.email_url_config(ENVIRONMENT.email_url, _files))
EMAIL_TIMEOUT = 10  # seconds for each step of a conversation
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = cache.configured(ENVIRONMENT.cache_url)
# OWASP's smallest recommended cost for Argon2id; many may sign in at once on a small machine.
PASSWORD_HASHERS = ["frontrow.services.users.passwords.Argon2id"]

# The admin (chassis/administration.py) alone has sessions; its cookies go nowhere else.
_public = urlsplit(ENVIRONMENT.public_url)
LOGIN_REDIRECT_URL = "/admin/"
AUTHENTICATION_BACKENDS = ["frontrow.chassis.administrators.ByUsers"]
_over_https = "__Secure-" if _public.scheme == "https" else ""  # then browsers take it by https only
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{_over_https}frontrow_admin", f"{_over_https}frontrow_admin_csrf"
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = "/admin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _public.scheme == "https"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"  # a link in an alert opens a page
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_AGE = 4 * 3600
CSRF_COOKIE_AGE = None  # until the browser closes
# Behind a gateway that ends TLS, what comes from https looks like http here.
CSRF_TRUSTED_ORIGINS = [f"{_public.scheme}://{_public.netloc}"]
CSRF_FAILURE_VIEW = "frontrow.chassis.administration.refuse_forgery"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# Only pages and notifications speak other languages: they switch for as long as they are rendered.
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("fr", "Français"), ("es", "Español")]
# Before those of Django's own apps, which have other words for "Save".
LOCALE_PATHS = [Path(__file__).parent / "web" / "locale"] if PAGES else []

USE_TZ = True
TIME_ZONE = "UTC"
FORMAT_MODULE_PATH = "frontrow.chassis.formats"
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 86400  # pages name their files by content (web/templatetags)
APPEND_SLASH = False
DATA_UPLOAD_MAX_MEMORY_SIZE = ENVIRONMENT.max_body_bytes
SECURE_CONTENT_TYPE_NOSNIFF = False  # SafeHeaders sets every header of this kind
LOGGING_CONFIG = None
