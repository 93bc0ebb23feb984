"""What the fast door must do beyond answering as the ordinary one does (test_door.py)."""

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, timedelta
from uuid import UUID

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis.strategies import datetimes, just
from prometheus_client import REGISTRY

from frontrow.chassis import accounts, groups
from frontrow.chassis.accounts import LINES
from frontrow.chassis.fast_door import FastDoor
from frontrow.chassis.ids import new_id
from frontrow.chassis.schemas import EARLIEST, LATEST
from frontrow.chassis.tests.fast import Fast
from frontrow.services.bookings import clients, deciding, door
from frontrow.services.bookings.models import Booking, EventStock
from tests.cast import Actor, soon
from tests.embedded.system import wait

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def fast():
    with Fast(door.BookingsDoor()) as one:
        yield one


def asks(fast, who, event, **headers):
    body = json.dumps({"eventId": event["eventId"]}).encode()
    return fast.ask("POST", "/bookings", body, **{"Authorization": f"Bearer {who.token}", **headers})


def test_its_headers_are_those_of_the_ordinary_door(fast, ada, ben):
    event = ada.lists()
    body = json.dumps({"eventId": event["eventId"]})
    ordinary = ben.client.generic(
        "POST", "/bookings", body, "application/json", headers={"Authorization": f"Bearer {ben.token}"}
    )
    answer = asks(fast, ben, event, **{"X-Request-ID": "from-the-test-1"})
    own = {"content-length", "x-request-id", "date"}  # the last is a server's
    said = {name.lower(): value for name, value in ordinary.items()}
    assert said.pop("vary") == "Accept-Encoding"  # the fast one leaves it to the gateway to compress
    assert {name: answer.headers[name] for name in answer.headers if name not in own} == {
        name: value for name, value in said.items() if name not in own
    }
    assert answer.headers["x-request-id"] == "from-the-test-1"


def test_its_refusals_are_those_of_the_ordinary_door(fast, ada, ben, cy):
    event = ada.lists(capacity=1)
    cy.books(event)
    answer = asks(fast, ben, event)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["requestId"] == answer.headers["x-request-id"]
    assert asks(fast, ben, event, Authorization="").headers["www-authenticate"] == "Bearer"


class TestSoldOut:
    """Once somebody was told so, the next are told by a look at the event alone; each answer is true all the same."""

    def codes(self, fast, who, event, times=3, **headers):
        answers = [asks(fast, who, event, **headers) for _ in range(times)]
        return [answer.json().get("code", answer.status_code) for answer in answers]

    @pytest.fixture
    def gone(self, fast, ada, cy):
        """An event of which everything is gone, as the door knows; and who has it."""
        event = ada.lists(capacity=2)
        hold = cy.books(event, 2)
        assert self.codes(fast, cy, event) == ["sold_out"] * 3
        assert fast.door.short == {UUID(event["eventId"])}
        return event, hold

    def test_it_is_said_by_the_look_alone(self, fast, gone, ben, monkeypatch):
        monkeypatch.setattr(deciding, "asked", None)
        assert self.codes(fast, ben, gone[0]) == ["sold_out"] * 3

    def test_a_place_that_comes_back_is_sold_to_the_next(self, fast, gone, ben, cy):
        event, hold = gone
        cy.delete(f"/bookings/{hold['bookingId']}")
        assert self.codes(fast, ben, event) == [201, 201, "sold_out"]

    def test_so_is_one_whose_hold_is_over(self, fast, gone, ben):
        Booking.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        assert self.codes(fast, ben, gone[0]) == [201, 201, "sold_out"]

    def test_and_one_that_is_added(self, fast, gone, ada, ben):
        event, _ = gone
        ada.put(f"/events/{event['eventId']}", {"capacity": 3})
        assert self.codes(fast, ben, event) == [201, "sold_out", "sold_out"]

    def test_a_key_that_booked_is_replayed(self, fast, ada, ben):
        event = ada.lists(capacity=1)
        key = {"Idempotency-Key": "the-very-one"}
        assert self.codes(fast, ben, event, 1, **key) == [201]
        assert self.codes(fast, ben, event) == ["sold_out"] * 3
        first, second = (asks(fast, ben, event, **key).json() for _ in range(2))
        assert first == second
        assert first["status"] == "held"

    def test_another_event_is_not_meant(self, fast, gone, ada):
        event, other, people = gone[0], ada.lists(capacity=12), [Actor() for _ in range(32)]
        with ThreadPoolExecutor(16) as pool:
            asked = pool.map(lambda who, one: asks(fast, who, one).status_code, people, [event, other] * 16)
            found = list(asked)
        assert found[::2] == [409] * 16
        assert sorted(found[1::2]) == [201] * 12 + [409] * 4

    def test_an_event_that_is_off_is_not_on_sale(self, fast, gone, ada, ben):
        event, _ = gone
        ada.delete(f"/events/{event['eventId']}")
        assert self.codes(fast, ben, event) == ["not_on_sale"] * 3


