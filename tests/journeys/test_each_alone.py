"""Each service alone: a process, a database and an address of its own, asking the others over the network."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest

from tests.alone import ROOT, OwnDatabase, services_alone
from tests.journeys.traveller import PASSWORD, Answer, Traveller, eventually, soon_over

PATHS = {
    "users": ("/register", "/login", "/profile", "/token", "/logout"),
    "events": ("/events",),
    "bookings": ("/bookings",),
    "payments": ("/payments", "/refunds"),
    "notifications": ("/notifications",),
    "reviews": ("/reviews",),
}


@pytest.fixture(scope="module")
def addresses() -> Iterator[dict[str, str]]:
    with services_alone() as found:
        yield found


class Router(Traveller):
    """A traveller who takes each path to its service, as the gateway will."""

    def __init__(self, addresses: dict[str, str], name: str):
        self.addresses = addresses
        super().__init__("", name)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        service = next(service for service, paths in PATHS.items() if path.startswith(paths))
        return super().call(method, self.addresses[service] + path, body, **headers)


@pytest.fixture
def ada(addresses):
    with closing(Router(addresses, "ada")) as one:
        yield one


@pytest.fixture
def ben(addresses):
    with closing(Router(addresses, "ben")) as one:
        yield one


def test_a_booking_at_once_although_nobody_told_bookings_of_the_event(ada, ben):
    event = ada.lists(capacity=2)
    status, booking = ben.books(event, 2)
    assert (status, booking["status"]) == (201, "held")
    assert ben.books(event)[1]["code"] == "sold_out"


def test_a_capacity_is_decided_by_bookings_over_the_network(ada, ben):
    event = ada.lists(capacity=2)
    path = f"/events/{event['eventId']}"
    ben.books(event, 2)
    assert ada.call("PUT", path, {"capacity": 1})[1]["code"] == "capacity_below_sold"
    assert ada.call("PUT", path, {"capacity": 3})[1]["availability"] == 1
    assert ben.books(event)[0] == 201


def test_an_organiser_sees_who_comes_although_nobody_told_bookings_who_they_are(ada, ben):
    event = ada.lists()
    ben.books(event, 2)
    guests = f"/bookings/events/{event['eventId']}"
    for narrowed in ("", f"?q={ben.username}"):
        (guest,) = ada.call("GET", guests + narrowed)[1]["items"]
        assert (guest["email"], guest["quantity"], guest["status"]) == (ben.email, 2, "held")
    assert ada.call("GET", f"{guests}?q=nobody")[1]["items"] == []
    assert ben.call("GET", guests)[0] == 404


def test_a_review_although_nobody_told_reviews_of_the_event_or_the_booking(ada, ben):
    event = ada.lists(price=0, **soon_over())
    body = {"eventId": event["eventId"], "rating": 5, "comment": "Encore!"}
    assert ben.books(event)[1]["status"] == "confirmed"
    assert ben.call("POST", "/reviews", body)[1]["code"] == "event_not_over"
    eventually(lambda: ada.call("POST", "/reviews", body)[1]["code"], "not_an_attendee")
    assert ben.call("POST", "/reviews", body)[0] == 201
    assert ada.call("GET", f"/reviews/{event['eventId']}")[1]["average"] == 5


def test_a_hold_is_paid_for_although_nobody_told_payments_of_it(ada, ben):
    _, booking = ben.books(ada.lists())
    body = {"bookingId": booking["bookingId"], "paymentMethod": "pm_card_visa"}
    assert ada.call("POST", "/payments", body)[0] == 404
    status, payment = ben.call("POST", "/payments", body)
    assert (status, payment["status"], payment["amount"]) == (201, "succeeded", 4900)
    assert ben.call("POST", "/payments", body)[1]["code"] == "nothing_due"
    refund = {"paymentId": payment["paymentId"], "amount": 100}
    assert ben.call("POST", "/refunds", refund)[0] == 404
    assert ada.call("POST", "/refunds", refund)[0] == 201


def test_all_who_hold_places_are_told_although_nobody_told_notifications_of_them(ada, ben):
    event = ada.lists()
    ben.books(event)
    word = {"eventId": event["eventId"], "message": "Doors open at seven."}
    assert ben.call("POST", "/notifications", word)[0] == 403
    assert ada.call("POST", "/notifications", word)[0] == 202
    inbox = f"/notifications/{ben.user_id}"
    eventually(lambda: [item["kind"] for item in ben.call("GET", inbox)[1]["items"]], ["organizer_message"])


def test_a_service_answers_its_own_paths_only(addresses):
    assert httpx.get(f"{addresses['users']}/events").status_code == 404
    assert httpx.get(f"{addresses['events']}/bookings").status_code == 404
    assert httpx.get(f"{addresses['bookings']}/openapi/bookings.json").status_code == 200
    assert httpx.get(f"{addresses['bookings']}/openapi/users.json").status_code == 404
    assert httpx.get(f"{addresses['events']}/readyz").json()["services"] == ["events"]


def test_internal_paths_want_the_installations_secret(addresses, ada):
    event = ada.lists()
    address = f"{addresses['events']}/internal/events/{event['eventId']}"
    assert httpx.get(address).status_code == 404
    assert httpx.get(address, headers={"X-Frontrow-Internal": "guess"}).status_code == 404
    assert httpx.get(address, headers={"Authorization": ada.headers["Authorization"]}).status_code == 404


def test_an_administrator_of_users_enters_the_admin_of_another_service(addresses, ada):
    with httpx.Client(base_url=addresses["bookings"]) as browser:
        assert "wrong" in signed_in(browser, ada).text
        environment = {**os.environ, "SERVICES": "users", "DATABASE_URL": OwnDatabase("users").url}
        command = [sys.executable, "-m", "frontrow", "admin", ada.username]
        subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=60, stdout=subprocess.DEVNULL)
        assert signed_in(browser, ada).headers["Location"] == "/admin/"
        apps = re.findall(r'<div class="app-(\w+) module', browser.get("/admin/").text)
        assert set(apps) == {"bookings", "chassis"}


def signed_in(browser: httpx.Client, person: Traveller) -> httpx.Response:
    """The answer to the sign-in form of an admin."""
    token = re.findall(r'csrfmiddlewaretoken" value="(\w+)"', browser.get("/admin/login/").text)[0]
    form = {"username": person.username, "password": PASSWORD, "csrfmiddlewaretoken": token}
    return browser.post("/admin/login/", data=form)
