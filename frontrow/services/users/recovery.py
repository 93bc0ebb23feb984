"""The story of the way back: a forgotten password replaced, an address confirmed, by links in mails."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from frontrow.chassis.refusals import NotFound
from frontrow.services.users import link, messages, passwords, rules
from frontrow.services.users.link import InvalidLink
from frontrow.services.users.models import Forgotten, Link, RefreshToken, User
from frontrow.services.users.user import find

AT_ONCE = 100  # answered in one run


def forgotten(email: str, address: str, now: datetime) -> None:
    """Have a link to a new password mailed, if this is somebody's address. Raises TooMany.

    Whether it is is looked up later: no answer, and no time that it takes, tells who has an account.
    """
    link.limit(email, address, now)
    with transaction.atomic(durable=True):
        Forgotten.objects.create(email=rules.folded(email), asked_at=now)


def answer(now: datetime) -> None:
    """Have links mailed to those who forgot. Several may run at once."""
    with transaction.atomic(durable=True):
        some = Forgotten.objects.select_for_update(skip_locked=True).order_by("pk")[:AT_ONCE]
        for asked in list(some):
            user = User.objects.by_login(asked.email)
            if user and user.is_active:
                link.ask(user, rules.NEW_PASSWORD, now)
            asked.delete()


def reset(token: str, password: str, now: datetime) -> None:
    """Replace a password by the link in a mail, which also shows that mail arrives. All sessions end.

    Raises InvalidLink, GuessablePassword.
    """
    found = link.opened(token, rules.NEW_PASSWORD, now)
    user = found.user
    passwords.refuse_guessable(password, user.username, user.email)
    stored = passwords.hashed(password)
    with transaction.atomic(durable=True):
        _use(found, now)
        User.objects.filter(pk=user.pk).update(password=stored, email_confirmed_at=now, updated_at=now)
        RefreshToken.objects.revoke_all(user.pk, now)
        messages.access_changed(user, "password")


def confirm(token: str, now: datetime) -> None:
    """Note that mail reaches the address of an account. Raises InvalidLink."""
    found = link.opened(token, rules.CONFIRM_EMAIL, now)
    with transaction.atomic(durable=True):
        _use(found, now)
        User.objects.filter(pk=found.user_id).update(email_confirmed_at=now, updated_at=now)


def confirm_anew(user_id: UUID, address: str, now: datetime) -> None:
    """Have the link that confirms my address mailed again, unless it is. Raises NotFound, TooMany."""
    user = find(user_id)
    link.limit(user.email, address, now)
    with transaction.atomic(durable=True):
        if not User.objects.lock(user_id):
            raise NotFound
        if not user.email_confirmed:
            link.ask(user, rules.CONFIRM_EMAIL, now)


def _use(found: Link, now: datetime) -> None:
    """Use a link up, if what it is bound to is still so. Raises InvalidLink."""
    locked = User.objects.lock(found.user_id, found.user.password, found.user.email)
    if not locked or not Link.objects.use(found.link_id, now):
        raise InvalidLink
