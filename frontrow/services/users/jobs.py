"""Periodic work of users."""

from datetime import datetime

from frontrow.chassis.periodic import every
from frontrow.services.users import link, recovery, session


@every(hours=1)
def forget_expired_tokens(now: datetime) -> None:
    """Delete refresh tokens and links past their end."""
    session.forget_expired(now)
    link.forget_expired(now)


@every(seconds=1)
def answer_the_forgetful(now: datetime) -> None:
    """Have links to new passwords mailed."""
    recovery.answer(now)
