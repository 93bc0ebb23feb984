"""What people think of an event, as events shows it and sorts by it."""

import itertools
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

import pytest
from django.db import transaction
from django.utils import timezone

from frontrow.chassis import listener
from frontrow.chassis.ids import new_id
from frontrow.chassis.message import Message
from frontrow.services.events.models import Event

from .stage import said, version

pytestmark = pytest.mark.django_db


def news(event, number, average, count=3):
    """rating.changed as reviews says it."""
    data = {"eventId": event["eventId"], "average": average, "count": count, "version": number}
    key = UUID(event["eventId"])
    return Message(new_id(), "rating.changed.v1", key, number, timezone.now(), "", data)


def hear(*messages):
    for message in messages:
        with transaction.atomic():
            listener.hear("events", message)


def rating(who, event):
    found = who.get(f"/events/{event['eventId']}")[1]["rating"]
    return found["average"], found["count"]


def by_rating(who, **wanted):
    status, page = who.get(f"/events?{urlencode({'sort': 'rating', **wanted})}")
    assert status == 200, page
    return [event["title"] for event in page["items"]]


def test_an_event_begins_without_a_rating(ada):
    assert rating(ada, ada.lists()) == (0, 0)


@pytest.mark.parametrize("order", list(itertools.permutations([1, 2, 3])))
def test_news_may_come_in_any_order_and_twice(ada, order):
    event = ada.lists()
    by_version = {number: news(event, number, 5 - number, number) for number in order}
    hear(*[by_version[number] for number in (*order, *order)])
    hear(*[news(event, number, 5 - number, number) for number in order])
    assert rating(ada, event) == (2, 3)


def test_an_average_is_shown_with_two_decimals_and_sorted_by_all(ada, nobody):
    for title, average in (("Good", 13 / 3), ("Better", 4.334), ("Best", 4.34)):
        hear(news(ada.lists(title=title), 1, average))
    assert by_rating(nobody) == ["Best", "Better", "Good"]
    good = Event.objects.get(title="Good")
    assert rating(nobody, {"eventId": str(good.event_id)}) == (4.33, 3)


def test_a_rating_moves_an_event_in_a_search_sorted_by_it(ada, nobody):
    events = {title: ada.lists(title=title) for title in ("A", "B", "C")}
    hear(news(events["A"], 1, 3.0), news(events["B"], 1, 4.0))
    assert by_rating(nobody) == ["B", "A", "C"]
    hear(news(events["C"], 1, 5.0), news(events["A"], 2, 4.5))
    assert by_rating(nobody) == ["C", "A", "B"]


def test_among_equals_the_one_that_more_people_rated_is_first(ada, nobody):
    for title, count in (("Few", 2), ("Many", 9), ("Some", 5)):
        hear(news(ada.lists(title=title), 1, 4.5, count))
    assert by_rating(nobody) == ["Many", "Some", "Few"]


def test_events_that_are_over_are_sorted_when_asked_for(ada, nobody):
    now = datetime.now(UTC)
    for title, average in (("Past", 4.0), ("Past and better", 5.0)):
        event = ada.lists(title=title)
        hear(news(event, 1, average))
        past = {"date": now - timedelta(days=2), "end_date": now - timedelta(days=1)}
        Event.objects.filter(event_id=event["eventId"]).update(**past)
    assert by_rating(nobody, **{"from": (now - timedelta(days=3)).isoformat()}) == ["Past and better", "Past"]


def test_a_rating_is_no_version_of_the_event_and_is_not_told_on(ada):
    event = ada.lists()
    hear(news(event, 7, 4.0))
    assert version(event["eventId"]) == 1
    assert said(event["eventId"]) == [("event.published.v1", 1)]
    assert ada.get(f"/events/{event['eventId']}")[1]["updatedAt"] == event["updatedAt"]


def test_a_change_of_the_event_keeps_its_rating(ada):
    event = ada.lists()
    hear(news(event, 1, 4.0))
    ada.put(f"/events/{event['eventId']}", {"title": "New", "capacity": 20})
    assert rating(ada, event) == (4, 3)
    hear(news(event, 1, 1.0))
    assert rating(ada, event) == (4, 3)


def test_news_of_an_event_that_is_not_here_change_nothing(ada):
    known, gone = ada.lists(), ada.lists(status="draft")
    ada.delete(f"/events/{gone['eventId']}")
    hear(news(gone, 1, 5.0))
    assert rating(ada, known) == (0, 0)
    assert Event.objects.count() == 1
