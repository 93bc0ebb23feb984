"""The page of an event, as a browser gets it."""

import html
import io
import json
import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from icalendar import Calendar
from PIL import Image

from frontrow.chassis import http
from frontrow.chassis.ids import new_id
from frontrow.chassis.refusals import Unavailable
from frontrow.services.events import cover, recent
from frontrow.services.events.models import Event
from frontrow.services.reviews import review
from frontrow.services.reviews.models import Booking
from frontrow.services.reviews.models import Event as ReviewedEvent
from frontrow.services.users import user
from frontrow.web import said, urls
from frontrow.web.templatetags.web import PARTS, slug
from tests.cast import Actor, settle, soon

pytestmark = pytest.mark.django_db
EVIL = "<script>alert(1)</script>"


def page_of(event, name=""):
    return f"/e/{event['eventId']}/{name or 'an-evening-with-clara'}"


def content(answer):
    return html.unescape(answer.content.decode())


def text(answer):
    return " ".join(re.sub(r"<[^>]+>", " ", content(answer)).split())


def named(name):
    """Somebody with an account."""
    person = Actor()
    made = user.register(name, f"{name}@example.org", "correct horse", {"displayName": name.title()}, "1.1.1.1",
                         datetime.now(UTC))  # fmt: skip
    person.user_id = made.user_id
    return person


def past(event, **changes):
    """Let an event have been."""
    then = datetime.now(UTC) - timedelta(days=2)
    changes = {"date": then, "end_date": then + timedelta(hours=3), "sales_end": None, **changes}
    Event.objects.filter(event_id=event["eventId"]).update(**changes)
    recent.forget(event["eventId"])


def away(monkeypatch, *services):
    """Let services not answer."""
    ask = http.ask

    def asked(service, *words, **named):
        if service in services:
            raise Unavailable
        return ask(service, *words, **named)

    monkeypatch.setattr(http, "ask", asked)


def test_everybody_reads_what_when_where_and_for_how_much(visit, ada):
    event = ada.lists(description="Songs.\n\nSee https://example.org/clara <b>now</b>")
    answer = visit().get(page_of(event))
    assert answer.status_code == 200
    assert not answer.cookies
    assert answer["Cache-Control"] == "no-cache"
    for words in (
        "An evening with Clara",
        "Concert",
        "Konzerthaus, Berlin",
        "Berlin time",
        "€25",
        "only 10 left",
    ):
        assert words in text(answer)
    assert '<a href="https://example.org/clara" rel="nofollow">' in answer.content.decode()
    assert "&lt;b&gt;now&lt;/b&gt;" in answer.content.decode()
    assert "openstreetmap.org/search?query=Konzerthaus%2C%20Berlin" in content(answer)
    assert visit().get(page_of(event)).content == answer.content


def test_an_event_has_one_address(visit, ada):
    event = ada.lists()
    for wrong in (f"/e/{event['eventId']}", page_of(event, "another")):
        answer = visit().get(f"{wrong}?sort=lowest")
        assert (answer.status_code, answer["Location"]) == (301, page_of(event) + "?sort=lowest")
    link = f'<link rel="canonical" href="http://127.0.0.1:8000{page_of(event)}">'
    assert re.sub(r"http://[^/]+/e/", "http://127.0.0.1:8000/e/", link) in re.sub(
        r"http://[^/]+/e/", "http://127.0.0.1:8000/e/", visit().get(page_of(event)).content.decode()
    )


def test_no_title_hides_a_part_of_an_event(visit, ada):
    parts = {part for page in urls.pages for part in re.findall(r"^e/<[^/]+/([a-z-]+)$", str(page.pattern))}
    assert parts == PARTS
    assert {part for part in parts if slug(part) == part} == set()
    event = ada.lists(title="Left")
    answer = visit().get(page_of(event, "left-event"))
    assert (answer.status_code, "About this event" in text(answer)) == (200, True)


