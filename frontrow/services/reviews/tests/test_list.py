from datetime import timedelta
from urllib.parse import urlencode

import pytest

from frontrow.chassis.ids import new_id
from frontrow.services.reviews import review
from frontrow.services.reviews.models import Event

from .stage import NOW, away, event_facts, hear_event, over, reviewed

pytestmark = pytest.mark.django_db
EMPTY = {
    "items": [], "nextCursor": None, "average": 0, "count": 0,
    "histogram": {"1": 0, "2": 0, "3": 0, "4": 0, "5": 0},
}  # fmt: skip


def page(who, event_id, **wanted):
    status, found = who.get(f"/reviews/{event_id}?{urlencode(wanted)}")
    assert status == 200, found
    return found


def comments(who, event_id, **wanted):
    return [item["comment"] for item in page(who, event_id, **wanted)["items"]]


@pytest.fixture
def event_id():
    """An event with reviews: minute by minute 3, 5, 1, 5, 4 stars; and another with one."""
    reviewed(over(), 1)
    event_id = over()
    for minute, rating in enumerate((3, 5, 1, 5, 4)):
        reviewed(event_id, rating, comment=f"{rating} at {minute}", now=NOW + timedelta(minutes=minute))
    return event_id


class TestOfAnEvent:
    def test_a_list_tells_what_all_think(self, nobody, event_id):
        for wanted in ({}, {"limit": 1}, {"sort": "lowest"}):
            found = page(nobody, event_id, **wanted)
            assert (found["average"], found["count"]) == (3.6, 5)
            assert found["histogram"] == {"1": 1, "2": 0, "3": 1, "4": 1, "5": 2}

    def test_an_average_has_two_decimals(self, nobody):
        event_id = over()
        for rating in (5, 4, 4):
            reviewed(event_id, rating)
        assert page(nobody, event_id)["average"] == 4.33

    @pytest.mark.parametrize(
        ("sort", "order"),
        [
            ("newest", ["4 at 4", "5 at 3", "1 at 2", "5 at 1", "3 at 0"]),
            ("highest", ["5 at 3", "5 at 1", "4 at 4", "3 at 0", "1 at 2"]),
            ("lowest", ["1 at 2", "3 at 0", "4 at 4", "5 at 3", "5 at 1"]),
        ],
    )
    @pytest.mark.parametrize("limit", [1, 2, 5])
    def test_every_order_is_read_through_page_by_page(self, nobody, event_id, sort, order, limit):
        seen, cursor = [], None
        while not seen or cursor:
            found = page(nobody, event_id, sort=sort, limit=limit, **({"cursor": cursor} if cursor else {}))
            seen += [item["comment"] for item in found["items"]]
            cursor = found["nextCursor"]
        assert seen == order

    def test_it_begins_with_the_newest_unless_asked_otherwise(self, nobody, event_id):
        assert comments(nobody, event_id) == comments(nobody, event_id, sort="newest")

    def test_reviews_written_meanwhile_shift_nothing(self, nobody, event_id):
        first = page(nobody, event_id, limit=2)
        reviewed(event_id, 2, now=NOW + timedelta(hours=1))
        rest = comments(nobody, event_id, cursor=first["nextCursor"])
        assert rest == ["1 at 2", "5 at 1", "3 at 0"]

    def test_an_event_without_reviews_has_an_empty_page(self, nobody):
        assert page(nobody, over()) == EMPTY

    def test_an_event_not_heard_of_yet_has_one_too(self, ada, nobody):
        event = ada.lists()
        assert page(nobody, event["eventId"]) == EMPTY
        assert Event.objects.get().organizer_id == ada.user_id

    def test_what_is_known_is_not_asked_for(self, nobody, event_id):
        with away("events"):
            assert page(nobody, event_id)["count"] == 5
            assert page(nobody, over()) == EMPTY

    def test_a_cancelled_event_keeps_its_reviews(self, nobody, event_id):
        hear_event(event_facts(eventId=str(event_id), version=9, status="cancelled"))
        assert page(nobody, event_id)["count"] == 5

    def test_an_unknown_event_or_a_draft_is_not_found(self, ada, nobody):
        for event_id in (new_id(), ada.lists(status="draft")["eventId"]):
            status, problem = nobody.get(f"/reviews/{event_id}")
            assert (status, problem["code"]) == (404, "event_not_found")

    def test_an_unknown_event_while_events_is_away_is_not_denied(self, nobody):
        with away("events"):
            status, problem = nobody.get(f"/reviews/{new_id()}")
        assert (status, problem["code"]) == (503, "unavailable")


class TestOfAPerson:
    def test_what_a_person_wrote_is_read_page_by_page_the_newest_first(self, nobody):
        who = new_id()
        for minute in range(3):
            event_id = over(who)
            review.write(who, event_id, 5, f"at {minute}", NOW + timedelta(minutes=minute))
            reviewed(event_id, 1)
        status, first = nobody.get(f"/reviews/user/{who}?limit=2")
        assert (status, [item["comment"] for item in first["items"]]) == (200, ["at 2", "at 1"])
        status, last = nobody.get(f"/reviews/user/{who}?limit=2&cursor={first['nextCursor']}")
        assert (status, [item["comment"] for item in last["items"]]) == (200, ["at 0"])
        assert last["nextCursor"] is None

    def test_who_wrote_nothing_has_an_empty_page(self, nobody):
        assert nobody.get(f"/reviews/user/{new_id()}") == (200, {"items": [], "nextCursor": None})
