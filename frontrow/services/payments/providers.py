"""The payment provider of this installation: Stripe, if the settings have its keys, or the sandbox."""

from django.conf import settings

from frontrow.services.payments.provider import Provider
from frontrow.services.payments.sandbox import SANDBOX


def _provider() -> Provider:
    if not settings.ENVIRONMENT.stripe_secret_key:
        return SANDBOX
    from frontrow.services.payments.stripe import Stripe

    return Stripe(settings.ENVIRONMENT)


PROVIDER = _provider()