class TestSecondLook:
    """A refusal that rests on what an event is, given once events was asked; all who wait are one question."""

    def together(self, fast, monkeypatch, event, meanwhile=lambda: None):
        """What sixteen people are told who come while events takes its time, and how often it is asked."""
        asked, gate, ask = [], threading.Event(), clients.event_facts
        monkeypatch.setattr(
            clients, "event_facts", lambda each: asked.append(each) or (gate.wait(30) and ask(each))
        )
        with ThreadPoolExecutor(16) as pool:
            answers = [pool.submit(asks, fast, Actor(), event) for _ in range(16)]
            wait(30, lambda: sum(len(look.people) for look in fast.door.afresh.values()) == 16, "all wait")
            meanwhile()
            gate.set()
            codes = [each.result().json().get("code", "booked") for each in answers]
        assert fast.door.afresh == {}
        return codes, len(asked)

    def test_who_comes_before_the_sale_opens_is_told_so(self, fast, ada, monkeypatch):
        event = ada.lists(salesStart=soon(hours=-1))
        codes, questions = self.together(fast, monkeypatch, event)
        assert codes == ["not_on_sale"] * 16
        assert questions <= 2  # of who came first, and of who came meanwhile

    def test_and_once_it_has_opened_gets_a_place(self, fast, ada, monkeypatch):
        event = ada.lists(capacity=9, salesStart=soon(hours=-1))

        def opens():
            assert ada.put(f"/events/{event['eventId']}", {"salesStart": soon(days=-31)})[0] == 200

        codes, questions = self.together(fast, monkeypatch, event, opens)
        assert sorted(codes) == ["booked"] * 9 + ["sold_out"] * 7
        assert questions <= 2


def test_whoever_comes_when_too_many_wait_is_told_to_come_again(fast, ada, ben, monkeypatch):
    event = ada.lists()
    monkeypatch.setattr(groups, "MOST_WAITING", 0)
    answer = asks(fast, ben, event)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert int(answer.headers["retry-after"]) >= 1
    assert not Booking.objects.exists()


def test_it_gets_over_the_loss_of_its_connection(fast, ada, ben):
    event = ada.lists()
    assert asks(fast, ben, event).status_code == 201
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'frontrow door'"
        )
        assert cursor.fetchall() == [(True,)]
    answer = asks(fast, ben, event)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert asks(fast, ben, event).status_code == 201


def test_a_bug_is_answered_by_its_request_alone(fast, ada, ben, monkeypatch):
    event = ada.lists()
    monkeypatch.setattr(FastDoor, "_person", None)
    answer = asks(fast, ben, event)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "TypeError" not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/healthz", 200), ("GET", "/bookings?limit=1", 200), ("PATCH", "/bookings", 405),
     ("GET", "/bookings/%2e%2e", 404), ("GET", "/bookings/x%C3%A4", 404), ("GET", "/metrics", 200)],
)  # fmt: skip
def test_whatever_else_is_asked_is_answered_by_django(fast, ben, method, path, status):
    answer = fast.ask(method, path, Authorization=f"Bearer {ben.token}")
    assert answer.status_code == status


