import pytest

from frontrow.chassis.ids import new_id
from tests.cast import settle, soon

from .stage import TWO_TYPES, as_sent, bookings_away, on_sale, on_show, said, typed, version

pytestmark = pytest.mark.django_db


def path(event):
    return f"/events/{event['eventId']}"


class TestFields:
    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("title", "Two evenings with Clara"),
            ("description", ""),
            ("category", ""),
            ("location", "Philharmonie, Berlin"),
            ("timezone", "America/New_York"),
            ("date", "2101-01-01T00:00:00Z"),
            ("endDate", "2101-02-01T00:00:00Z"),
            ("holdMinutes", 1440),
            ("maxPerPerson", 1),
            ("salesStart", "2100-01-01T00:00:00Z"),
            ("salesEnd", "2100-02-01T00:00:00Z"),
            ("cancelUntil", "2100-03-01T00:00:00Z"),
        ],
    )
    def test_what_is_sent_replaces_and_the_rest_stays(self, ada, field, value):
        before = ada.lists(
            date="2101-01-01T18:00:00Z", endDate="2101-01-02T18:00:00Z", salesEnd="2100-12-01T00:00:00Z"
        )
        status, after = ada.put(path(before), {field: value})
        assert status == 200
        assert after[field] == value
        derived = {field, "updatedAt", "cancelUntil"}
        assert {n: v for n, v in after.items() if n not in derived} == {
            n: v for n, v in before.items() if n not in derived
        }

    @pytest.mark.parametrize("field", ["salesStart", "salesEnd", "cancelUntil"])
    def test_a_null_brings_a_default_back(self, ada, field):
        plain, special = ada.lists(), ada.lists(**{field: soon(hours=-2)})
        assert special[field] != plain[field]
        status, event = ada.put(path(special), {field: None})
        assert (status, event["salesStart"]) == (200, None)
        assert (event["salesEnd"], event["cancelUntil"]) == (event["endDate"], event["date"])

    def test_terms_that_only_together_make_no_sense_are_refused(self, ada):
        event = ada.lists(salesEnd=soon(hours=3), endDate=soon(hours=4))
        status, problem = ada.put(path(event), {"endDate": soon(hours=2)})
        assert (status, problem["errors"][0]["field"]) == (422, "salesEnd")
        assert version(event["eventId"]) == 1

    def test_each_change_is_a_version_and_is_said(self, ada):
        event = ada.lists()
        for body in ({"title": "A"}, {"capacity": 11}, {"holdMinutes": 5}):
            assert ada.put(path(event), body)[0] == 200
        assert version(event["eventId"]) == 4
        published, *updated = said(event["eventId"])
        assert published == ("event.published.v1", 1)
        assert updated == [("event.updated.v1", number) for number in (2, 3, 4)]

    def test_what_changes_nothing_says_nothing(self, ada):
        event = ada.lists()
        for body in ({}, {"title": event["title"]}, {"status": "published"}, {"date": event["date"]}):
            status, after = ada.put(path(event), body)
            assert (status, after["updatedAt"]) == (200, event["updatedAt"])
        assert said(event["eventId"]) == [("event.published.v1", 1)]

    def test_what_its_organiser_was_told_holds_for_the_next_booking(self, ada, ben):
        event = ada.lists(salesStart=soon(hours=-1))
        assert ben.post("/bookings", {"eventId": event["eventId"]})[1]["code"] == "not_on_sale"
        ada.put(path(event), {"salesStart": None, "price": 1900, "holdMinutes": 7})
        assert ben.books(event)["amount"] == 1900

    def test_a_change_shows_when_it_was(self, ada):
        before = ada.lists()
        _, after = ada.put(path(before), {"title": "Later"})
        assert after["createdAt"] == before["createdAt"] <= after["updatedAt"]


class TestStatus:
    def test_a_draft_is_published_once(self, ada, ben):
        draft = ada.lists(status="draft")
        ada.put(path(draft), {"title": "Not yet", "capacity": 3})
        assert said(draft["eventId"]) == []
        status, event = ada.put(path(draft), {"status": "published"})
        assert (status, event["status"], event["availability"]) == (200, "published", 3)
        assert event["ticketTypes"][0]["availability"] == 3
        ada.put(path(draft), {"status": "published"})
        assert said(draft["eventId"]) == [("event.published.v1", 3)]
        ben.books(event, 3)

    def test_a_draft_stays_one_when_told_to(self, ada):
        assert ada.put(path(ada.lists(status="draft")), {"status": "draft"})[1]["status"] == "draft"

    def test_what_was_published_is_no_draft_again(self, ada):
        event = ada.lists()
        status, problem = ada.put(path(event), {"status": "draft", "title": "Hidden"})
        assert (status, problem["code"]) == (409, "already_published")
        assert ada.get(path(event))[1] == event

    @pytest.mark.parametrize("body", [{}, {"title": "Back"}, {"capacity": 99}, {"status": "published"}])
    def test_a_cancelled_event_changes_no_more(self, ada, body):
        event = ada.lists()
        ada.delete(path(event))
        status, problem = ada.put(path(event), body)
        assert (status, problem["code"]) == (409, "event_cancelled")
        assert version(event["eventId"]) == 2

    def test_nobody_cancels_by_a_change(self, ada):
        event = ada.lists()
        status, problem = ada.put(path(event), {"status": "cancelled"})
        assert (status, problem["errors"][0]["field"]) == (422, "status")


