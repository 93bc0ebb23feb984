"""The story of a link that works once: made, mailed, opened, used up.

It is signed over what must still be so when it is opened: the address it was sent to, and the password that
it replaces. Who reads our tables, messages or logs cannot make it.
"""

import base64
import hashlib
import hmac
import json
from datetime import datetime
from uuid import UUID

from django.conf import settings

from frontrow.chassis.ids import new_id
from frontrow.chassis.limits import Limit
from frontrow.chassis.refusals import Refusal
from frontrow.services.users import messages, rules
from frontrow.services.users.models import Link, User

WINDOW_SECONDS = 3600


class InvalidLink(Refusal):
    code, status = "invalid_link", 410
    detail = "This link was used, is too old, or was never ours. Ask for a new one."


def make(user: User, purpose: str, now: datetime, link_id: UUID | None = None) -> Link:
    """A link that is not mailed yet, or what is between the password and the code."""
    ends = now + (rules.TO_SIGN_IN if purpose == rules.SIGN_IN else rules.MAILED_WITHIN)
    return Link.objects.create(
        link_id=link_id or new_id(), user=user, purpose=purpose, created_at=now, expires_at=ends
    )


def ask(user: User, purpose: str, now: datetime) -> None:
    """Have a link made and mailed. Runs in the caller's transaction."""
    made = make(user, purpose, now)
    messages.link_asked(user, made.link_id, purpose)


def mailed(link_id: UUID, now: datetime) -> tuple[str, str] | None:
    """The token of a link and the address it goes to, when it is mailed: from now on its time runs.

    None if it is of no use any more. Sent again it is the same token.
    """
    live = Link.objects.live(link_id, now).filter(created_at__gt=now - rules.MAILED_WITHIN)
    found = live.select_related("user").first()
    if found is None or found.purpose not in rules.LIFE or _is_pointless(found):
        return None
    live.update(expires_at=now + rules.LIFE[found.purpose])
    return token(found), found.user.email


def opened(given: str, purpose: str, now: datetime) -> Link:
    """The link of a token, not used up by that. Raises InvalidLink."""
    try:
        raw = base64.b64decode(given, altchars=b"-_", validate=True)
        link_id = UUID(bytes=raw[:16])
    except ValueError as error:
        raise InvalidLink from error
    found = Link.objects.live(link_id, now).filter(purpose=purpose).select_related("user").first()
    if found is None or not hmac.compare_digest(raw, _signed(found)):
        raise InvalidLink
    return found


def token(link: Link) -> str:
    """What opens a link, as long as what it is bound to stays as it is."""
    return base64.urlsafe_b64encode(_signed(link)).decode()


def limit(email: str, address: str, now: datetime) -> None:
    """Count a link that is asked for. Raises TooMany, whether or not anybody has the address."""
    most = settings.ENVIRONMENT
    for counted, key in (
        (Limit("links-account", most.links_per_account, WINDOW_SECONDS), rules.folded(email)),
        (Limit("links-address", most.links_per_address, WINDOW_SECONDS), address),
    ):
        counted.check(key, now)
        counted.count(key, now)


def forget_expired(now: datetime) -> int:
    """Delete links that could not be used any more; how many."""
    return Link.objects.filter(expires_at__lt=now).delete()[0]


def _is_pointless(link: Link) -> bool:
    return link.purpose == rules.CONFIRM_EMAIL and link.user.email_confirmed


def _signed(link: Link) -> bytes:
    """The link's id, and an HMAC of all that it is bound to."""
    bound = [link.purpose, str(link.link_id), str(link.user_id), link.user.email]
    if link.purpose != rules.CONFIRM_EMAIL:
        bound.append(link.user.password)
    secret = settings.ENVIRONMENT.derived_secret("links")
    return link.link_id.bytes + hmac.digest(secret.encode(), json.dumps(bound).encode(), hashlib.sha256)
