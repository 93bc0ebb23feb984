"""`reconcile`: what was promised compared with what is, by the services of this process, line by line."""

from datetime import datetime
from importlib import import_module
from typing import Any

from django.conf import settings

from frontrow.chassis.refusals import Unavailable
from frontrow.services.payments.provider import ProviderAway

SERVICES = ("bookings", "payments")  # in this order: money is compared with bookings that are healed
OPEN = "open"  # of a finding that is left for a person


class NotCompared(Exception):
    """It could not be done; the message says why."""


def reconcile(now: datetime) -> tuple[int, list[str]]:
    """A line for each that was found and one more; 1 if something is left for a person, else 0.

    Raises NotCompared.
    """
    here = [name for name in SERVICES if name in settings.SERVICES]
    if not here:
        raise NotCompared("There is nothing to compare here: that is done by bookings and by payments.")
    try:
        found = [(name, each) for name in here for each in _of(name, now)]
    except Unavailable as refusal:
        raise NotCompared(refusal) from refusal
    except ProviderAway:
        raise NotCompared("The payment provider does not answer. Try again in a moment.") from None
    status = int(any(each.state == OPEN for _, each in found))
    return status, [*(_line(name, each) for name, each in found), _summary([each for _, each in found])]


def _of(service: str, now: datetime) -> list[Any]:
    return list(import_module(f"frontrow.services.{service}.reconciling").reconcile(now, everything=True))


def _line(service: str, found: Any) -> str:
    about = getattr(found, "about", found.event_id)
    return f"{service:9} {found.state:8} {found.kind:20} {about}  {found.details}"


def _summary(found: list[Any]) -> str:
    if not found:
        return "Everything agrees."
    left = sum(each.state == OPEN for each in found)
    told = f"{len(found)} found, {left} left for you to see to."
    return told if left else f"{told} What is healing is seen by the next look, while Frontrow runs."
