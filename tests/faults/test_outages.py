"""A part of the system goes away in the middle of business: the rest goes on, and nothing is lost or done twice."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Any

import httpx
import psycopg
import pytest

from frontrow.fleet.fleet import Fleet
from frontrow.fleet.topology import SERVICES
from tests.journeys.traveller import Traveller, eventually

OUTAGE_SECONDS = 30  # of the broker, while people go on booking
OWN = {
    "users": "/profile",
    "events": "/events?location=nowhere",
    "bookings": "/bookings",
    "payments": "/payments",
    "notifications": "/notifications/{userId}",
    "reviews": "/reviews/user/{userId}",
}


@pytest.fixture
def ada(fleet: Fleet) -> Iterator[Traveller]:
    with closing(Traveller(fleet.address, "ada")) as one:
        yield one


@pytest.fixture
def buyers(fleet: Fleet) -> Iterator[list[Traveller]]:
    people = [Traveller(fleet.address, f"ben{number}") for number in range(4)]
    yield people
    for one in people:
        one.close()


@contextmanager
def stopped(fleet: Fleet, *names: str) -> Iterator[None]:
    """Within the block these do not run; after it they are ready again."""
    fleet.stop(*names)
    try:
        yield
    finally:
        fleet.start(*names)


def free_event(ada: Traveller) -> dict[str, Any]:
    return ada.lists(price=0, capacity=100_000, maxPerPerson=1000)


def told(person: Traveller, kind: str) -> list[str]:
    """What a person was told of this kind."""
    found, cursor = [], ""
    while True:
        path = f"/notifications/{person.user_id}?kind={kind}&limit=100{cursor}"
        status, page = person.call("GET", path)
        assert status == 200, page
        found += [item["message"] for item in page["items"]]
        if not page["nextCursor"]:
            return found
        cursor = f"&cursor={page['nextCursor']}"


def rows(fleet: Fleet, service: str, question: str) -> list[Any]:
    """What a service's own database answers."""
    with closing(psycopg.connect(fleet.environment(service)["DATABASE_URL"])) as connection:
        return connection.execute(question).fetchall()


def left_behind(fleet: Fleet) -> dict[str, int]:
    """Messages that some service still has to relay, or that a listener could not apply."""
    question = "SELECT (SELECT count(*) FROM chassis_outbox) + (SELECT count(*) FROM chassis_delivery)"
    counts = {service: rows(fleet, service, question)[0][0] for service in SERVICES}
    return {service: count for service, count in counts.items() if count}


def test_without_the_broker_all_book_and_afterwards_every_message_is_applied_once(fleet, ada, buyers):
    event, over = free_event(ada), threading.Event()
    booked: Counter[str] = Counter()

    def book(person: Traveller) -> set[int]:
        """A few places a second; the statuses that were answered."""
        found = set()
        while not over.wait(0.2):
            found.add(person.books(event)[0])
            booked[person.user_id] += 1
        return found

    with ThreadPoolExecutor(len(buyers)) as pool:
        booking = [pool.submit(book, person) for person in buyers]
        eventually(lambda: booked.total() > 20, True)
        with stopped(fleet, "rabbitmq"):
            time.sleep(OUTAGE_SECONDS)  # is what the test is about, not what makes it right
        over.set()
        assert [each.result() for each in booking] == [{201}] * len(buyers)
    for person in buyers:
        eventually(lambda person=person: len(told(person, "booking_confirmed")), booked[person.user_id], 120)
    eventually(lambda: left_behind(fleet), {}, 120)
    left = 100_000 - booked.total()
    eventually(lambda: ada.call("GET", f"/events/{event['eventId']}")[1]["availability"], left)


def test_without_the_cache_people_sign_in_browse_and_book(fleet, ada, buyers):
    event = free_event(ada)
    with stopped(fleet, "redis"):
        assert ada.get(f"{fleet.address}/readyz").status_code == 200  # with the patience of people
        for person in buyers:
            person.sign_in()
            assert person.call("GET", f"/events/{event['eventId']}")[0] == 200
            assert person.call("GET", "/events?limit=5")[0] == 200
            assert person.books(event)[0] == 201
    assert buyers[0].books(event)[0] == 201


def ask(address: str, path: str, person: Traveller) -> httpx.Response:
    return person.get(address + path.format(userId=person.user_id))


@pytest.mark.parametrize("service", SERVICES)
def test_without_one_service_the_others_answer_and_it_comes_back(fleet, ada, service):
    for path in OWN.values():  # each has seen a token, and so the keys of users
        ask(fleet.address, path, ada)
    with stopped(fleet, service):
        away = ask(fleet.address, OWN[service], ada)
        assert (away.status_code, away.headers["Content-Type"]) == (503, "application/problem+json")
        assert away.json()["code"] == "unavailable"
        assert away.json()["requestId"] == away.headers["X-Request-ID"]
        assert int(away.headers["Retry-After"]) > 0
        others = {
            other: ask(fleet.address, OWN[other], ada).status_code for other in SERVICES if other != service
        }
        assert set(others.values()) == {200}, others
        assert httpx.get(f"{fleet.address}/readyz").status_code == 503
    eventually(lambda: ask(fleet.address, OWN[service], ada).status_code, 200)
    eventually(lambda: httpx.get(f"{fleet.address}/readyz").status_code, 200)


def test_without_the_pages_the_api_goes_on_and_people_are_told_by_a_page(fleet, ada):
    people = {"Accept": "text/html"}
    with stopped(fleet, "web"):
        away = httpx.get(f"{fleet.address}/my/bookings", headers=people)
        assert (away.status_code, away.headers["Content-Type"]) == (503, "text/html; charset=utf-8")
        assert int(away.headers["Retry-After"]) > 0
        assert {ask(fleet.address, path, ada).status_code for path in OWN.values()} == {200}
        assert httpx.get(f"{fleet.address}/readyz").status_code == 503
    eventually(lambda: httpx.get(f"{fleet.address}/", headers=people).status_code, 200)
    eventually(lambda: httpx.get(f"{fleet.address}/readyz").status_code, 200)


def test_without_those_who_only_hear_selling_goes_on_and_they_catch_up(fleet, ada, buyers):
    event = free_event(ada)
    with stopped(fleet, "notifications", "notifications-work", "reviews", "reviews-work", "payments-work"):
        answers = [person.books(event) for person in buyers]
        assert {status for status, _ in answers} == {201}
    for person in buyers:
        eventually(lambda person=person: len(told(person, "booking_confirmed")), 1)
