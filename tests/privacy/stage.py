"""Bela, of whom Frontrow holds everything that it can hold of a person; and how months go by."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.utils import timezone

from frontrow.chassis import administrators
from frontrow.chassis.ids import new_id
from frontrow.chassis.models import Delivery
from frontrow.services.bookings.models import Finding as StockFinding
from frontrow.services.events.models import Event
from frontrow.services.payments.models import Finding as MoneyFinding
from frontrow.services.users.models import User
from tests.cast import Actor, settle
from tests.money.stage import DECLINED, paid, pays, refunds

PASSWORD = "correct horse battery"
PROFILE = {
    "displayName": "Bela Quint",
    "phone": "+49 30 99887766",
    "locale": "de",
    "timezone": "Europe/Berlin",
}
SAID = {
    "review": "Slow in the best way, says the Quint of Moabit.",
    "answer": "Thank you, yours ever from Moabit.",
    "description": "Bring your own chair to Moabit.",
    "message": "Doors open at seven in Moabit.",
    "reason": "Sorry for the Moabit rain.",
    "key": "belas-own-key",
}
ABOUT = {"name": "Bela Quint", "username": "bela.q", "email": "bela@example.org", "phone": "+49 30 99887766"}


class Member(Actor):
    """Somebody with an account."""

    def __init__(self, username: str, email: str, profile: dict[str, str]):
        super().__init__(token="none")
        self.username = username
        body = {"username": username, "email": email, "password": PASSWORD, "profileInfo": profile}
        status, told = self.post("/register", body, Authorization="")
        assert status == 201, told
        self.user_id = UUID(told["userId"])
        self.signs_in()

    def signs_in(self) -> dict[str, Any]:
        body = {"username": self.username, "password": PASSWORD}
        status, session = self.post("/login", body, Authorization="")
        assert status == 200, session
        self.token = session["accessToken"]
        return session

    def leaves(self, password: str = PASSWORD) -> tuple[int, Any]:
        return self.delete_with("/profile", {"password": password})

    def delete_with(self, path: str, body: Any) -> tuple[int, Any]:
        return self.call("DELETE", path, body)


def bela() -> Member:
    return Member(ABOUT["username"], ABOUT["email"], PROFILE)


def words_of(person: Member) -> dict[str, str]:
    """All by which somebody could be found, and all that they wrote."""
    return {**ABOUT, **SAID, "id": str(person.user_id), "hex": person.user_id.hex}


def months_go_by(time_machine: Any, *people: Member) -> None:
    """Everything that was to come is over; whoever is about signs in anew."""
    time_machine.move_to(timezone.now() + timedelta(days=60), tick=True)
    settle()
    for person in people:
        person.signs_in()


def lives(person: Member, friend: Member, time_machine: Any) -> None:
    """Bela does all that a person can do here; her friend organises what she attends, and attends hers."""
    _attends(person, friend)
    mine = _organizes(person, friend)
    months_go_by(time_machine, person, friend)
    for one, other in ((person, friend), (friend, person)):
        attended = Event.objects.filter(organizer_id=other.user_id, status="published").earliest("event_id")
        said = SAID["review"] if one is person else "Lovely."
        status, written = one.post("/reviews", {"eventId": str(attended.pk), "rating": 4, "comment": said})
        assert status == 201, written
    answered = person.post(f"/reviews/{written['reviewId']}/answer", {"comment": SAID["answer"]})
    assert answered[0] == 200, answered
    _is_operator(person)
    _is_waited_for(person, mine)
    settle()


def _attends(person: Member, friend: Member) -> None:
    """Bookings of all states, payments and refunds."""
    concert = friend.lists(capacity=50)
    other = friend.lists(capacity=50, price=0, title="For nothing")
    ticket, cancelled, given_back, lapsing = (
        person.books(concert, **({"Idempotency-Key": SAID["key"]} if n == 0 else {})) for n in range(4)
    )
    person.books(other)
    pays(person, ticket, DECLINED)
    status, payment = pays(person, ticket, **{"Idempotency-Key": f"{SAID['key']}-too"})
    assert status == 201, payment
    refunds(friend, payment, amount=300, reason=f"For {ABOUT['name']}")
    refunds(friend, paid(person, cancelled))
    paid(person, given_back)
    settle()
    assert person.delete(f"/bookings/{given_back['bookingId']}")[0] == 200
    assert (
        person.put(f"/notifications/{person.user_id}/preferences", {"mail": {"event_reminder": False}})[0]
        == 200
    )
    settle()
    assert lapsing


def _organizes(person: Member, friend: Member) -> dict[str, Any]:
    mine = person.lists(description=SAID["description"])
    person.lists(title="A draft", status="draft", description=SAID["description"])
    dropped = person.lists(title="Called off", description=SAID["description"])
    payment = paid(friend, friend.books(mine))
    settle()
    told = {"eventId": mine["eventId"], "subject": "Doors", "message": SAID["message"]}
    assert person.post("/notifications", told)[0] == 202
    key = {"Idempotency-Key": SAID["key"]}
    assert refunds(person, payment, amount=500, reason=SAID["reason"], headers=key)[0] == 201
    assert person.delete(f"/events/{dropped['eventId']}")[0] == 204
    settle()
    return mine


def _is_operator(person: Member) -> None:
    """Signed in to the admin, and disabled there once."""
    shadow = administrators._shadow(person.user_id, person.username)
    kind = ContentType.objects.get_for_model(User)
    LogEntry.objects.create(
        user=shadow, content_type=kind, object_id=str(person.user_id),
        object_repr=str(User.objects.get(pk=person.user_id)), action_flag=CHANGE, change_message="Enabled.",
    )  # fmt: skip


def _is_waited_for(person: Member, mine: dict[str, Any]) -> None:
    """Findings, and messages that could not be applied and are parked."""
    now, event_id = timezone.now(), UUID(mine["eventId"])
    StockFinding.objects.note("stock", event_id, "differs", "healed", now)
    found = MoneyFinding(kind="refund_waits", about=str(new_id()), organizer_id=person.user_id, at=now)
    MoneyFinding.objects.note(found, now)
    for kind, key, data in (
        ("user.updated.v1", str(person.user_id), {"userId": str(person.user_id), "email": ABOUT["email"]}),
        ("booking.held.v1", str(new_id()), {"userId": str(person.user_id)}),
    ):
        message_id = new_id()
        envelope = {"id": str(message_id), "type": kind, "key": key, "version": 1, "time": now.isoformat(),
                    "request_id": "", "data": data}  # fmt: skip
        Delivery.objects.create(
            listener="notifications", message_id=message_id, message=envelope, attempts=9,
            next_at=now, parked_at=now, error=f"DataError: ({person.user_id})",
        )  # fmt: skip
