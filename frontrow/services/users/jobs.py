"""Periodic work of users."""

from datetime import datetime

from frontrow.chassis.periodic import every
from frontrow.services.users import session


@every(hours=1)
def forget_expired_tokens(now: datetime) -> None:
    """Delete refresh tokens past their end."""
    session.forget_expired(now)
