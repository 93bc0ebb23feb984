"""The story of an erasure: the others are asked whether somebody would lose by it, then the account goes."""

from datetime import datetime
from uuid import UUID

import structlog
from django.db import transaction

from frontrow.chassis import absences
from frontrow.chassis.refusals import Refusal
from frontrow.services.users import clients, messages, session
from frontrow.services.users.models import Forgotten, User
from frontrow.services.users.session import WrongPassword
from frontrow.services.users.user import UnknownLogin, find

log = structlog.get_logger(__name__)


class EventsToCome(Refusal):
    code, status = "events_to_come", 409
    detail = (
        "People hold places of events that you organise. Cancel these events, so that everybody is told and"
        " gets their money back, or come again when they are over."
    )


class TicketsToCome(Refusal):
    code, status = "tickets_to_come", 409
    detail = (
        "You hold places of events that are still to come. Give them back first, so that what you paid comes"
        " back, or come again when the events are over."
    )


class MoneyOnItsWay(Refusal):
    code, status = "money_on_its_way", 409
    detail = "A payment or refund of yours is still on its way. Come again in a while, when it has arrived."


class LastAdministrator(Refusal):
    code, status = "last_administrator", 409
    detail = "Nobody else could look after Frontrow. Make somebody else an administrator first."


REFUSALS: tuple[type[Refusal], ...] = (EventsToCome, TicketsToCome, MoneyOnItsWay, LastAdministrator)


def erase(user_id: UUID, password: str, code: str | None, address: str, now: datetime) -> None:
    """Erase a person's own account: all their sessions end, and every service is told to forget them.

    Raises each of REFUSALS, NotFound, WrongPassword, WrongCode, TooMany as in changing a password, and
    Unavailable.
    """
    person = find(user_id)
    session.prove(person, password, code, address, now)
    _ask_the_others(user_id)
    with transaction.atomic(durable=True):
        _refuse_last_administrator(user_id)
        if not User.objects.lock(user_id, person.password):
            raise WrongPassword
        _forget(user_id)
    log.info("account_erased", user_id=str(user_id))  # for who restores a backup


def erase_for(login: str) -> None:
    """The same for somebody who asked the operators: by username, e-mail address or id, disabled or not.

    Raises each of REFUSALS, UnknownLogin, and Unavailable.
    """
    person = User.objects.by_login(login) or User.objects.by_id(login)
    if person is None:
        raise UnknownLogin
    _ask_the_others(person.user_id)
    with transaction.atomic(durable=True):
        _refuse_last_administrator(person.user_id)
        _forget(person.user_id)
    log.info("account_erased", user_id=str(person.user_id))


def _refuse_last_administrator(user_id: UUID) -> None:
    if User.objects.administrators() == [user_id]:
        raise LastAdministrator


def _forget(user_id: UUID) -> None:
    gone = User.objects.select_for_update().get(pk=user_id)
    gone.version += 1
    messages.user_erased(gone)
    absences.erase(user_id, gone.version)
    Forgotten.objects.filter(email=gone.email).delete()
    gone.delete()


def _ask_the_others(user_id: UUID) -> None:
    """What comes in between the answers and the end is settled by those who hear of it."""
    held, organized = clients.to_come(user_id, clients.places_of(user_id))
    if booked := clients.booked(organized):
        raise EventsToCome(events=booked)
    if held:
        raise TicketsToCome(events=held)
    if clients.money_on_its_way(user_id):
        raise MoneyOnItsWay
