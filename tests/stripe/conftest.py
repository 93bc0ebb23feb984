"""Payments by Stripe within this process, and the provider beside it."""

import importlib
from collections.abc import Iterator
from dataclasses import asdict

import pytest
from django.conf import settings
from pydantic import SecretStr

from frontrow.services.payments.stripe import Stripe
from tests.stripe.running import KEYS, Inbox, Provider, running
from tests.stripe.simulator import Manners

USERS = ("payment", "refund", "together", "ledger", "api", "notices", "pages")  # of the provider


@pytest.fixture(scope="session")
def _simulator() -> Iterator[Provider]:
    with running("simulator") as provider:
        yield provider


@pytest.fixture
def simulator(_simulator: Provider) -> Provider:
    """The provider that misbehaves as it is told; at first it does not."""
    _simulator.tell("/_behave", **asdict(Manners()))
    return _simulator


@pytest.fixture
def inbox(simulator: Provider) -> Iterator[Inbox]:
    """What the simulator tells by itself; nobody else hears it."""
    box = Inbox()
    simulator.tell("/_webhooks", url=box.url, secret=KEYS["STRIPE_WEBHOOK_SECRET"])
    yield box
    simulator.tell("/_webhooks", url="", secret="")
    box.close()


@pytest.fixture
def stripe(simulator: Provider, monkeypatch: pytest.MonkeyPatch) -> Stripe:
    """The simulator is whom payments asks for money."""
    told = {
        "stripe_secret_key": SecretStr(KEYS["STRIPE_SECRET_KEY"]),
        "stripe_public_key": KEYS["STRIPE_PUBLIC_KEY"],
        "stripe_webhook_secret": SecretStr(KEYS["STRIPE_WEBHOOK_SECRET"]),
        "stripe_url": simulator.address,
    }
    one = Stripe(settings.ENVIRONMENT.model_copy(update=told))
    for name in USERS:
        monkeypatch.setattr(importlib.import_module(f"frontrow.services.payments.{name}"), "PROVIDER", one)
    return one
