"""What is sold, as the organiser sees it: places by status, money of the confirmed, days as they are there."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from frontrow.chassis.ids import new_id
from frontrow.services.bookings import booking, deciding, ending, paying, sales
from frontrow.services.bookings.models import Booking
from tests.cast import Actor, settle

from .stage import NOW, stage, wants

pytestmark = pytest.mark.django_db


def sold(who, event, query=""):
    status, answer = who.get(f"/bookings/events/{event['eventId']}/sales{query}")
    assert status == 200, answer
    return answer


def of_mine(who):
    status, answer = who.get("/bookings/sales")
    assert status == 200, answer
    return answer["items"]


def held(told, quantity=1, now=NOW):
    (answer,) = deciding.decide([wants(told, quantity)], now)
    assert answer.told
    return Booking.objects.get(booking_id=answer.booking["bookingId"])


def bought(told, quantity=1, now=NOW):
    """A ticket, paid for."""
    made = held(told, quantity, now)
    payment = paying.Paid(new_id(), made.booking_id, made.event_id, made.user_id, now)
    with transaction.atomic():
        paying.paid(payment, now)
    return made


def test_places_are_counted_by_what_became_of_them_and_only_confirmed_ones_are_worth_money(ada):
    told = stage(100, organizerId=str(ada.user_id))
    bought(told, 3), bought(told, 5), held(told, 7), held(told, 20, NOW - timedelta(minutes=20))
    ending.expire_of(UUID(told["eventId"]), NOW)
    given_back = held(told, 11)
    booking.cancel(given_back.booking_id, given_back.user_id, NOW)
    assert sold(ada, told) == {
        "eventId": told["eventId"], "confirmed": 8, "held": 7, "expired": 20, "cancelled": 11,
        "amount": 8 * 2500, "currency": "EUR",
        "days": [{"date": "2030-03-01", "places": 8, "amount": 8 * 2500}],
    }  # fmt: skip
    assert of_mine(ada) == [
        {"eventId": told["eventId"], "held": 7, "confirmed": 8, "amount": 8 * 2500, "currency": "EUR"}
    ]


def test_days_are_those_of_the_zone_asked_for(ada):
    told = stage(100, organizerId=str(ada.user_id))
    late = NOW.replace(hour=23, minute=15)
    bought(told, 1), bought(told, 2, late), bought(told, 4, late + timedelta(days=2))

    def days(zone):
        return [(day["date"], day["places"]) for day in sold(ada, told, zone)["days"]]

    assert days("") == [("2030-03-01", 3), ("2030-03-03", 4)]
    assert days("?timezone=Europe/Berlin") == [("2030-03-01", 1), ("2030-03-02", 2), ("2030-03-04", 4)]
    assert days("?timezone=Asia/Kathmandu") == [("2030-03-01", 1), ("2030-03-02", 2), ("2030-03-04", 4)]
    assert days("?timezone=America/New_York") == [("2030-03-01", 3), ("2030-03-03", 4)]


def test_an_unknown_zone_is_refused(ada):
    status, problem = ada.get(f"/bookings/events/{ada.lists()['eventId']}/sales?timezone=Mars/Olympus")
    assert (status, problem["errors"][0]["field"]) == (422, "timezone")


def test_an_event_that_sold_nothing_says_so(ada):
    event = ada.lists()
    nothing = {"eventId": event["eventId"], "held": 0, "confirmed": 0, "amount": 0, "currency": "EUR"}
    assert sold(ada, event) == {**nothing, "cancelled": 0, "expired": 0, "days": []}
    assert of_mine(ada) == [nothing]


def test_all_mine_are_listed_newest_first_and_nobody_elses(ada, ben):
    first, second = ada.lists(), ada.lists(price=0, currency="JPY")
    ben.books(second, 4)
    settle()
    assert [(each["eventId"], each["confirmed"]) for each in of_mine(ada)] == [
        (second["eventId"], 4),
        (first["eventId"], 0),
    ]
    assert of_mine(ben) == of_mine(Actor()) == []


def test_of_very_many_the_newest_are_listed(ada, monkeypatch):
    events = [ada.lists() for _ in range(3)]
    settle()
    monkeypatch.setattr(sales, "MOST_EVENTS", 2)
    assert [each["eventId"] for each in of_mine(ada)] == [each["eventId"] for each in events[:0:-1]]


def test_however_many_events_the_database_is_asked_once(ada):
    for _ in range(3):
        ada.lists()
    with CaptureQueriesContext(connection) as asked:
        sales.of_events(ada.user_id)
    assert len(asked) == 1


def test_without_signing_in_there_are_no_sales(nobody):
    assert nobody.get("/bookings/sales")[0] == 401
