"""Whatever order messages come in, and however often: the services end up knowing the same."""

import random

import pytest
from django.db import transaction
from django.utils import timezone

from frontrow.chassis import listener
from frontrow.chassis.ids import new_id
from frontrow.chassis.message import Message
from frontrow.chassis.models import Outbox
from frontrow.services.bookings import stock
from frontrow.services.bookings.models import Event as KnownEvent
from frontrow.services.bookings.models import EventStock
from frontrow.services.events.models import Event, TicketType
from frontrow.services.reviews.models import Booking as Ticket
from frontrow.services.reviews.models import Event as ReviewedEvent

pytestmark = pytest.mark.django_db


def conversation(ada, ben) -> list[Message]:
    """Everything said while an event is listed, booked, resized, renamed and another one cancelled."""
    event, other = ada.lists(capacity=5), ada.lists(price=0)
    path = f"/events/{event['eventId']}"
    for quantity in (1, 2):
        ben.books(event, quantity)
        stock.tell(timezone.now())
    ada.put(path, {"title": "Renamed", "maxPerPerson": 4})
    ada.put(path, {"capacity": 9})
    stock.tell(timezone.now())
    ticket = ben.books(other)
    ben.delete(f"/bookings/{ticket['bookingId']}")
    ada.delete(f"/events/{other['eventId']}")
    stock.tell(timezone.now())
    rows = Outbox.objects.order_by("id")
    return [Message(r.id, r.type, r.key, r.version, r.created_at, r.request_id, r.data) for r in rows]


def knowledge() -> list[object]:
    """What listeners have made of what they heard."""
    return [
        sorted(
            KnownEvent.objects.values_list("event_id", "version", "status", "max_per_person", "ticket_types")
        ),
        sorted(EventStock.objects.values_list("event_id", "capacity", "taken")),
        sorted(Event.objects.values_list("event_id", "stock_version", "availability")),
        sorted(TicketType.objects.values_list("ticket_type_id", "capacity", "availability")),
        sorted(ReviewedEvent.objects.values_list("event_id", "version", "status", "end_date")),
        sorted(Ticket.objects.values_list("booking_id", "version", "confirmed")),
    ]


def hear(messages: list[Message]) -> None:
    for message in messages:
        for name in listener.listeners_of(message.type):
            with transaction.atomic():
                listener.hear(name, message)


@pytest.mark.parametrize("seed", range(12))
def test_shuffled_and_repeated_messages_lead_to_the_same_knowledge(ada, ben, seed):
    messages = conversation(ada, ben)
    assert len({message.type for message in messages}) >= 5
    shuffle = random.Random(seed)  # noqa: S311
    twice = messages + [Message(**{**_fields(m), "id": new_id()}) for m in messages]
    shuffled = shuffle.sample(twice + messages, len(twice + messages))
    with transaction.atomic():
        hear(messages)
        in_order = knowledge()
        transaction.set_rollback(True)
    hear(shuffled)
    assert knowledge() == in_order


def _fields(message: Message) -> dict[str, object]:
    return {name: getattr(message, name) for name in Message.__slots__}
