"""What is kept encrypted under the installation's secret: a dump of the database alone opens nothing."""

import base64
import hashlib

from cryptography.fernet import Fernet
from django.conf import settings


def safe(purpose: str) -> Fernet:
    """A key for one purpose, derived from SECRET_KEY."""
    secret = settings.ENVIRONMENT.derived_secret(purpose)
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(secret.encode()).digest()))
