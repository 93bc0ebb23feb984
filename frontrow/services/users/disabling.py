"""The story of who is put out, and let in again, by an administrator."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from frontrow.chassis.refusals import NotFound
from frontrow.services.users import messages
from frontrow.services.users.erasing import LastAdministrator
from frontrow.services.users.models import RefreshToken, User


def disable(user_id: UUID, now: datetime) -> bool:
    """Put somebody out: sessions end, and they buy nothing more; false if they were out.

    Access tokens given before live on until their end, but move no money. Raises NotFound, LastAdministrator.
    """
    with transaction.atomic(durable=True):
        if User.objects.administrators() == [user_id]:
            raise LastAdministrator
        person = _locked(user_id)
        if not person.is_active:
            return False
        _become(person, False, now)
        RefreshToken.objects.revoke_all(user_id, now)
        messages.user_disabled(person)
    return True


def enable(user_id: UUID, now: datetime) -> bool:
    """Let somebody in again, who then signs in anew; false if they were in. Raises NotFound."""
    with transaction.atomic(durable=True):
        person = _locked(user_id)
        if person.is_active:
            return False
        _become(person, True, now)
        messages.user_enabled(person)
    return True


def _locked(user_id: UUID) -> User:
    person = User.objects.select_for_update(no_key=True).filter(pk=user_id).first()
    if person is None:
        raise NotFound
    return person


def _become(person: User, is_active: bool, now: datetime) -> None:
    person.is_active, person.version, person.updated_at = is_active, person.version + 1, now
    person.save(update_fields=["is_active", "version", "updated_at"])
