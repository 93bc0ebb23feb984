"""The promises between services: every message said, every message heard, on both sides of the schema."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from django.utils import timezone
from jsonschema import Draft202012Validator, ValidationError

from frontrow.chassis import listener
from frontrow.chassis.ids import new_id
from frontrow.chassis.message import Message
from frontrow.chassis.models import Absence, Outbox
from frontrow.services.bookings import jobs, messages
from frontrow.services.bookings.models import Booking, EventStock, TypeStock
from frontrow.services.bookings.models import Event as KnownEvent
from frontrow.services.events.models import Event, TicketType
from frontrow.services.events.rules import Terms, Type
from frontrow.services.notifications import models as notifications
from frontrow.services.payments.models import Payment
from frontrow.services.payments.rules import CAUSES
from frontrow.services.reviews import review
from frontrow.services.reviews.models import Booking as Ticket
from frontrow.services.reviews.models import Event as ReviewedEvent
from frontrow.services.users import disabling
from tests.cast import Actor
from tests.money.stage import DECLINED, paid, pays, refunds

from .promises import FOLDER, check_message, example, kinds, validator
from .said import said_by, services

PASSWORD = "correct horse battery"
ADDRESS = {"username": "clara", "email": "clara@example.org", "password": PASSWORD}


def objects_of(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A schema and all within it that describe objects."""
    if "properties" in schema:
        yield schema
    inside = [*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]
    for inner in inside:
        yield from objects_of(inner)


