from datetime import UTC, datetime, timedelta

import pytest

from frontrow.chassis.models import Outbox
from frontrow.services.events.models import Event
from tests.cast import event_body

from .stage import TWO_TYPES, said, typed

pytestmark = pytest.mark.django_db


def moment(text: str) -> datetime:
    assert text.endswith("Z")
    return datetime.fromisoformat(text)


def test_an_organiser_lists_an_event_and_gets_all_of_it(ada):
    body = event_body()
    event = ada.lists(**body)
    assert {name: event[name] for name in ("title", "description", "timezone", "location", "category")} == {
        name: body[name] for name in ("title", "description", "timezone", "location", "category")
    }
    assert event["organizerId"] == str(ada.user_id)
    assert (event["status"], event["capacity"], event["availability"]) == ("published", 10, 10)
    assert event["rating"] == {"average": 0.0, "count": 0}


def test_a_simple_event_has_a_single_ticket_type(ada):
    event = ada.lists(capacity=7, price=1250, currency="CHF")
    (kind,) = event["ticketTypes"]
    assert kind.pop("ticketTypeId")
    assert kind == {"name": "Ticket", "price": 1250, "currency": "CHF", "capacity": 7, "availability": 7}


@pytest.mark.parametrize(("cap", "places"), [(None, 10), (8, 8), (99, 10)])
def test_an_event_has_the_places_of_its_ticket_types_or_its_cap(ada, cap, places):
    event = ada.lists(**typed(capacity=cap))
    assert [(kind["name"], kind["capacity"]) for kind in event["ticketTypes"]] == [
        ("Stalls", 6),
        ("Balcony", 4),
    ]
    assert (event["capacity"], event["availability"]) == (places, places)


def test_the_currency_of_the_event_is_that_of_its_types(ada):
    plain = [{name: value for name, value in kind.items() if name != "currency"} for kind in TWO_TYPES]
    event = ada.lists(**typed(ticketTypes=plain, currency="SEK"))
    assert {kind["currency"] for kind in event["ticketTypes"]} == {"SEK"}


def test_what_is_not_sent_has_a_default(ada):
    event = ada.lists(category=None)
    assert (event["category"], event["holdMinutes"], event["maxPerPerson"]) == ("", 15, 10)
    assert (event["salesStart"], event["salesEnd"]) == (None, event["endDate"])
    assert event["cancelUntil"] == event["date"]


def test_what_is_sent_is_kept(ada):
    sent = {
        "holdMinutes": 30, "maxPerPerson": 2,
        "date": "2101-05-01T18:00:00Z", "endDate": "2101-05-01T21:00:00Z",
        "salesStart": "2101-01-01T00:00:00Z", "salesEnd": "2101-05-01T17:00:00.125Z",
        "cancelUntil": "2101-04-24T18:00:00Z",
    }  # fmt: skip
    event = ada.lists(**sent)
    assert {name: event[name] for name in sent} == sent


def test_times_are_answered_in_utc(ada):
    event = ada.lists(date="2101-05-01T20:00:00+02:00", endDate="2101-05-01t23:30:00.5+02:00")
    assert event["date"] == "2101-05-01T18:00:00Z"
    assert moment(event["endDate"]) == datetime(2101, 5, 1, 21, 30, 0, 500_000, tzinfo=UTC)
    before = datetime.now(UTC) - timedelta(minutes=5)
    assert moment(event["createdAt"]) == moment(event["updatedAt"]) > before


def test_texts_are_trimmed_and_kept_as_they_are(ada):
    event = ada.lists(title="  O'Brien & <b>Söhne</b> 🎻 ", description="Zeile 1\n\tZeile 2  ")
    assert event["title"] == "O'Brien & <b>Söhne</b> 🎻"
    assert event["description"] == "Zeile 1\n\tZeile 2"


def test_the_longest_texts_fit_even_where_a_search_sees_longer_ones(ada):
    event = ada.lists(title="ß" * 200, location="ß" * 300, category="ß" * 60, description="ﷺ" * 20_000)
    assert (len(event["title"]), len(event["location"]), len(event["description"])) == (200, 300, 20_000)


@pytest.mark.parametrize(("price", "capacity"), [(0, 1), (100_000_000_00, 1_000_000)])
def test_the_smallest_and_largest_numbers_fit(ada, price, capacity):
    (kind,) = ada.lists(price=price, capacity=capacity)["ticketTypes"]
    assert (kind["price"], kind["capacity"], kind["availability"]) == (price, capacity, capacity)


def test_a_published_event_is_said_once(ada):
    event = ada.lists()
    assert said(event["eventId"]) == [("event.published.v1", 1)]


def test_a_draft_is_said_to_nobody(ada):
    draft = ada.lists(status="draft")
    assert draft["status"] == "draft"
    assert not Outbox.objects.exists()


def test_a_published_event_is_bookable_at_once(ada, ben):
    assert ben.books(ada.lists())["status"] == "held"


def test_a_draft_cannot_be_booked_by_anyone(ada, ben):
    draft = ada.lists(status="draft")
    for person in (ada, ben):
        status, problem = person.post("/bookings", {"eventId": draft["eventId"]})
        assert (status, problem["code"]) == (404, "event_not_found")


def test_nobody_lists_an_event_without_signing_in(nobody):
    status, problem = nobody.post("/events", event_body())
    assert (status, problem["code"]) == (401, "not_signed_in")
    assert not Event.objects.exists()


@pytest.mark.parametrize("whose", ["ada", "ben"])
def test_a_new_event_takes_no_ticket_type_of_another(ada, ben, whose):
    (kind,) = ada.lists()["ticketTypes"]
    stolen = {**TWO_TYPES[0], "ticketTypeId": kind["ticketTypeId"]}
    organiser = {"ada": ada, "ben": ben}[whose]
    status, problem = organiser.post("/events", event_body(**typed(ticketTypes=[stolen])))
    assert (status, problem["errors"][0]["field"]) == (422, "ticketTypes")
    assert Event.objects.count() == 1


@pytest.fixture
def only_two(settings):
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"events_per_organizer": 2})


def test_a_person_lists_and_drafts_so_many_within_an_hour_and_no_more(only_two, ada, cy):
    ada.lists()
    ada.lists(status="draft")
    status, problem = ada.post("/events", event_body(status="draft"))
    assert (status, problem["code"]) == (429, "too_many_requests")
    assert Event.objects.count() == 2
    cy.lists()


def test_what_is_refused_for_its_fields_counts_towards_no_limit(only_two, ada):
    for _ in range(3):
        assert ada.post("/events", event_body(title=""))[0] == 422
    assert ada.lists()