def reads(fast, who, booking_id):
    answer = fast.ask("GET", f"/bookings/{booking_id}", Authorization=f"Bearer {who.token}")
    return answer.status_code, answer.json()


@pytest.mark.parametrize("status", ["held", "confirmed", "cancelled", "expired"])
def test_a_booking_is_told_as_the_ordinary_door_tells_it(fast, ada, ben, status):
    hold = ben.books(ada.lists(), 2)
    ended = timezone.now() if status in ("cancelled", "expired") else None
    Booking.objects.update(status=status, ended_at=ended, end_reason="person" if ended else None)
    path = f"/bookings/{hold['bookingId']}"
    ordinary = ben.client.get(path, headers={"Authorization": f"Bearer {ben.token}"})
    assert reads(fast, ben, hold["bookingId"]) == (200, ordinary.json())
    assert ordinary.json()["status"] == status


def test_who_looks_at_once_sees_their_own_and_nothing_else(fast, ada, ben, cy):
    event = ada.lists()
    holds = [(who, who.books(event)) for who in (ben, cy)] * 8
    with ThreadPoolExecutor(16) as pool:
        seen = list(pool.map(lambda each: reads(fast, each[0], each[1]["bookingId"]), holds))
    assert [body["userId"] for _, body in seen] == [str(who.user_id) for who, _ in holds]
    other = holds[1][1]["bookingId"]
    answers = [reads(fast, ben, each) for each in (other, new_id())]
    assert [(status, body["code"]) for status, body in answers] == [(404, "not_found")] * 2


def test_who_is_not_signed_in_sees_nothing(fast, ada, ben):
    path = f"/bookings/{ben.books(ada.lists())['bookingId']}"
    assert fast.ask("GET", path).json()["code"] == "not_signed_in"
    assert fast.ask("GET", path, Authorization="Bearer x.y.z").json()["code"] == "invalid_token"


def test_it_leaves_a_line_for_each_request_like_all_others(fast, ada, ben, capsys):
    asks(fast, ben, ada.lists(), **{"X-Request-ID": "from-the-test-1"})
    fast.run(asyncio.sleep(0))  # it says so after it has answered
    LINES.flush()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "from-the-test-1" in line]
    (line,) = [line for line in lines if line["logger"] == "frontrow.chassis.accounts"]
    assert (line["event"], line["path"], line["status"], line["level"]) == (
        "request",
        "/bookings",
        201,
        "info",
    )
    assert {"trace_id", "milliseconds", "timestamp", "route", "method"} < set(line)


@given(datetimes(EARLIEST.replace(tzinfo=None), LATEST.replace(tzinfo=None), timezones=just(UTC)))
def test_its_time_is_written_as_all_others(moment):
    with time_machine.travel(moment, tick=False):
        assert accounts.now() == moment.isoformat(timespec="microseconds")


def test_what_many_say_is_understood_once_and_what_is_wrong_is_refused_to_each(fast, ada, ben, cy):
    event = ada.lists()
    answers = [asks(fast, who, event) for who in (ben, cy, ben)]
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["bookingId"] for answer in answers}) == 3
    assert fast.door.short_bodies.cache_info()[:2] == (2, 1)  # understood before, and not
    for body in (b"{", b"", b'{"eventId": 1}', b'{"eventId": 1}'):
        headers = {"Authorization": f"Bearer {ben.token}"}
        assert fast.ask("POST", "/bookings", body, **headers).status_code in {400, 422}
    assert fast.door.short_bodies.cache_info().currsize == 1