class TestSchemas:
    @pytest.mark.parametrize("kind", kinds())
    def test_a_schema_is_valid_and_says_its_own_name(self, kind):
        schema = validator(kind).schema
        Draft202012Validator.check_schema(schema)
        assert schema["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
        assert schema["title"] == kind
        assert schema["description"]

    @pytest.mark.parametrize("kind", kinds())
    def test_a_schema_is_closed_at_every_depth(self, kind):
        objects = list(objects_of(validator(kind).schema))
        assert objects
        assert all(found["additionalProperties"] is False for found in objects)

    @pytest.mark.parametrize("kind", kinds())
    def test_every_field_is_promised_and_the_version_among_them(self, kind):
        schema = validator(kind).schema
        assert set(schema["required"]) == set(schema["properties"])
        assert schema["properties"]["version"]["type"] == "integer"

    @pytest.mark.parametrize("kind", kinds())
    def test_an_example_keeps_its_promise(self, kind):
        check_message(kind, example(kind))
        times = [n for n, p in validator(kind).schema["properties"].items() if p.get("format") == "date-time"]
        no_times = [{name: "tomorrow+00:00"} for name in times]
        for broken in ({"surprise": 1}, {"version": 0}, {"version": None}, *no_times):
            with pytest.raises(ValidationError):
                check_message(kind, {**example(kind), **broken})

    def test_schemas_and_examples_are_all_there_is(self):
        names = {path.name for path in FOLDER.iterdir()}
        assert names == {f"{kind}.{form}.json" for kind in kinds() for form in ("schema", "example")}

    def test_what_the_code_can_say_is_what_is_promised(self):
        assert set.union(*map(said_by, services())) == set(kinds())

    def test_every_reason_to_cancel_is_a_cause_to_refund(self):
        reasons = validator("booking.cancelled.v1").schema["properties"]["reason"]["enum"]
        causes = validator("refund.succeeded.v1").schema["properties"]["cause"]["enum"]
        assert set(reasons) == set(CAUSES)
        assert set(CAUSES.values()) == set(causes)

    def test_what_the_code_can_hear_is_what_is_promised(self):
        assert {kind for _, kind in listener._handlers} <= set(kinds())


Act = Callable[[Actor, Actor], Iterator[None]]


def registers(ada: Actor, ben: Actor) -> Iterator[None]:
    yield
    ada.post("/register", ADDRESS)


def changes_profile(ada: Actor, ben: Actor) -> Iterator[None]:
    clara = _clara(ada)
    yield
    clara.put("/profile", {"profileInfo": {"displayName": "Clara"}})


def _clara(ada: Actor) -> Actor:
    ada.post("/register", ADDRESS)
    _, session = ada.post("/login", {"username": "clara", "password": PASSWORD})
    clara = Actor(token=session["accessToken"])
    clara.user_id = UUID(session["userId"])
    return clara


def is_disabled(ada: Actor, ben: Actor) -> Iterator[None]:
    clara = _clara(ada)
    yield
    disabling.disable(clara.user_id, timezone.now())


def is_enabled(ada: Actor, ben: Actor) -> Iterator[None]:
    clara = _clara(ada)
    disabling.disable(clara.user_id, timezone.now())
    yield
    disabling.enable(clara.user_id, timezone.now())


def leaves(ada: Actor, ben: Actor) -> Iterator[None]:
    clara = _clara(ada)
    yield
    clara.call("DELETE", "/profile", {"password": PASSWORD})


def changes_password(ada: Actor, ben: Actor) -> Iterator[None]:
    clara = _clara(ada)
    yield
    clara.put("/profile/password", {"currentPassword": PASSWORD, "newPassword": "a better horse"})


def asks_for_a_link(ada: Actor, ben: Actor) -> Iterator[None]:
    clara = _clara(ada)
    yield
    clara.post("/profile/email/confirmation", None)


def publishes(ada: Actor, ben: Actor) -> Iterator[None]:
    yield
    ada.lists(salesStart=timezone.now().isoformat())


def publishes_a_draft(ada: Actor, ben: Actor) -> Iterator[None]:
    draft = ada.lists(status="draft")
    yield
    ada.put(f"/events/{draft['eventId']}", {"status": "published"})


def updates(ada: Actor, ben: Actor) -> Iterator[None]:
    event = ada.lists()
    yield
    ada.put(f"/events/{event['eventId']}", {"title": "New", "capacity": 3})


def cancels_an_event(ada: Actor, ben: Actor) -> Iterator[None]:
    event = ada.lists()
    yield
    ada.delete(f"/events/{event['eventId']}")


def holds(ada: Actor, ben: Actor) -> Iterator[None]:
    event = ada.lists()
    yield
    ben.books(event, 2)


def books_for_nothing(ada: Actor, ben: Actor) -> Iterator[None]:
    event = ada.lists(price=0)
    yield
    ben.books(event)


def gives_back(ada: Actor, ben: Actor) -> Iterator[None]:
    booking = ben.books(ada.lists())
    yield
    ben.delete(f"/bookings/{booking['bookingId']}")


def loses_the_event(ada: Actor, ben: Actor) -> Iterator[None]:
    event = ada.lists()
    ben.books(event)
    ada.delete(f"/events/{event['eventId']}")
    settle_news()
    yield
    jobs.close_cancelled_events(timezone.now())


def lets_a_hold_lapse(ada: Actor, ben: Actor) -> Iterator[None]:
    ben.books(ada.lists(holdMinutes=1))
    yield
    jobs.expire_holds(timezone.now() + timedelta(minutes=2))


def takes_stock(ada: Actor, ben: Actor) -> Iterator[None]:
    ben.books(ada.lists())
    yield
    jobs.tell_stock(timezone.now())


def pays_for_a_hold(ada: Actor, ben: Actor) -> Iterator[None]:
    booking = ben.books(ada.lists())
    yield
    paid(ben, booking)


def is_declined(ada: Actor, ben: Actor) -> Iterator[None]:
    booking = ben.books(ada.lists())
    yield
    pays(ben, booking, DECLINED)


def is_refunded(ada: Actor, ben: Actor) -> Iterator[None]:
    payment = paid(ben, ben.books(ada.lists()))
    yield
    refunds(ada, payment, amount=100)


def pays_for_a_ticket(ada: Actor, ben: Actor) -> Iterator[None]:
    paid(ben, ben.books(ada.lists()))
    news = said_last()
    yield
    hear_everywhere(news)


def pays_too_late(ada: Actor, ben: Actor) -> Iterator[None]:
    event = ada.lists(capacity=1)
    paid(ben, ben.books(event))
    news = said_last()
    jobs.expire_holds(timezone.now() + timedelta(hours=1))
    Actor().books(event)
    yield
    hear_everywhere(news)


def is_refunded_in_full(ada: Actor, ben: Actor) -> Iterator[None]:
    payment = paid(ben, ben.books(ada.lists()))
    hear_everywhere(said_last())
    refunds(ada, payment)
    news = said_last()
    yield
    hear_everywhere(news)


def reviews(ada: Actor, ben: Actor) -> Iterator[None]:
    event = ada.lists(price=0)
    ben.books(event)
    settle_news()
    yield
    review.write(ben.user_id, UUID(event["eventId"]), 4, "Encore!", timezone.now() + timedelta(days=99))


SAID_WHEN: list[tuple[str, Act]] = [
    ("user.registered.v1", registers),
    ("user.updated.v1", changes_profile),
    ("user.disabled.v1", is_disabled),
    ("user.enabled.v1", is_enabled),
    ("user.erased.v1", leaves),
    ("user.access_changed.v1", changes_password),
    ("user.link_asked.v1", asks_for_a_link),
    ("event.published.v1", publishes),
    ("event.published.v1", publishes_a_draft),
    ("event.updated.v1", updates),
    ("event.cancelled.v1", cancels_an_event),
    ("booking.held.v1", holds),
    ("booking.confirmed.v1", books_for_nothing),
    ("booking.cancelled.v1", gives_back),
    ("booking.cancelled.v1", loses_the_event),
    ("booking.expired.v1", lets_a_hold_lapse),
    ("stock.changed.v1", takes_stock),
    ("payment.succeeded.v1", pays_for_a_hold),
    ("payment.failed.v1", is_declined),
    ("refund.succeeded.v1", is_refunded),
    ("booking.confirmed.v1", pays_for_a_ticket),
    ("booking.cancelled.v1", pays_too_late),
    ("booking.cancelled.v1", is_refunded_in_full),
    ("rating.changed.v1", reviews),
]


def said_last() -> Message:
    row = Outbox.objects.latest("id")
    return Message(row.id, row.type, row.key, row.version, row.created_at, "", row.data)


def settle_news() -> None:
    """Let what was said be heard, without any periodic work."""
    for row in Outbox.objects.order_by("id"):
        hear_everywhere(Message(row.id, row.type, row.key, row.version, row.created_at, "", row.data))


def hear_everywhere(message: Message) -> None:
    for name in listener.listeners_of(message.type):
        with transaction.atomic():
            listener.hear(name, message)


@pytest.mark.django_db
class TestSaying:
    def test_there_is_an_act_for_every_promise(self):
        assert {kind for kind, _ in SAID_WHEN} == set(kinds())

    @pytest.mark.parametrize(("kind", "act"), SAID_WHEN)
    def test_an_act_says_exactly_what_is_promised(self, ada, ben, kind, act):
        steps = act(ada, ben)
        next(steps)
        Outbox.objects.all().delete()
        assert next(steps, None) is None
        (row,) = Outbox.objects.all()
        assert row.type == kind
        check_message(kind, row.data)
        ids = {"user": "userId", "booking": "bookingId", "payment": "paymentId", "refund": "refundId"}
        aggregate = ids.get(kind.split(".")[0], "eventId")
        assert (row.data[aggregate], row.data["version"]) == (str(row.key), row.version)

    @pytest.mark.parametrize(("price", "kind"), [(2500, "booking.held.v1"), (0, "booking.confirmed.v1")])
    def test_sql_says_of_a_booking_what_python_would(self, ada, ben, price, kind):
        ben.books(ada.lists(price=price), 2)
        row = Outbox.objects.get(type=kind)
        assert times_read(row.data) == times_read(messages.booking_facts(Booking.objects.get()))

    def test_an_answer_to_events_says_what_the_message_will(self, ada, ben):
        event = ada.lists()
        ben.books(event, 3)
        jobs.tell_stock(timezone.now())
        stock, types = EventStock.objects.get(), list(TypeStock.objects.all())
        assert messages.stock_facts(stock, types) == Outbox.objects.get(type="stock.changed.v1").data


def times_read(facts: dict[str, Any]) -> dict[str, Any]:
    """The same with times as times: SQL and Python write fractions of a second differently."""
    return {
        name: datetime.fromisoformat(value)
        if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\dT", value)
        else value
        for name, value in facts.items()
    }


def is_told(kind: str) -> Message:
    """The example of a type, as a message on its way."""
    data = example(kind)
    key = UUID(data.get("eventId") or data["userId"])
    return Message(new_id(), kind, key, data["version"], timezone.now(), "", data)


def bookings_knows_a_published_event() -> None:
    hear_everywhere(is_told("event.published.v1"))


def events_has_the_event_of_the_example() -> None:
    told, now = example("event.published.v1"), timezone.now()
    kinds = [(k["name"], k["price"], k["capacity"], UUID(k["ticketTypeId"])) for k in told["ticketTypes"]]
    types = tuple(Type(type_id, name, price, capacity) for name, price, capacity, type_id in kinds)
    start, end = datetime.fromisoformat(told["date"]), datetime.fromisoformat(told["endDate"])
    event = Event(event_id=told["eventId"], organizer_id=told["organizerId"], availability=0, created_at=now)
    event.take(Terms(told["title"], "", start, end, told["timezone"], told["location"], "EUR", types), now)
    event.save(force_insert=True)
    for position, (name, price, capacity, type_id) in enumerate(kinds):
        TicketType.objects.create(
            ticket_type_id=type_id, event=event, name=name, price=price, capacity=capacity,
            availability=0, position=position,
        )  # fmt: skip


def bookings_has_the_hold_of_the_example() -> None:
    bookings_knows_a_published_event()
    told = example("booking.held.v1")
    Booking.objects.create(
        booking_id=told["bookingId"], user_id=told["userId"], event_id=told["eventId"], status="held",
        booking_date=told["bookingDate"], items=told["items"], quantity=told["quantity"], amount=told["amount"],
        currency=told["currency"], held_until=told["expiresAt"], expires_at=told["expiresAt"],
    )  # fmt: skip
    EventStock.objects.update(taken=told["quantity"])
    TypeStock.objects.filter(ticket_type_id=told["items"][0]["ticketTypeId"]).update(taken=told["quantity"])


def payments_has_the_payment_of_the_example() -> None:
    told = example("payment.succeeded.v1")
    Payment.objects.create(
        payment_id=told["paymentId"], booking_id=told["bookingId"], user_id=told["userId"],
        event_id=told["eventId"], organizer_id=told["organizerId"], amount=told["amount"],
        currency=told["currency"], status="succeeded", payment_date=told["paymentDate"],
        created_at=told["paymentDate"],
    )  # fmt: skip


def booked() -> list[Any]:
    """What became of bookings."""
    return list(Booking.objects.values_list("status", "version", "end_reason"))


def owed() -> list[Any]:
    """What payments will give back."""
    return list(Payment.objects.values_list("refunding", "refunds__amount", "refunds__cause"))


def known() -> list[Any]:
    """What bookings knows of events, and has to sell."""
    return [
        *KnownEvent.objects.values_list("version", "status"),
        *EventStock.objects.values_list("capacity", "taken"),
        *TypeStock.objects.order_by("-capacity").values_list("capacity", "taken"),
    ]


def shown() -> list[Any]:
    """What events shows as left."""
    return [
        *Event.objects.values_list("stock_version", "availability"),
        *TicketType.objects.order_by("position").values_list("availability", flat=True),
    ]


def rated() -> list[Any]:
    """What events shows of what people think."""
    return list(Event.objects.values_list("rating_version", "rating_average", "rating_count"))


def attended() -> list[Any]:
    """What reviews knows of events, and who has a ticket."""
    return [
        *ReviewedEvent.objects.values_list("version", "status"),
        *Ticket.objects.values_list("version", "confirmed"),
    ]


def told() -> list[Any]:
    """What notifications knows, and has told people."""
    return [
        *notifications.Person.objects.values_list("version", flat=True),
        *notifications.Event.objects.values_list("version", "status"),
        *notifications.Booking.objects.values_list("version", "status"),
        *notifications.Notification.objects.values_list("kind", "told"),
    ]


def away() -> list[Any]:
    """Who is out, and who is gone."""
    return list(Absence.objects.values_list("version", "is_out", "is_erased"))


OUT: tuple[Callable[[], None], Callable[[], list[Any]], list[Any]] = (lambda: None, away, [(3, True, False)])
BACK: tuple[Callable[[], None], Callable[[], list[Any]], list[Any]] = (
    lambda: None,
    away,
    [(4, False, False)],
)
GONE: tuple[Callable[[], None], Callable[[], list[Any]], list[Any]] = (lambda: None, away, [(5, True, True)])
STOCK = [(420, 0), (300, 0), (120, 0)]
HEARD: dict[tuple[str, str], tuple[Callable[[], None], Callable[[], list[Any]], list[Any]]] = {
    ("bookings", "event.published.v1"): (lambda: None, known, [(1, "published"), *STOCK]),
    ("bookings", "event.updated.v1"): (bookings_knows_a_published_event, known, [(2, "published"), *STOCK]),
    ("bookings", "event.cancelled.v1"): (bookings_knows_a_published_event, known, [(3, "cancelled"), *STOCK]),
    ("bookings", "payment.succeeded.v1"): (
        bookings_has_the_hold_of_the_example,
        booked,
        [("confirmed", 2, None)],
    ),
    ("bookings", "refund.succeeded.v1"): (
        bookings_has_the_hold_of_the_example,
        booked,
        [("cancelled", 2, "refunded")],
    ),
    ("payments", "booking.cancelled.v1"): (
        payments_has_the_payment_of_the_example,
        owed,
        [(9000, 9000, "person")],
    ),
    ("events", "rating.changed.v1"): (events_has_the_event_of_the_example, rated, [(12, 4.5, 12)]),
    ("reviews", "event.published.v1"): (lambda: None, attended, [(1, "published")]),
    ("reviews", "event.updated.v1"): (bookings_knows_a_published_event, attended, [(2, "published")]),
    ("reviews", "event.cancelled.v1"): (bookings_knows_a_published_event, attended, [(3, "cancelled")]),
    ("reviews", "booking.confirmed.v1"): (lambda: None, attended, [(1, True)]),
    ("reviews", "booking.cancelled.v1"): (lambda: None, attended, [(2, False)]),
    ("notifications", "user.registered.v1"): (lambda: None, told, [1, ("user_registered", True)]),
    ("notifications", "user.updated.v1"): (lambda: None, told, [2]),
    ("notifications", "user.link_asked.v1"): (lambda: None, told, [("new_password", True)]),
    ("notifications", "user.access_changed.v1"): (lambda: None, told, [("access_changed", True)]),
    ("notifications", "event.published.v1"): (lambda: None, told, [(1, "published")]),
    ("notifications", "event.updated.v1"): (lambda: None, told, [(2, "published")]),
    ("notifications", "event.cancelled.v1"): (lambda: None, told, [(3, "cancelled")]),
    ("notifications", "booking.held.v1"): (lambda: None, told, [(1, "held"), ("booking_held", False)]),
    ("notifications", "booking.confirmed.v1"): (
        bookings_knows_a_published_event,
        told,
        [(1, "published"), (1, "confirmed"), ("booking_confirmed", True)],
    ),
    ("notifications", "booking.expired.v1"): (
        lambda: None,
        told,
        [(2, "expired"), ("booking_expired", False)],
    ),
    ("notifications", "booking.cancelled.v1"): (
        lambda: None,
        told,
        [(2, "cancelled"), ("booking_cancelled", False)],
    ),
    ("notifications", "payment.failed.v1"): (lambda: None, told, [("payment_failed", False)]),
    ("notifications", "refund.succeeded.v1"): (lambda: None, told, [("refund_succeeded", False)]),
    **{(who, "user.disabled.v1"): OUT for who in ("bookings", "payments")},
    **{(who, "user.enabled.v1"): BACK for who in ("bookings", "payments")},
    **{
        (who, "user.erased.v1"): GONE
        for who in ("events", "bookings", "payments", "notifications", "reviews")
    },
    ("events", "stock.changed.v1"): (events_has_the_event_of_the_example, shown, [(7, 418), 298, 120]),
}


@pytest.mark.django_db
class TestHearing:
    def test_every_listener_is_tried(self):
        assert set(HEARD) == set(listener._handlers)

    @pytest.mark.parametrize(("who", "kind"), HEARD)
    def test_an_example_changes_what_it_should_once(self, who, kind):
        prepare, state, expected = HEARD[who, kind]
        prepare()
        assert state() != expected
        message = is_told(kind)
        for _ in range(2):
            hear_everywhere(message)
            assert state() == expected
        hear_everywhere(is_told(kind))
        assert state() == expected