def test_what_there_is_not_is_not_found(visit, ada):
    draft = ada.lists(status="draft")
    unknown = {"eventId": str(ada.user_id)}
    for client, event in ((visit(), draft), (visit(Actor()), draft), (visit(ada), unknown)):
        for part in ("an-evening-with-clara", "left", "reviews", "calendar.ics"):
            assert client.get(page_of(event, part)).status_code == 404
    mine = visit(ada).get(page_of(draft))
    assert "This is a draft" in text(mine)
    assert f'href="/organize/{draft["eventId"]}"' in content(mine)
    assert "application/ld+json" not in content(mine)


def test_anonymous_visitors_choose_and_are_asked_who_they_are_next(visit, ada):
    event = ada.lists(maxPerPerson=4)
    (kind,) = event["ticketTypes"]
    found = content(visit().get(page_of(event)))
    assert f'action="/e/{event["eventId"]}/checkout" method="get"' in found
    assert re.search(rf'name="{kind["ticketTypeId"]}" value="1" [^>]*data-price="2500"', found)
    assert 'max="4"' in found
    assert 'name="seen"' not in found


def test_who_is_signed_in_sees_what_they_have_and_books_from_here(visit, ada, ben):
    event = ada.lists(maxPerPerson=3)
    visitor = visit(ben)
    assert 'name="seen" value=""' in content(visitor.get(page_of(event)))
    held = ben.books(event, 2)
    settle()
    answer = visitor.get(page_of(event))
    assert answer["Cache-Control"] == "private, no-store"
    assert f'action="/e/{event["eventId"]}/book" method="post"' in content(answer)
    assert f'name="seen" value="{held["bookingId"]}"' in content(answer)
    assert "2 places are held for you" in text(answer)
    assert f'href="/my/bookings/{held["bookingId"]}"' in content(answer)
    assert 'max="1"' in content(answer)
    ben.books(event, 1)
    assert "One person may have 3 tickets for this event" in text(visitor.get(page_of(event)))
    assert "places are held" not in text(visit().get(page_of(event)))


def test_a_free_event_is_booked_not_bought(visit, ada, ben):
    event = ada.lists(price=0)
    assert "Book for free" in text(visit().get(page_of(event)))
    ben.books(event, 1)
    assert "You have 1 ticket" in text(visit(ben).get(page_of(event)))


@pytest.mark.parametrize(("prices", "words"), [
    ((0, 5000), "Free – €50"), ((0, 0), "Free"), ((900, 5000), "from €9"), ((900, 900), "€9"),
])  # fmt: skip
def test_what_tickets_cost_is_said_in_short(visit, ada, prices, words):
    kinds = [
        {"name": f"{n}", "price": price, "currency": "EUR", "capacity": 9} for n, price in enumerate(prices)
    ]
    event = ada.lists(ticketTypes=kinds, price=None, currency=None, capacity=None)
    bar = content(visit().get(page_of(event))).split("phone-bar")[1]
    for part in (content(visit().get("/")), bar):
        assert re.search(r'class="price">\s*([^<]*?)\s*<', part)[1] == words


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"salesStart": soon(days=-5)}, "Sales start on"),
        ({"salesEnd": "then"}, "Sales have ended"),
        ({"capacity": 1}, "Sold out"),
    ],
)
def test_why_nothing_can_be_booked_is_said(visit, ada, ben, changes, words):
    """And what else is on; a sale that ended did so in our time, as nobody lists one that has."""
    ada.lists(title="Another night")
    ended = changes.get("salesEnd") == "then"
    event = ada.lists(**({} if ended else changes))
    if ended:
        past(event, date=datetime.fromisoformat(soon()), end_date=datetime.fromisoformat(soon(hours=1)),
             sales_end=datetime.now(UTC))  # fmt: skip
    if "capacity" in changes:
        ben.books(event)
        settle()
    answer = visit().get(page_of(event))
    assert words in text(answer)
    assert 'id="choose"' not in content(answer)
    assert "Another night" in text(answer)


def test_a_cancelled_event_says_so(visit, ada):
    event = ada.lists()
    assert ada.delete(f"/events/{event['eventId']}")[0] == 204
    answer = visit().get(page_of(event))
    assert "This event is cancelled" in text(answer)
    assert 'id="choose"' not in content(answer)
    assert "https://schema.org/EventCancelled" in content(answer)


