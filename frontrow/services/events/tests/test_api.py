"""The door of events: what it refuses, how it says so, and who may look."""

import base64
import json
from urllib.parse import urlencode

import pytest

from frontrow.services.events.models import Event
from tests.cast import event_body, soon

from .stage import TWO_TYPES, as_sent, typed, version

pytestmark = pytest.mark.django_db

STALLS = TWO_TYPES[0]
UNKNOWN = "0198c5a0-0000-7000-8000-0000000000ff"
NOT_A_TIME = [
    "2101-05-01T18:00:00", "2101-05-01", "tomorrow", "", 4_143_000_000, True, "2101-02-30T18:00:00Z",
    "2101-05-01T18:00:00+25:00", "2101-05-01T18:00:00Z ", "٢١٠١-05-01T18:00:00Z",
    "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2200-01-01T00:00:00Z",
]  # fmt: skip

WRONG = {  # by the field that the refusal names, what is sent instead; the same for POST and PUT
    "date": [{"date": value} for value in (*NOT_A_TIME, "2020-05-01T18:00:00Z")],
    "endDate": [
        {"date": soon(hours=4), "endDate": soon(hours=3)},
        {"endDate": "2199-05-01T18:00:00Z"},
        *[{"endDate": value} for value in NOT_A_TIME],
    ],
    "salesStart": [
        {"salesStart": soon(hours=3), "salesEnd": soon(hours=2)},
        *[{"salesStart": value} for value in NOT_A_TIME],
    ],
    "salesEnd": [{"salesEnd": value} for value in (*NOT_A_TIME, soon(days=9))],
    "cancelUntil": [{"cancelUntil": value} for value in (*NOT_A_TIME, soon(days=9))],
    "timezone": [{"timezone": value} for value in ("Mars/Olympus", "", "europe/berlin", "../UTC", "a\0b", 1)],
    "currency": [{"currency": value} for value in ("eur", "EURO", "ZZZ", "€", "", "EUR\n", 978)],
    "price": [{"price": value} for value in (-1, 100_000_000_01, 10**30, 1.5, 1.0, "2500", True, [], {})],
    "capacity": [{"capacity": value} for value in (0, -1, 1_000_001, 10**30, 1.5, "10", True)],
    "holdMinutes": [{"holdMinutes": value} for value in (0, 1441, "15", True, 1.5, None)],
    "maxPerPerson": [{"maxPerPerson": value} for value in (0, 1001, "10", False, None)],
    "title": [
        {"title": v} for v in ("", "  ", "x" * 201, "a\nb", "a\rb", "a\0b", "a\x1bb", "\ud800", 1, None)
    ],
    "description": [{"description": value} for value in ("x" * 20_001, "a\0b", "a\x85b", None, [])],
    "location": [{"location": value} for value in ("", "x" * 301, "a\nb", "a\0b", None)],
    "category": [{"category": value} for value in ("x" * 61, "a\0b", "a\nb", None)],
    "status": [{"status": value} for value in ("cancelled", "Draft", "", None, True)],
    **{name: [{name: "?"}] for name in ("eventId", "organizerId", "availability", "sales_end", "version")},
}
WRONG_TYPES = [
    ([], "ticketTypes"),
    ("Stalls", "ticketTypes"),
    (["Stalls"], "ticketTypes.0"),
    ([STALLS] * 51, "ticketTypes"),
    ([STALLS, STALLS], "ticketTypes"),
    ([STALLS, {**STALLS, "name": "stalls"}], "ticketTypes"),
    ([STALLS, {**STALLS, "name": " Stalls "}], "ticketTypes"),
    ([{**STALLS, "ticketTypeId": "1"}], "ticketTypes.0.ticketTypeId"),
    ([{**STALLS, "ticketTypeId": UNKNOWN}], "ticketTypes"),
    ([{**STALLS, "availability": 6}], "ticketTypes.0.availability"),
    ([{**STALLS, "name": ""}], "ticketTypes.0.name"),
    ([{**STALLS, "name": "x" * 101}], "ticketTypes.0.name"),
    ([{**STALLS, "name": "a\0b"}], "ticketTypes.0.name"),
    ([STALLS, {**STALLS, "name": "B", "price": -1}], "ticketTypes.1.price"),
    ([{**STALLS, "capacity": True}], "ticketTypes.0.capacity"),
    ([{**STALLS, "currency": "eur"}], "ticketTypes.0.currency"),
    ([{name: STALLS[name] for name in ("name", "price")}], "ticketTypes.0.capacity"),
    ([STALLS, {**TWO_TYPES[1], "currency": "USD"}], ""),
]


