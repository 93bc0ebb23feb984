import itertools
from uuid import UUID

import pytest
from django.db import transaction

from frontrow.chassis import listener
from frontrow.chassis.ids import new_id
from frontrow.chassis.message import Message
from frontrow.services.events.models import Event
from tests.cast import settle

from .stage import as_sent, on_sale, on_show, typed, version

pytestmark = pytest.mark.django_db


def news(event, number, left=None, **changes):
    """stock.changed as bookings says it, with so many places left of each type."""
    left = number if left is None else left
    types = [
        {"ticketTypeId": kind["ticketTypeId"], "capacity": kind["capacity"], "availability": left}
        for kind in event["ticketTypes"]
    ]
    data = {
        "eventId": event["eventId"], "version": number, "capacity": None,
        "availability": left * len(types), "ticketTypes": types, **changes,
    }  # fmt: skip
    now = Event.objects.values_list("created_at", flat=True)[0]
    return Message(new_id(), "stock.changed.v1", UUID(event["eventId"]), number, now, "", data)


def hear(*messages):
    for message in messages:
        hear_together(message)


def hear_together(*messages):
    with transaction.atomic():
        listener.hear("events", *messages)


def shown(ada, event):
    after = ada.get(f"/events/{event['eventId']}")[1]
    return after["availability"], [kind["availability"] for kind in after["ticketTypes"]]


@pytest.mark.parametrize("order", list(itertools.permutations([1, 2, 3])))
def test_news_may_come_in_any_order_and_the_newest_stays(ada, order):
    event = ada.lists(**typed())
    hear(*[news(event, number) for number in order])
    assert shown(ada, event) == (6, [3, 3])


def test_of_news_that_come_together_the_newest_of_each_event_stays(ada):
    event, other, third = ada.lists(**typed()), ada.lists(), ada.lists()
    hear(news(third, 9))
    hear_together(news(other, 4), news(event, 1), news(event, 3), news(third, 8), news(event, 2))
    assert [shown(ada, each) for each in (event, other, third)] == [(6, [3, 3]), (4, [4]), (9, [9])]


def test_news_heard_again_change_nothing(ada):
    event = ada.lists()
    first, second = news(event, 1), news(event, 2)
    hear(first, second, first, second, first)
    assert shown(ada, event) == (2, [2])


def test_older_news_never_overwrite_even_under_another_id(ada):
    event = ada.lists()
    hear(news(event, 5), news(event, 4), news(event, 5, left=9))
    assert shown(ada, event) == (5, [5])


def test_news_tell_the_capacities_that_bookings_decided(ada):
    event = ada.lists()
    (kind,) = event["ticketTypes"]
    told = {**kind, "capacity": 12, "availability": 8}
    types = [{name: told[name] for name in ("ticketTypeId", "capacity", "availability")}]
    hear(news(event, 3, ticketTypes=types, availability=7, capacity=11))
    after = ada.get(f"/events/{event['eventId']}")[1]
    assert (after["capacity"], after["availability"]) == (11, 7)
    assert after["ticketTypes"] == [told]


def test_news_are_no_version_of_the_event(ada):
    event = ada.lists()
    hear(news(event, 7))
    assert version(event["eventId"]) == 1
    assert ada.get(f"/events/{event['eventId']}")[1]["updatedAt"] == event["updatedAt"]


def test_news_of_an_unknown_event_or_type_change_nothing(ada):
    known, gone = ada.lists(), ada.lists(status="draft")
    ada.delete(f"/events/{gone['eventId']}")
    stranger = {**known["ticketTypes"][0], "ticketTypeId": gone["ticketTypes"][0]["ticketTypeId"]}
    hear(news(gone, 3), news({**known, "ticketTypes": [stranger]}, 3, availability=10))
    assert shown(ada, known) == (10, [10])
    assert Event.objects.count() == 1


def test_what_is_shown_follows_what_is_sold(ada, ben, cy):
    event = ada.lists()
    ben.books(event, 3)
    booking = cy.books(event, 4)
    settle()
    assert shown(ada, event) == (3, [3])
    cy.delete(f"/bookings/{booking['bookingId']}")
    settle()
    assert shown(ada, event) == (7, [7])
    assert on_sale(event["eventId"]) == on_show(event["eventId"])


def test_a_change_of_title_keeps_what_is_left(ada, ben):
    event = ada.lists(**typed())
    hear(news(event, 1, left=2))
    ada.put(
        f"/events/{event['eventId']}", {"title": "New", "ticketTypes": [*map(as_sent, event["ticketTypes"])]}
    )
    assert shown(ada, event) == (4, [2, 2])