def test_an_open_page_hears_what_is_left(visit, ada, ben):
    kinds = [{"name": "Stalls", "price": 1000, "currency": "EUR", "capacity": 100},
             {"name": "Box", "price": 9000, "currency": "EUR", "capacity": 2}]  # fmt: skip
    event = ada.lists(ticketTypes=kinds, capacity=None, price=None, currency=None)
    box = event["ticketTypes"][1]["ticketTypeId"]
    was = re.search(r'hx-get="([^"]+was=[^"]+)"', content(visit().get(page_of(event))))[1]
    assert was.endswith("?was=open.x.2")
    assert visit().get(was).status_code == 204
    ben.post("/bookings", {"eventId": event["eventId"], "items": [{"ticketTypeId": box, "quantity": 2}]})
    settle()
    answer = visit().get(was)
    assert "Box: sold out." in text(answer)
    assert 'hx-swap-oob="true"' in content(answer)
    assert "<input" not in content(answer)
    assert "was=open.x.0" in content(answer)


@pytest.mark.parametrize("was", ["sold_out.0", "open.0", "open.x.x", "", "%00", "open"])
def test_a_page_that_shows_something_else_gets_the_whole_panel(visit, ada, was):
    answer = visit().get(page_of(ada.lists(), f"left?was={was}"))
    assert (answer["HX-Retarget"], answer["HX-Reswap"]) == ("#tickets", "outerHTML")
    assert 'id="choose"' in content(answer)


def reviewed(event, *given):
    """Reviews of an event that is over, by people with names."""
    past(event)
    ReviewedEvent.objects.filter(pk=event["eventId"]).update(end_date=datetime.now(UTC) - timedelta(days=1))
    for number, (rating, comment) in enumerate(given):
        person = named(f"guest{number}")
        Booking.objects.create(booking_id=new_id(), version=1, user_id=person.user_id, confirmed=True,
                               event_id=event["eventId"])  # fmt: skip
        review.write(person.user_id, UUID(event["eventId"]), rating, comment, datetime.now(UTC))


def test_reviews_are_told_sorted_and_paged(visit, ada, monkeypatch):
    monkeypatch.setattr(said, "PER_PAGE", 2)
    event = ada.lists()
    settle()
    reviewed(event, (5, "Superb"), (2, "Cold hall"), (4, f"Fine {EVIL}"))
    settle()
    answer = visit().get(f"{page_of(event)}?sort=lowest")
    assert [w in text(answer) for w in ("3.7", "3 reviews", "Cold hall", "Guest1", "Superb")] == [
        True
    ] * 4 + [False]
    assert EVIL not in answer.content.decode()
    assert "&lt;script&gt;" in answer.content.decode()
    more = re.search(r'rel="next" href="([^"]+)" hx-get="([^"]+)"', answer.content.decode())
    for address in map(html.unescape, more.groups()):
        assert "Superb" in text(visit().get(address))
    assert "Superb" in text(visit().get(page_of(event, "reviews?sort=highest")))
    assert visit().get(f"{page_of(event)}?cursor=not-one&sort=nonsense").status_code == 200
    assert "This event is over" in text(answer)
    assert f'href="/e/{event["eventId"]}/review"' in content(answer)


def test_the_page_comes_with_what_is_there(visit, ada, ben, monkeypatch):
    event = ada.lists()
    settle()
    reviewed(event, (5, "Superb"))
    settle()
    away(monkeypatch, "users", "notifications")
    assert [word in text(visit(ben).get(page_of(event))) for word in ("Superb", "Somebody")] == [True, True]
    away(monkeypatch, "reviews")
    answer = visit().get(page_of(event))
    assert (answer.status_code, "The reviews are away for a moment" in text(answer)) == (200, True)
    away(monkeypatch, "events")
    assert visit().get(page_of(event)).status_code == 503


