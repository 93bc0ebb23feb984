from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest

from frontrow.services.events.listing import ORDERS
from frontrow.services.events.models import Event
from tests.cast import soon

from .stage import TWO_TYPES, typed

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC)
LATER = NOW + timedelta(days=9)


def found(who, **wanted):
    """The titles of a whole list, in its order."""
    page = found_page(who, **{"limit": 100, **wanted})
    assert page["nextCursor"] is None
    return [event["title"] for event in page["items"]]


def found_page(who, **wanted):
    status, page = who.get(f"/events?{urlencode(wanted)}")
    assert status == 200, page
    return page


def happened(title, began, ended):
    """Move an event to another time, as time itself does."""
    Event.objects.filter(title=title).update(date=NOW + began, end_date=NOW + ended)


class TestWords:
    @pytest.fixture(autouse=True)
    def _event(self, ada):
        ada.lists(
            title="Théâtre: “Hamlet” – AC/DC, Jazz/Blues & <Rock>",
            description="Ein Abend mit Straßenmusik (covid-19).\nMehr auf example.org!",
            location="Große Bühne, Köln",
            category="Bühnenkunst",
        )
        ada.lists(title="Something else", description="", location="Elsewhere", category="")

    @pytest.mark.parametrize(
        "questions",
        [
            ["hamlet", "HAMLET", "ham", "h", "“Hamlet”", "hamlet!?", "  hamlet  ", "𝐇amlet", "hamlet:*"],
            ["théâtre", "theatre", "THEATRE", "the\u0301a\u0302tre"],
            ["dc", "ac/dc", "AC-DC", "blues", "rock", "19", "covid-19", "example.org", "org"],
            ["strassenmusik", "STRASSEN", "straße", "abend", "mehr"],
            ["koln", "Köln", "grosse buhne", "buhnenkunst"],
            ["abend hamlet", "hamlet koln covid ein mit", "theatre & hamlet"],
        ],
    )
    def test_words_are_found_by_their_beginnings_in_any_text_and_spelling(self, nobody, questions):
        assert [q for q in questions if len(found(nobody, q=q)) != 1] == []

    @pytest.mark.parametrize(
        "q",
        ["macbeth", "amlet", "musik", "hamlet macbeth", "macbeth | hamlet", "hamlet -something", "thea tre"],
    )
    def test_every_word_must_be_there(self, nobody, q):
        assert found(nobody, q=q) == []

    @pytest.mark.parametrize("q", ["!?", "…", "' & | :*", "“”", "㌖" * 200, "x" * 200])
    def test_what_holds_no_word_of_ours_finds_nothing(self, nobody, q):
        assert found(nobody, q=q) == []

    @pytest.mark.parametrize("q", ["", "   "])
    def test_an_empty_question_is_none(self, nobody, q):
        assert len(found(nobody, q=q)) == 2

    def test_a_changed_text_is_found_by_its_new_words_only(self, ada, nobody):
        (event,) = found_page(nobody, q="hamlet")["items"]
        ada.put(f"/events/{event['eventId']}", {"title": "Macbeth"})
        assert (found(nobody, q="macbeth"), found(nobody, q="hamlet")) == (["Macbeth"], [])


class TestFilters:
    @pytest.fixture(autouse=True)
    def _events(self, ada):
        ada.lists(title="A", date=soon(), category="Théâtre", location="Große Bühne, Köln", price=1000)
        ada.lists(title="B", date=soon(hours=1), category="theatre", location="Berlin 100%", price=2000)
        ada.lists(title="C", date=soon(hours=2), category="concert", location="Berlin_Mitte", price=0)

    @pytest.mark.parametrize(
        ("wanted", "titles"),
        [
            ({"category": "THÉÂTRE"}, ["A"]),
            ({"category": "concert"}, ["C"]),
            ({"category": "conc"}, []),
            ({"location": "berlin"}, ["B", "C"]),
            ({"location": "GROSSE BUHNE"}, ["A"]),
            ({"location": "%"}, ["B"]),
            ({"location": "_"}, ["C"]),
            ({"minPrice": 1000}, ["A", "B"]),
            ({"maxPrice": 1000}, ["A", "C"]),
            ({"minPrice": 1, "maxPrice": 1999}, ["A"]),
            ({"minPrice": 2, "maxPrice": 1}, []),
            ({"maxPrice": 0, "location": "berlin", "category": "concert"}, ["C"]),
            ({"maxPrice": 0, "category": "theatre"}, []),
        ],
    )
    def test_each_narrows_the_list(self, nobody, wanted, titles):
        assert found(nobody, **wanted) == titles

    @pytest.mark.parametrize(
        ("wanted", "titles"),
        [
            ({"from": soon(minutes=30)}, ["B", "C"]),
            ({"to": soon(minutes=30)}, ["A"]),
            ({"from": soon(minutes=30), "to": soon(minutes=90)}, ["B"]),
            ({"from": soon(days=1)}, []),
        ],
    )
    def test_times_are_of_the_beginning(self, nobody, wanted, titles):
        assert found(nobody, **wanted) == titles

    @pytest.mark.parametrize("bound", ["from", "to"])
    def test_a_bound_belongs_to_what_it_bounds(self, ada, nobody, bound):
        ada.lists(title="Exactly", date="2101-05-01T18:00:00Z", endDate="2101-05-02T18:00:00Z")
        assert "Exactly" in found(nobody, **{bound: "2101-05-01T20:00:00+02:00"})

    def test_an_event_costs_what_its_cheapest_ticket_costs(self, ada, nobody):
        ada.lists(title="Two prices", date=soon(hours=3), endDate=soon(hours=6), **typed())
        cheapest = min(kind["price"] for kind in TWO_TYPES)
        assert found(nobody, minPrice=cheapest) == ["Two prices"]
        assert found(nobody, minPrice=cheapest + 1) == []


