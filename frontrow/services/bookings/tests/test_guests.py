"""Who comes, as the organiser sees it: everybody, by status, by name; and nobody else sees it."""

import pytest

from frontrow.chassis import http
from frontrow.chassis.ids import new_id
from frontrow.services.bookings import guests
from frontrow.services.bookings.models import Event
from tests.cast import Actor, event_body

pytestmark = pytest.mark.django_db


@pytest.fixture
def users_away(settings):
    """Users lives at an address where nobody listens, from when it is said."""

    def go():
        settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"users_url": "http://127.0.0.1:9"})
        http._client.cache_clear()

    yield go
    http._client.cache_clear()


def registered(name, display):
    """Somebody with an account."""
    body = {
        "username": name, "email": f"{name}@example.org", "password": "correct horse battery",
        "profileInfo": {"displayName": display},
    }  # fmt: skip
    assert Actor().post("/register", body)[0] == 201
    token = Actor().post("/login", {"username": name, "password": "correct horse battery"})[1]["accessToken"]
    return Actor(token=token)


@pytest.fixture
def clara():
    return registered("clara", "Clara Wieck")


@pytest.fixture
def robert():
    return registered("robert", "Robert Schumann")


def listed(who, event, query=""):
    status, page = who.get(f"/bookings/events/{event['eventId']}{query}")
    assert status == 200, page
    return page["items"]


def ids(bookings):
    return [booking["bookingId"] for booking in bookings]


def test_all_who_booked_are_listed_newest_first_with_name_and_address(ada, clara, robert):
    event, other = ada.lists(), ada.lists()
    first, second = clara.books(event, 2), robert.books(event)
    clara.books(other)
    robert.delete(f"/bookings/{second['bookingId']}")
    found = listed(ada, event)
    assert ids(found) == [second["bookingId"], first["bookingId"]]
    assert found[1] == {**first, "name": "Clara Wieck", "email": "clara@example.org"}
    assert (found[0]["name"], found[0]["email"]) == ("Robert Schumann", "robert@example.org")
    assert (found[0]["status"], found[0]["endReason"], found[0]["expiresAt"]) == ("cancelled", "person", None)
    assert found[0]["endedAt"] > second["bookingDate"]


def test_they_can_be_narrowed_by_status(ada, clara, robert):
    event = ada.lists()
    held, given_back = clara.books(event), robert.books(event)
    robert.delete(f"/bookings/{given_back['bookingId']}")
    assert ids(listed(ada, event, "?status=held")) == ids([held])
    assert ids(listed(ada, event, "?status=cancelled")) == ids([given_back])
    assert listed(ada, event, "?status=confirmed") == []


def test_they_can_be_found_by_name_and_address(ada, clara, robert):
    event = ada.lists()
    hers, his = clara.books(event), robert.books(event)
    assert ids(listed(ada, event, "?q=wieck")) == ids([hers])
    assert ids(listed(ada, event, "?q=ROBERT@example.org")) == ids([his])
    assert ids(listed(ada, event, "?q=example")) == ids([his, hers])
    assert listed(ada, event, "?q=brahms") == []
    assert ids(listed(ada, event, "?q=")) == ids([his, hers])


def test_of_many_holders_all_are_asked_about_in_turn(ada, clara, robert, monkeypatch):
    event = ada.lists()
    hers, his = clara.books(event), robert.books(event)
    monkeypatch.setattr(guests, "PEOPLE_AT_ONCE", 1)
    assert ids(listed(ada, event, "?q=example")) == ids([his, hers])
    monkeypatch.setattr(guests, "MOST_SEARCHED", 1)
    assert ids(listed(ada, event, "?q=example")) == ids([his])


def test_they_come_in_pages(ada, clara):
    event = ada.lists()
    made = [clara.books(event)["bookingId"] for _ in range(5)]
    seen, cursor = [], ""
    while cursor is not None:
        _, page = ada.get(
            f"/bookings/events/{event['eventId']}?q=clara&limit=2{cursor and f'&cursor={cursor}'}"
        )
        seen += ids(page["items"])
        cursor = page["nextCursor"]
    assert seen == made[::-1]


def test_who_has_no_account_has_no_name(ada, ben):
    event = ada.lists()
    ben.books(event)
    (found,) = listed(ada, event)
    assert (found["name"], found["email"], found["userId"]) == (None, None, str(ben.user_id))


@pytest.mark.parametrize("path", ["", "/sales"])
def test_another_organisers_event_is_as_if_it_were_not(ada, ben, cy, nobody, path):
    event = ada.lists()
    ben.books(event)
    for who in (ben, cy):
        for event_id in (event["eventId"], new_id()):
            status, problem = who.get(f"/bookings/events/{event_id}{path}")
            assert (status, problem["code"]) == (404, "not_found")
    assert nobody.get(f"/bookings/events/{event['eventId']}{path}")[0] == 401


@pytest.mark.parametrize("path", ["", "/sales"])
def test_an_event_that_bookings_has_not_heard_of_is_asked_for(ada, path):
    event = ada.lists()
    Event.objects.all().delete()
    assert ada.get(f"/bookings/events/{event['eventId']}{path}")[0] == 200
    draft = ada.post("/events", event_body(status="draft"))[1]
    assert ada.get(f"/bookings/events/{draft['eventId']}{path}")[0] == 404


@pytest.mark.parametrize("query", ["status=sold", "q=a%00b", "limit=0", "cursor=x", "page=2"])
def test_a_bad_query_is_refused_by_name(ada, query):
    status, problem = ada.get(f"/bookings/events/{ada.lists()['eventId']}?{query}")
    assert status == 422
    assert problem["code"] in {"invalid_request", "invalid_cursor"}


def test_while_users_is_away_bookings_come_without_names_and_a_search_is_unavailable(ada, clara, users_away):
    event = ada.lists()
    mine = clara.books(event)
    users_away()
    (found,) = listed(ada, event)
    assert (found["bookingId"], found["name"], found["email"]) == (mine["bookingId"], None, None)
    status, problem = ada.get(f"/bookings/events/{event['eventId']}?q=clara")
    assert (status, problem["code"]) == (503, "unavailable")


def test_one_booking_can_be_asked_for(ada, clara, robert):
    event, other = ada.lists(), ada.lists()
    wanted, _ = clara.books(event), robert.books(event)
    assert [each["name"] for each in listed(ada, event, f"?bookingId={wanted['bookingId']}")] == [
        "Clara Wieck"
    ]
    assert listed(ada, other, f"?bookingId={wanted['bookingId']}") == []
