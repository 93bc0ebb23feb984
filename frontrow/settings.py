"""Django's settings: the services of this process, put together from the environment."""

from urllib.parse import urlsplit

from environ import Env

from frontrow.chassis import cache, environment
from frontrow.listeners import LISTENERS as LISTENERS

ENVIRONMENT = environment.read()

SECRET_KEY = ENVIRONMENT.derived_secret("django")
SERVICES = ENVIRONMENT.services
ALLOWED_HOSTS = ENVIRONMENT.allowed_hosts
DEBUG = False
ROOT_URLCONF = "frontrow.urls"
WSGI_APPLICATION = "frontrow.wsgi.application"

INSTALLED_APPS = [
    "frontrow.chassis",  # before the admin, whose templates it extends
    "frontrow.chassis.apps.Admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "ninja",
    *(f"frontrow.services.{name}" for name in SERVICES),
]
MIDDLEWARE = [
    "frontrow.chassis.middleware.RequestContext",
    "frontrow.chassis.middleware.SafeHeaders",
    "frontrow.chassis.middleware.Problems",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.common.CommonMiddleware",
    "frontrow.chassis.administration.Sessions",
    "frontrow.chassis.administration.Authentication",
    "frontrow.chassis.administration.Messages",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# Persistent connections: a call within the process must not close the caller's (chassis/http.py).
_database = Env.db_url_config(ENVIRONMENT.database_url)
DATABASES = {
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
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "frontrow_admin", "frontrow_admin_csrf"
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

USE_TZ = True
TIME_ZONE = "UTC"
FORMAT_MODULE_PATH = "frontrow.chassis.formats"
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
APPEND_SLASH = False
DATA_UPLOAD_MAX_MEMORY_SIZE = ENVIRONMENT.max_body_bytes
SECURE_CONTENT_TYPE_NOSNIFF = False  # SafeHeaders sets every header of this kind
LOGGING_CONFIG = None