class TestOthers:
    @pytest.mark.parametrize("status", ["draft", "published"])
    def test_other_peoples_events_are_not_there(self, ada, cy, status):
        event = ada.lists(status=status)
        assert cy.put(path(event), {"title": "Mine"})[0] == 404
        assert ada.get(path(event))[1]["title"] == event["title"]

    def test_nor_are_events_that_never_were(self, ada):
        assert ada.put(f"/events/{new_id()}", {"title": "?"})[0] == 404

    def test_nobody_changes_an_event_without_signing_in(self, ada, nobody):
        event = ada.lists()
        assert nobody.put(path(event), {"title": "Mine"})[0] == 401
        assert version(event["eventId"]) == 1


class TestCapacity:
    def test_a_larger_one_is_bookable_at_once(self, ada, ben):
        event = ada.lists(capacity=2)
        ben.books(event, 2)
        status, larger = ada.put(path(event), {"capacity": 5})
        assert (status, larger["capacity"], larger["availability"]) == (200, 5, 3)
        ben.books(event, 3)
        assert on_sale(event["eventId"]) == on_show(event["eventId"])

    def test_a_smaller_one_leaves_what_is_sold(self, ada, ben):
        event = ada.lists(capacity=5)
        ben.books(event, 2)
        status, smaller = ada.put(path(event), {"capacity": 2})
        assert (status, smaller["capacity"], smaller["availability"]) == (200, 2, 0)
        assert ben.post("/bookings", {"eventId": event["eventId"]})[1]["code"] == "sold_out"

    @pytest.mark.parametrize(
        ("before", "body"),
        [
            ({"capacity": 5}, {"capacity": 1}),
            (typed(), {"capacity": 1}),
            (typed(capacity=8), {"capacity": 1}),
            (typed(), {"ticketTypes": TWO_TYPES[1:]}),
            (typed(), {"ticketTypes": [{**TWO_TYPES[0], "capacity": 1}, TWO_TYPES[1]]}),
        ],
    )
    def test_one_below_what_is_sold_changes_nothing_anywhere(self, ada, ben, before, body):
        event = ada.lists(**before)
        items = [{"ticketTypeId": event["ticketTypes"][0]["ticketTypeId"], "quantity": 2}]
        assert ben.post("/bookings", {"eventId": event["eventId"], "items": items})[0] == 201
        settle()
        before = ada.get(path(event))[1], on_sale(event["eventId"])
        status, problem = ada.put(path(event), {**body, "title": "Smaller"})
        assert (status, problem["code"]) == (409, "capacity_below_sold")
        settle()
        assert (ada.get(path(event))[1], on_sale(event["eventId"])) == before
        assert version(event["eventId"]) == 1

    def test_a_cap_comes_and_goes(self, ada, ben):
        event = ada.lists(**typed())
        assert ada.put(path(event), {"capacity": 7})[1]["availability"] == 7
        assert on_sale(event["eventId"])[0] == 7
        assert ada.put(path(event), {"capacity": None})[1]["availability"] == 10
        assert on_sale(event["eventId"]) == on_show(event["eventId"])

    def test_doing_it_twice_is_fine(self, ada, ben):
        event = ada.lists()
        ben.books(event, 4)
        answers = [ada.put(path(event), {"capacity": 6}) for _ in range(2)]
        assert [(status, body["availability"]) for status, body in answers] == [(200, 2), (200, 2)]