def test_long_bodies_are_not_remembered(fast, ada, ben):
    event = ada.lists()
    body = json.dumps({"eventId": event["eventId"]}).encode() + b" " * door.SHORT
    answer = fast.ask("POST", "/bookings", body, Authorization=f"Bearer {ben.token}")
    assert answer.status_code == 201
    assert fast.door.short_bodies.cache_info().currsize == 0


def test_a_header_that_passes_for_another_is_not_let_through(fast):
    answer = fast.ask("GET", "/metrics", X_Forwarded_For="203.0.113.1")
    assert answer.status_code == 200
    assert fast.ask("GET", "/metrics", **{"X-Forwarded-For": "203.0.113.1"}).status_code == 404


def test_a_key_that_is_no_key_is_refused_and_not_overlooked(fast, ada, ben):
    answer = asks(fast, ben, ada.lists(), **{"Idempotency-Key": "schlüssel"})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_idempotency_key")
    assert not Booking.objects.exists()


def test_a_second_look_gets_over_the_loss_of_its_connection(fast, ada, ben):
    event = ada.lists(maxPerPerson=1)
    assert asks(fast, ben, event).status_code == 201
    for _ in range(2):
        answers = [asks(fast, ben, event) for _ in range(fast.door.threads.pool._max_workers * 2)]
        assert {answer.json()["code"] for answer in answers} == {"limit_reached"}
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name = 'frontrow'"
                " AND pid <> pg_backend_pid()"
            )


def test_a_database_that_does_not_answer_holds_nobody_for_long(fast, ada, ben, cy, monkeypatch):
    """Neither who is asked about nor who waits behind; and it goes on afterwards."""
    event, other = ada.lists(), ada.lists()
    assert {asks(fast, ben, each).status_code for each in (event, other)} == {201}
    monkeypatch.setattr(door, "PATIENCE", 0.2)
    with ThreadPoolExecutor(2) as pool, transaction.atomic():
        EventStock.objects.lock(UUID(event["eventId"]))
        asked = [pool.submit(asks, fast, who, what) for who, what in ((ben, event), (cy, other))]
        answers = [each.result(30) for each in asked]
    assert 503 in {answer.status_code for answer in answers}
    assert {answer.status_code for answer in answers} <= {201, 503}
    monkeypatch.undo()
    assert asks(fast, ben, event).status_code == 201


def test_one_person_cannot_fill_the_queue(fast, ada, ben, cy, monkeypatch):
    monkeypatch.setattr(groups, "MOST_OF_ONE", 0)
    answer = asks(fast, ben, ada.lists())
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")


def test_a_name_that_is_not_ours_is_refused(fast, ada, ben, settings):
    event = ada.lists()
    assert asks(fast, ben, event).status_code == 201
    settings.ALLOWED_HOSTS = ["tickets.example.org"]
    assert asks(fast, ben, event, Host="tickets.example.org:8000").status_code == 201
    answer = asks(fast, ben, event, Host="elsewhere.example.org")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


def test_what_django_never_hears_of_is_counted_and_logged_all_the_same(fast, monkeypatch):
    monkeypatch.setattr(fast.door.threads, "waiting", 10**9)
    before = REGISTRY.get_sample_value("frontrow_refusals_total", {"code": "unavailable"}) or 0
    answer = fast.ask("GET", "/healthz")
    assert (answer.status_code, answer.headers["x-frame-options"]) == (503, "DENY")
    assert REGISTRY.get_sample_value("frontrow_refusals_total", {"code": "unavailable"}) == before + 1


def test_an_address_that_django_never_hears_of_is_not_logged_whole(fast, monkeypatch, capsys):
    monkeypatch.setattr(fast.door.threads, "waiting", 10**9)
    assert fast.ask("GET", "/sandbox/a-secret-address").status_code == 503
    fast.run(asyncio.sleep(0))
    LINES.flush()
    said = capsys.readouterr().out
    assert '"path": "/sandbox/-"' in said
    assert "a-secret-address" not in said