def test_nobody_books_twice_because_bookings_was_away(visit, ada, ben, monkeypatch):
    event = ada.lists()
    away(monkeypatch, "bookings")
    answer = visit(ben).get(page_of(event))
    assert "Booking takes a short break" in text(answer)
    assert 'id="choose"' not in content(answer)
    assert 'id="choose"' in content(visit().get(page_of(event)))


def described(answer):
    (data,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', answer.content.decode())
    return data, json.loads(data)


def test_machines_read_the_event_too(visit, ada):
    title = f"Clara {EVIL} & co"
    event = ada.lists(title=title, salesStart=datetime.now(UTC).isoformat(timespec="milliseconds"))
    answer = visit().get(visit().get(f"/e/{event['eventId']}")["Location"])
    data, told = described(answer)
    assert not set("<>&") & set(data)
    assert (told["@type"], told["name"]) == ("Event", title)
    (offer,) = told["offers"]
    assert (offer["price"], offer["priceCurrency"], offer["availability"]) == (
        "25.00", "EUR", "https://schema.org/InStock",
    )  # fmt: skip
    assert datetime.fromisoformat(told["startDate"]) == datetime.fromisoformat(event["date"])
    assert "aggregateRating" not in told
    assert f'property="og:title" content="{html.escape(title)}"' in answer.content.decode()
    assert EVIL not in answer.content.decode()


def shared_picture(answer):
    """The address of what a shared link shows, within this site."""
    (picture,) = re.findall(
        '<meta property="og:image" content="http://[^/]+([^"]+)">', answer.content.decode()
    )
    return picture


def test_a_shared_link_shows_the_picture_of_the_event_or_ours(visit, ada):
    event = ada.lists()
    for address in ("/", page_of(event)):
        picture = visit().get(shared_picture(visit().get(address)))
        assert (picture.status_code, picture["Content-Type"]) == (200, "image/png")
        size = Image.open(io.BytesIO(b"".join(picture))).size
        assert size == (1200, 630)
    upload = io.BytesIO()
    Image.new("RGB", (640, 360), "teal").save(upload, "JPEG")
    cover.put(UUID(event["eventId"]), ada.user_id, upload.getvalue(), datetime.now(UTC))
    picture = visit().get(shared_picture(visit().get(page_of(event))))
    assert (picture["Content-Type"], Image.open(io.BytesIO(picture.content)).size) == (
        "image/jpeg",
        (1600, 900),
    )


def test_an_event_can_be_put_into_a_calendar(visit, ada):
    event = ada.lists(title="Clara; solo, und Ähre 🎻", date="2030-07-01T20:00:00+02:00",
                      endDate="2030-07-01T22:00:00+02:00")  # fmt: skip
    answer = visit().get(page_of(event, "calendar.ics"))
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="clara-solo-und-ahre.ics"'
    calendar = Calendar.from_ical(answer.content)
    (entry,) = calendar.walk("VEVENT")
    assert (entry["SUMMARY"], entry["LOCATION"]) == (event["title"], event["location"])
    assert entry.start.isoformat() == "2030-07-01T20:00:00+02:00"
    assert [zone["TZID"] for zone in calendar.walk("VTIMEZONE")] == ["Europe/Berlin"]
    first = entry["SEQUENCE"]
    ada.delete(f"/events/{event['eventId']}")
    (entry,) = Calendar.from_ical(visit().get(page_of(event, "calendar.ics")).content).walk("VEVENT")
    assert entry["STATUS"] == "CANCELLED"
    assert entry["SEQUENCE"] >= first


def test_a_visitor_elsewhere_is_told_their_own_time(visit, ada, ben):
    event = ada.lists(date="2030-07-01T20:00:00+02:00", endDate="2030-07-01T22:00:00+02:00")
    tokyo = text(visit(ben, zone="Asia/Tokyo").get(page_of(event)))
    assert "Tue, 2 Jul 2030, 03:00 (Tokyo)" in tokyo
    assert "20:00" in tokyo
    assert "(Paris)" not in text(visit(ben, zone="Europe/Paris").get(page_of(event)))
