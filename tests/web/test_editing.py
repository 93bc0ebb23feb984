"""Describing an event: right at once, mended where it is wrong, nothing lost, never twice."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from html import unescape
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from frontrow.chassis import http
from tests.cast import settle

pytestmark = pytest.mark.django_db
YEAR = datetime.now(UTC).year + 2
SKIPPED = max(
    date(YEAR, 3, day) for day in range(25, 32) if date(YEAR, 3, day).weekday() == 6
)  # Berlin's spring
DOUBLED = max(
    date(YEAR, 10, day) for day in range(25, 32) if date(YEAR, 10, day).weekday() == 6
)  # and autumn


def fields(**changes):
    """The form as a person fills it in."""
    return {
        "token": "4b0f", "title": "An evening with Clara", "category": "concert", "description": "Songs.",
        "starts": f"{YEAR}-05-01T20:00", "ends": f"{YEAR}-05-01T23:00", "zone": "Europe/Berlin",
        "location": "Konzerthaus, Berlin", "currency": "EUR", "capacity": "", "hold_minutes": "15",
        "max_per_person": "10", "sales_start": "", "sales_end": "", "cancel_until": "",
        "type0-ticket_type_id": "", "type0-name": "Stalls", "type0-price": "25,50", "type0-capacity": "10",
        "do": "publish", **changes,
    }  # fmt: skip


def event_of(answer):
    """The id of the event that an answer leads to."""
    assert answer.status_code == 303, answer.content.decode()
    return re.search(r"/organize/([0-9a-f-]{36})", answer["Location"])[1]


def value(page, name):
    """What stands in a field of a page."""
    field = re.search(rf'<input[^>]*name="{name}"[^>]*>', page)[0]
    found = re.search(r'value="([^"]*)"', field)
    return unescape(found[1]) if found else ""


def test_an_event_is_put_on_sale(visit, ada):
    answer = visit(ada).post("/organize/new", fields())
    assert "note=event-published" in answer["Location"]
    _, event = ada.get(f"/events/{event_of(answer)}")
    assert (event["status"], event["title"], event["timezone"]) == (
        "published",
        "An evening with Clara",
        "Europe/Berlin",
    )
    assert datetime.fromisoformat(event["date"]) == datetime(YEAR, 5, 1, 18, tzinfo=UTC)
    kind = event["ticketTypes"][0]
    assert (kind["name"], kind["price"], kind["currency"], kind["capacity"]) == ("Stalls", 2550, "EUR", 10)
    assert event["capacity"] == 10


def test_a_draft_is_seen_by_its_organiser_alone(visit, ada, ben):
    answer = visit(ada).post("/organize/new", fields(do="draft"))
    event_id = event_of(answer)
    assert ada.get(f"/events/{event_id}")[1]["status"] == "draft"
    assert ben.get(f"/events/{event_id}")[0] == 404


@pytest.mark.parametrize(("changes", "words"), [
    ({"title": ""}, "This field is required"),
    ({"starts": "soon"}, "Enter day and time."),
    ({"starts": f"{SKIPPED}T02:30"}, "The clocks go forward at that moment"),
    ({"starts": f"{DOUBLED}T02:30"}, "this time comes twice"),
    ({"starts": "2001-01-01T10:00", "ends": "2001-01-01T12:00"}, "Choose a time that is still to come."),
    ({"ends": f"{YEAR}-05-01T19:00"}, "The event must end after it begins"),
    ({"sales_end": f"{YEAR}-06-01T19:00"}, "Sales must end before the event does."),
    ({"type0-price": "free"}, "Enter an amount such as 12.50"),
    ({"type0-price": "999999999999"}, "This cannot be so."),
    ({"type1-name": "stalls", "type1-price": "1", "type1-capacity": "1"}, "Each ticket type needs a name of its own."),
    ({"zone": "Mars/Olympus"}, "Select a valid choice"),
    ({"title": "two\u2028lines"}, "Use plain text on one line"),
])  # fmt: skip
def test_what_is_wrong_is_said_and_nothing_is_lost(visit, ada, changes, words):
    answer = visit(ada).post("/organize/new", fields(**changes))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in unescape(page)
    assert value(page, "location") == "Konzerthaus, Berlin"
    assert value(page, "type0-name") == "Stalls"
    assert value(page, "type0-price") == changes.get("type0-price", "25,50")
    assert ada.get(f"/events?organizerId={ada.user_id}")[1]["items"] == []


def test_a_picture_must_be_chosen_again_and_that_is_said(visit, ada):
    picture = SimpleUploadedFile("a.png", b"x", "image/png")
    page = visit(ada).post("/organize/new", fields(title="", cover=picture)).content.decode()
    assert "Please choose the picture again" in page


def test_ticket_types_come_and_go_and_nothing_is_lost(visit, ada):
    browser = visit(ada)
    page = browser.post("/organize/new", fields(do="add", title="")).content.decode()
    assert 'name="type1-name"' in page
    assert value(page, "type0-price") == "25,50"
    assert "required." not in page  # nothing is judged yet
    two = fields(**{"type1-name": "Balcony", "type1-price": "9", "type1-capacity": "3", "do": "remove-0"})
    page = browser.post("/organize/new", two).content.decode()
    assert value(page, "type0-name") == "Balcony"
    assert 'name="type1-name"' not in page


def test_htmx_gets_the_rows_alone(visit, ada):
    page = visit(ada).post("/organize/new", fields(do="add"), headers={"HX-Request": "true"}).content.decode()
    assert page.lstrip().startswith('<div id="ticket-types"')
    assert "<html" not in page


def test_a_preview_shows_what_is_there_so_far(visit, ada):
    browser = visit(ada)
    card = browser.post("/organize/preview", fields(title="<script>x", starts="")).content.decode()
    assert "&lt;script&gt;x" in card
    assert "Day and time" in card
    assert "€25.50" in card
    assert "€25.50" in browser.post("/organize/new", fields(do="preview")).content.decode()
    assert browser.post("/organize/preview", {"zone": "../../etc", "currency": "?"}).status_code == 200
    assert browser.post("/organize/preview", fields(**{"type0-price": "9" * 40})).status_code == 200


def test_a_preview_does_not_call_all_of_it_free(visit, ada):
    two = {"type0-price": "0", "type1-name": "Gold", "type1-price": "50", "type1-capacity": "3"}
    assert "Free – €50" in visit(ada).post("/organize/preview", fields(**two)).content.decode()


def test_sent_twice_it_is_one_event(visit, ada):
    first, second = (event_of(visit(ada).post("/organize/new", fields())) for _ in range(2))
    assert first == second
    assert event_of(visit(ada).post("/organize/new", fields(token="another"))) != first


@pytest.mark.django_db(transaction=True)
def test_sent_twice_at_once_it_is_one_event(visit, ada):
    def send(browser):
        try:
            return event_of(browser.post("/organize/new", fields()))
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        made = set(pool.map(send, [visit(ada) for _ in range(3)]))
    assert len(made) == 1
    assert len(ada.get(f"/events?organizerId={ada.user_id}")[1]["items"]) == 1


def test_what_was_refused_may_be_sent_again(visit, ada):
    wrong = fields(starts="2001-01-01T10:00", ends="2001-01-01T12:00")
    assert visit(ada).post("/organize/new", wrong).status_code == 422
    assert visit(ada).post("/organize/new", wrong).status_code == 422
    assert visit(ada).post("/organize/new", fields()).status_code == 303


def test_the_form_of_an_event_changes_nothing_by_itself(visit, ada):
    event = ada.lists(date=f"{YEAR}-05-01T18:00:30Z", endDate=f"{YEAR}-05-01T21:00:00Z", maxPerPerson=4)
    page = visit(ada).get(f"/organize/{event['eventId']}/edit").content.decode()
    assert value(page, "starts") == f"{YEAR}-05-01T20:00"
    assert value(page, "sales_end") == ""
    same = fields(**{
        "description": "Songs without words.", "type0-name": "Ticket", "type0-price": value(page, "type0-price"),
        "type0-ticket_type_id": value(page, "type0-ticket_type_id"), "max_per_person": value(page, "max_per_person"),
        "do": "save",
    })  # fmt: skip
    answer = visit(ada).post(f"/organize/{event['eventId']}/edit", same)
    assert "note=event-saved" in answer["Location"]
    after = ada.get(f"/events/{event['eventId']}")[1]
    assert after == event


def test_a_change_is_kept(visit, ada):
    event = ada.lists()
    kind = event["ticketTypes"][0]["ticketTypeId"]
    changed = fields(
        **{"title": "Clara again", "type0-ticket_type_id": kind, "type0-capacity": "12", "do": "save"}
    )
    visit(ada).post(f"/organize/{event['eventId']}/edit", changed)
    after = ada.get(f"/events/{event['eventId']}")[1]
    assert (after["title"], after["capacity"]) == ("Clara again", 12)
    assert after["ticketTypes"][0]["ticketTypeId"] == kind


def test_fewer_places_than_are_sold_are_refused_where_they_stand(visit, ada, ben):
    event = ada.lists()
    ben.books(event, 3)
    settle()
    kind = event["ticketTypes"][0]["ticketTypeId"]
    less = fields(**{"type0-ticket_type_id": kind, "type0-capacity": "2", "do": "save"})
    answer = visit(ada).post(f"/organize/{event['eventId']}/edit", less)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "More places are held or sold than that" in page
    assert "3 are held or sold" in page
    assert value(page, "type0-capacity") == "2"


def test_a_draft_goes_on_sale_from_its_form(visit, ada):
    event = ada.lists(status="draft")
    visit(ada).post(f"/organize/{event['eventId']}/edit", fields())
    assert ada.get(f"/events/{event['eventId']}")[1]["status"] == "published"


def test_a_cancelled_event_cannot_be_edited(visit, ada):
    event = ada.lists()
    ada.delete(f"/events/{event['eventId']}")
    answer = visit(ada).get(f"/organize/{event['eventId']}/edit")
    assert answer["Location"] == f"/organize/{event['eventId']}?note=event-is-cancelled"


def test_a_copy_has_everything_but_the_day_and_is_an_event_of_its_own(visit, ada):
    event = ada.lists(title="Clara & friends", description="Bring <b>cake</b>")
    page = visit(ada).get(f"/organize/new?from={event['eventId']}").content.decode()
    assert value(page, "title") == "Clara & friends"
    assert value(page, "starts") == ""
    assert value(page, "type0-ticket_type_id") == ""
    assert value(page, "type0-price") == "25.00"
    made = event_of(visit(ada).post("/organize/new", fields(do="draft")))
    assert UUID(made) != UUID(event["eventId"])


def test_a_copy_keeps_a_currency_and_a_zone_that_we_do_not_offer(visit, ada):
    event = ada.lists(currency="QAR", timezone="CET")
    page = visit(ada).get(f"/organize/new?from={event['eventId']}").content.decode()
    assert '<option value="QAR" selected>' in page
    assert '<option value="CET" selected>' in page
    assert "20:00" in visit(ada).post("/organize/preview", fields(zone="CET")).content.decode()
    wrong = visit(ada).post("/organize/new", fields(zone="CET", currency="QAR", title="")).content.decode()
    assert '<option value="QAR" selected>' in wrong
    made = event_of(visit(ada).post("/organize/new", fields(zone="CET", currency="QAR", do="draft")))
    copy = ada.get(f"/events/{made}")[1]
    assert (copy["timezone"], copy["ticketTypes"][0]["currency"]) == ("CET", "QAR")


def test_without_facets_the_form_still_comes(visit, ada, monkeypatch):
    ask = http.ask

    def away(service, method, path, *words, **named):
        if path == "/events/facets":
            raise http.Unavailable
        return ask(service, method, path, *words, **named)

    monkeypatch.setattr(http, "ask", away)
    assert visit(ada).get("/organize/new").status_code == 200


@pytest.mark.parametrize("language", ["de", "fr", "es"])
def test_prices_are_written_as_people_do_there(visit, ada, language):
    event = ada.lists(price=1250)
    page = visit(ada, language=language).get(f"/organize/{event['eventId']}/edit").content.decode()
    assert value(page, "type0-price") == "12,50"