class TestTicketTypes:
    def test_one_that_is_added_is_bookable_at_once(self, ada, ben):
        event = ada.lists()
        kinds = [*map(as_sent, event["ticketTypes"]), {"name": "VIP", "price": 9000, "capacity": 2}]
        status, event = ada.put(path(event), {"ticketTypes": kinds})
        assert (status, event["capacity"], event["availability"]) == (200, 12, 12)
        items = [{"ticketTypeId": event["ticketTypes"][1]["ticketTypeId"], "quantity": 2}]
        status, booking = ben.post("/bookings", {"eventId": event["eventId"], "items": items})
        assert (status, booking["amount"]) == (201, 18000)

    def test_one_that_is_left_out_goes_if_nothing_of_it_is_sold(self, ada, ben):
        event = ada.lists(**typed())
        status, event = ada.put(path(event), {"ticketTypes": TWO_TYPES[1:]})
        assert (status, [kind["name"] for kind in event["ticketTypes"]]) == (200, ["Balcony"])
        assert on_sale(event["eventId"]) == on_show(event["eventId"])
        ben.books(event, 4)

    @pytest.mark.parametrize("by_id", [True, False])
    def test_names_may_swap_and_what_is_sold_stays_with_its_type(self, ada, ben, by_id):
        event = ada.lists(**typed())
        stalls, balcony = event["ticketTypes"]
        items = [{"ticketTypeId": stalls["ticketTypeId"], "quantity": 5}]
        ben.post("/bookings", {"eventId": event["eventId"], "items": items})
        swapped = [as_sent(stalls, name="Balcony"), as_sent(balcony, name="Stalls")]
        if not by_id:
            swapped = [{**as_sent(kind), "ticketTypeId": None} for kind in (balcony, stalls)]
        assert ada.put(path(event), {"ticketTypes": swapped})[0] == 200
        settle()
        left = {kind["ticketTypeId"]: kind["availability"] for kind in ada.get(path(event))[1]["ticketTypes"]}
        assert left == {stalls["ticketTypeId"]: 1, balcony["ticketTypeId"]: 4}

    def test_one_that_is_renamed_keeps_its_id_and_its_places(self, ada, ben):
        event = ada.lists()
        ben.books(event, 3)
        settle()
        (kind,) = event["ticketTypes"]
        status, event = ada.put(path(event), {"ticketTypes": [as_sent(kind, name="Standing")]})
        assert status == 200
        assert event["ticketTypes"] == [{**kind, "name": "Standing", "availability": 7}]

    def test_its_old_name_is_free_for_a_new_one(self, ada):
        event = ada.lists()
        (kind,) = event["ticketTypes"]
        sent = [as_sent(kind, name="Standing"), {"name": "Ticket", "price": 1, "capacity": 1}]
        status, event = ada.put(path(event), {"ticketTypes": sent})
        assert (status, [kind["name"] for kind in event["ticketTypes"]]) == (200, ["Standing", "Ticket"])
        assert event["ticketTypes"][0]["ticketTypeId"] == kind["ticketTypeId"]

    def test_their_order_is_the_organisers(self, ada):
        event = ada.lists(**typed())
        _, event = ada.put(path(event), {"ticketTypes": TWO_TYPES[::-1]})
        assert [kind["name"] for kind in event["ticketTypes"]] == ["Balcony", "Stalls"]

    def test_a_new_price_holds_for_new_bookings(self, ada, ben):
        event = ada.lists(price=1000)
        first = ben.books(event)
        ada.put(path(event), {"price": 2000})
        settle()
        assert (first["amount"], ben.books(event)["amount"]) == (1000, 2000)
        assert ben.get(f"/bookings/{first['bookingId']}")[1]["amount"] == 1000

    def test_a_price_needs_a_single_type(self, ada):
        status, problem = ada.put(path(ada.lists(**typed())), {"price": 1})
        assert (status, problem["errors"][0]["field"]) == (422, "price")

    def test_one_of_another_event_is_refused(self, ada):
        mine, other = ada.lists(), ada.lists()
        settle()
        status, problem = ada.put(path(mine), {"ticketTypes": [as_sent(other["ticketTypes"][0])]})
        assert (status, problem["errors"][0]["field"]) == (422, "ticketTypes")
        assert on_sale(other["eventId"]) == on_show(other["eventId"])

    def test_one_cannot_stand_twice(self, ada):
        event = ada.lists()
        (kind,) = event["ticketTypes"]
        sent = [as_sent(kind), as_sent(kind, name="Again")]
        status, problem = ada.put(path(event), {"ticketTypes": sent})
        assert (status, problem["errors"][0]["field"]) == (422, "ticketTypes")


class TestWithoutBookings:
    @pytest.mark.parametrize("body", [{"capacity": 11}, {"ticketTypes": TWO_TYPES}])
    def test_a_change_of_capacity_waits_for_better_times(self, ada, body):
        event = ada.lists()
        settle()
        with bookings_away():
            status, problem = ada.put(path(event), {**body, "title": "Bigger"})
        assert (status, problem["code"]) == (503, "unavailable")
        assert ada.get(path(event))[1] == event
        assert (version(event["eventId"]), said(event["eventId"])) == (1, [])
        assert on_sale(event["eventId"]) == on_show(event["eventId"])

    def test_everything_else_goes_on(self, ada):
        event, draft = ada.lists(), ada.lists(status="draft")
        with bookings_away():
            assert ada.put(path(event), {"title": "Same size", "capacity": 10})[0] == 200
            assert ada.put(path(draft), {"capacity": 3, "status": "published"})[0] == 200
            assert ada.delete(path(event))[0] == 204