class TestWhoSeesWhat:
    @pytest.fixture(autouse=True)
    def _events(self, ada, ben):
        for title in ("Coming", "Running", "Over", "Cancelled"):
            event = ada.lists(title=title)
        ada.delete(f"/events/{event['eventId']}")
        ada.lists(title="Draft", status="draft")
        ben.lists(title="Ben's")
        happened("Running", began=timedelta(hours=-1), ended=timedelta(hours=1))
        happened("Over", began=timedelta(days=-2), ended=timedelta(days=-1))

    def test_everybody_finds_what_is_published_and_not_over(self, nobody, ada, cy):
        for who in (nobody, cy, ada):
            assert set(found(who)) == {"Coming", "Running", "Ben's"}

    def test_the_past_is_found_by_asking_for_it(self, nobody):
        last_week = (NOW - timedelta(days=7)).isoformat()
        assert set(found(nobody, **{"from": last_week})) == {"Coming", "Running", "Over", "Ben's"}
        assert found(nobody, **{"from": last_week, "to": NOW.isoformat()}) == ["Over", "Running"]

    def test_organisers_find_all_of_their_own(self, ada):
        assert set(found(ada, organizerId=ada.user_id)) == {
            "Coming", "Running", "Over", "Cancelled", "Draft",
        }  # fmt: skip

    def test_others_find_of_an_organiser_what_is_published(self, ada, ben, nobody):
        for who in (ben, nobody):
            assert set(found(who, organizerId=ada.user_id)) == {"Coming", "Running", "Over"}

    @pytest.mark.parametrize("title", ["Draft", "Cancelled", "Over"])
    def test_words_find_no_more_than_the_list_has(self, nobody, title):
        assert found(nobody, q=title) == []

    def test_what_is_sold_out_is_still_found(self, ada, nobody):
        ada.lists(title="Small", capacity=1)
        Event.objects.filter(title="Small").update(availability=0)
        assert "Small" in found(nobody)


class TestPages:
    @pytest.fixture(autouse=True)
    def _events(self, ada):
        for number in range(7):
            self.add(ada, number)

    @staticmethod
    def add(ada, number):
        """An event like others in some ways: some begin, cost or are rated the same."""
        begins = LATER + timedelta(minutes=number // 2 % 5)
        event = ada.lists(
            title=f"Event {number}", date=begins.isoformat(), endDate=(LATER + timedelta(days=1)).isoformat(),
            price=1000 + number % 3,
        )  # fmt: skip
        Event.objects.filter(event_id=event["eventId"]).update(
            rating_average=number % 4, rating_count=number % 2
        )

    @pytest.mark.parametrize("sort", ORDERS)
    @pytest.mark.parametrize("limit", [1, 3])
    def test_all_is_seen_exactly_once_while_more_arrives(self, ada, nobody, sort, limit):
        seen, cursor, pages = [], None, 0
        while pages == 0 or cursor:
            page = found_page(nobody, sort=sort, limit=limit, **({"cursor": cursor} if cursor else {}))
            seen += [event["title"] for event in page["items"]]
            cursor, pages = page["nextCursor"], pages + 1
            if pages <= 3:
                self.add(ada, 100 + pages)
        assert len(set(seen)) == len(seen)
        assert {f"Event {number}" for number in range(7)} <= set(seen)

    @pytest.mark.parametrize(
        ("sort", "first"),
        [("date", "0"), ("-date", "6"), ("price", "0"), ("-price", "5"), ("rating", "3"), ("newest", "6")],
    )
    def test_a_list_is_in_the_order_asked_for(self, nobody, sort, first):
        assert found(nobody, sort=sort)[0] == f"Event {first}"

    def test_a_list_begins_with_what_comes_first(self, nobody):
        assert found(nobody) == found(nobody, sort="date") == [f"Event {number}" for number in range(7)]

    def test_a_page_that_holds_the_last_says_so(self, nobody):
        assert found_page(nobody, limit=7)["nextCursor"] is None
        assert found_page(nobody, limit=6)["nextCursor"] is not None

    def test_a_page_is_twenty_long_unless_asked_otherwise(self, ada, nobody):
        for number in range(7, 21):
            self.add(ada, number)
        assert len(found_page(nobody)["items"]) == 20
        assert len(found_page(nobody, limit=100)["items"]) == 21

    def test_a_cursor_goes_on_within_its_filter(self, nobody):
        page = found_page(nobody, limit=1, minPrice=1002)
        assert found(nobody, minPrice=1002, cursor=page["nextCursor"]) == ["Event 5"]


class TestStatus:
    @pytest.fixture(autouse=True)
    def _events(self, ada):
        ada.lists(title="Draft", status="draft")
        ada.lists(title="Published")
        ada.delete(f"/events/{ada.lists(title='Cancelled')['eventId']}")

    def test_organisers_narrow_their_own_by_it(self, ada):
        mine = {"organizerId": str(ada.user_id)}
        assert sorted(found(ada, **mine)) == ["Cancelled", "Draft", "Published"]
        for status in ("draft", "published", "cancelled"):
            assert found(ada, **mine, status=status) == [status.title()]

    def test_nobody_elses_drafts_and_cancelled_ones_are_ever_listed(self, ada, cy, nobody):
        for who in (cy, nobody):
            for mine in ({"organizerId": str(ada.user_id)}, {}):
                assert found(who, **mine, status="published") == ["Published"]
                assert found(who, **mine, status="draft") == found(who, **mine, status="cancelled") == []
        assert found(ada, status="draft") == []