def refused(answer, field):
    """Whether an answer is 422 and names the field, once."""
    status, problem = answer
    assert (status, problem["code"]) == (422, "invalid_request"), problem
    assert field in [error["field"] for error in problem["errors"]], problem
    return all(error["message"] for error in problem["errors"])


class TestPost:
    @pytest.mark.parametrize("field", WRONG)
    def test_a_wrong_field_is_named(self, ada, field):
        for wrong in WRONG[field]:
            assert refused(ada.post("/events", {**event_body(), **wrong}), field)
        assert not Event.objects.exists()

    def test_a_wrong_ticket_type_is_named(self, ada):
        for types, field in WRONG_TYPES:
            assert refused(ada.post("/events", event_body(**typed(ticketTypes=types))), field)
        assert not Event.objects.exists()

    def test_every_missing_field_is_named(self, ada):
        status, problem = ada.post("/events", {"capacity": 1, "price": 1, "currency": "EUR"})
        assert (status, {error["field"] for error in problem["errors"]}) == (
            422,
            {"title", "description", "date", "endDate", "timezone", "location"},
        )

    @pytest.mark.parametrize("missing", ["capacity", "price", "currency"])
    def test_the_simple_form_is_complete_or_refused(self, ada, missing):
        assert refused(ada.post("/events", event_body(**{missing: None})), "")

    @pytest.mark.parametrize(
        "changes",
        [
            {"ticketTypes": TWO_TYPES},
            typed(currency="USD"),
            typed(ticketTypes=[{**STALLS, "currency": None}]),
            typed(price=5),
        ],
    )
    def test_forms_that_contradict_themselves_are_refused(self, ada, changes):
        assert refused(ada.post("/events", event_body(**changes)), "")

    def test_all_that_is_wrong_is_named_at_once(self, ada):
        _, problem = ada.post("/events", event_body(title="", price=-1, holdMinutes=0))
        assert {error["field"] for error in problem["errors"]} == {"title", "price", "holdMinutes"}

    @pytest.mark.parametrize("body", [b"{", b'{"title": NaN}', b'{"a": 1, "a": 2}', b"\xff"])
    def test_what_is_no_json_is_said_to_be_none(self, ada, body):
        headers = {"Authorization": f"Bearer {ada.token}"}
        answer = ada.client.generic("POST", "/events", body, "application/json", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_json")

    @pytest.mark.parametrize("body", [b"", b"[]", b'"event"', b"null"])
    def test_what_is_no_object_is_refused(self, ada, body):
        headers = {"Authorization": f"Bearer {ada.token}"}
        answer = ada.client.generic("POST", "/events", body, "application/json", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


class TestPut:
    @pytest.mark.parametrize("field", WRONG)
    def test_a_wrong_field_is_named(self, ada, field):
        event = ada.lists()
        for wrong in WRONG[field]:
            assert refused(ada.put(f"/events/{event['eventId']}", wrong), field)
        assert version(event["eventId"]) == 1

    def test_a_wrong_ticket_type_is_named(self, ada):
        event = ada.lists()
        for types, field in WRONG_TYPES:
            assert refused(ada.put(f"/events/{event['eventId']}", {"ticketTypes": types}), field)
        assert version(event["eventId"]) == 1

    @pytest.mark.parametrize("field", ["date", "endDate", "timezone", "price", "currency", "ticketTypes"])
    def test_a_null_for_what_must_be_is_refused(self, ada, field):
        event = ada.lists()
        assert refused(ada.put(f"/events/{event['eventId']}", {field: None}), field)

    def test_forms_that_contradict_themselves_are_refused(self, ada):
        event = ada.lists()
        assert refused(ada.put(f"/events/{event['eventId']}", {"price": 1, "ticketTypes": TWO_TYPES}), "")

    def test_what_was_answered_can_be_sent_back(self, ada):
        event = ada.lists(**typed(capacity=8, salesStart=soon(days=-3)))
        ours = {"eventId", "organizerId", "availability", "rating", "cover", "createdAt", "updatedAt"}
        body = {name: value for name, value in event.items() if name not in ours}
        body["ticketTypes"] = [*map(as_sent, event["ticketTypes"])]
        status, after = ada.put(f"/events/{event['eventId']}", body)
        assert status == 200
        assert {**after, "updatedAt": None} == {**event, "updatedAt": None}


class TestReading:
    @pytest.mark.parametrize("listed", ["published", "draft", "cancelled"])
    @pytest.mark.parametrize("who", ["ada", "cy", "nobody"])
    def test_drafts_are_their_organisers_alone_and_all_else_is_everybodys(self, request, ada, who, listed):
        event = ada.lists(status="draft" if listed == "draft" else "published")
        if listed == "cancelled":
            ada.delete(f"/events/{event['eventId']}")
        status, body = request.getfixturevalue(who).get(f"/events/{event['eventId']}")
        if listed == "draft" and who != "ada":
            assert (status, body["code"]) == (404, "not_found")
        else:
            assert (status, body["status"]) == (200, listed)

    @pytest.mark.parametrize("path", [f"/events/{UNKNOWN}", "/events/1", "/events/", "/internal/events/1"])
    def test_what_is_not_there_is_404(self, ada, path):
        status, problem = ada.get(path)
        assert (status, problem["code"]) == (404, "not_found")

    @pytest.mark.parametrize("path", ["/events", f"/events/{UNKNOWN}"])
    @pytest.mark.parametrize(
        ("header", "code"),
        [("Bearer nonsense", "invalid_token"), ("Bearer", "invalid_token"), ("Basic YTpi", "not_signed_in")],
    )
    def test_a_bad_token_is_refused_even_where_none_is_needed(self, nobody, path, header, code):
        status, problem = nobody.get(path, Authorization=header)
        assert (status, problem["code"]) == (401, code)

    def test_only_our_own_services_see_the_inside(self, ada, nobody):
        event = ada.lists()
        for who in (ada, nobody):
            assert who.get(f"/internal/events/{event['eventId']}")[0] == 404

    def test_what_may_not_be_done_here_is_said(self, ada):
        status, problem = ada.call("PATCH", "/events", {})
        assert (status, problem["code"]) == (405, "method_not_allowed")


class TestQuery:
    @pytest.mark.parametrize(
        ("field", "values"),
        [
            ("limit", ["0", "101", "x", ""]),
            ("sort", ["title", "", "-rating"]),
            ("from", ["2101-05-01", "2101-05-01T18:00:00", "2101-05-01T18:00:00+02:00"]),  # + is a space
            ("to", ["now", "2101-05-01T18:00:00"]),
            ("minPrice", ["-1", "1.5", "x"]),
            ("maxPrice", ["1e999", "9" * 30, ""]),
            ("organizerId", ["ada", ""]),
            ("q", ["x" * 201, "a%00b", "a%0Ab"]),
            ("category", ["", "x" * 61]),
            ("location", ["%20", "%00"]),
            ("cursor", ["x" * 501, "%C3%A9"]),
        ],
    )
    def test_a_wrong_parameter_is_named(self, nobody, field, values):
        for value in values:
            assert refused(nobody.get(f"/events?{field}={value}"), field)

    @pytest.mark.parametrize("name", ["words", "Q", "organizer_id"])
    def test_an_unknown_parameter_is_named(self, nobody, name):
        status, problem = nobody.get(f"/events?{name}=x")
        assert (status, problem["code"]) == (422, "invalid_request")
        assert name in problem["errors"][0]["message"]

    def test_a_forged_cursor_is_refused(self, nobody):
        order, time, row = "date,event_id", "2101-05-01T18:00:00+00:00", UNKNOWN
        forged = [
            None, [], {}, "date", [order], [order, time], [order, "yesterday", row], [order, time, "1"],
            [order, None, None], [order, True, row], [order, {"a": 1}, row], [order, "\0", row],
            ["title,event_id", "A", row], [order, time, 2**70], [order, float("nan"), row],
        ]  # fmt: skip
        cursors = [base64.urlsafe_b64encode(json.dumps(each).encode()).decode() for each in forged]
        for cursor in (*cursors, "x", "====", "e30", "bm90IGpzb24="):
            status, problem = nobody.get(f"/events?{urlencode({'cursor': cursor})}")
            assert (status, problem["code"]) == (422, "invalid_cursor"), cursor

    def test_a_cursor_of_another_order_is_refused(self, ada, nobody):
        for _ in range(2):
            ada.lists()
        cursor = nobody.get("/events?limit=1")[1]["nextCursor"]
        assert nobody.get(f"/events?cursor={cursor}")[0] == 200
        for sort in ("-date", "price", "newest"):
            status, problem = nobody.get(f"/events?cursor={cursor}&sort={sort}")
            assert (status, problem["code"]) == (422, "invalid_cursor")
