"""Services that go, come and move: their own paths say so, the others go on, and nothing is done twice."""

import re
from uuid import uuid4

import pytest

from tests.embedded.system import free_port, wait
from tests.gateway.stage import PATIENCE, PLACES, SERVICES, Names, Service, places
from tests.gateway.stage import gateway as a_gateway
from tests.gateway.stage import services as some_services

REPLICAS = ["127.0.0.2", "127.0.0.3", "127.0.0.4"]


@pytest.fixture
def names(tmp_path):
    return Names(tmp_path)


@pytest.fixture
def replicas():
    """Three of bookings, at one port of three addresses."""
    port = free_port()
    there = [Service(address, address, port) for address in REPLICAS]
    yield there
    for replica in there:
        replica.stop()


def at(replicas):
    return {"bookings": f"bookings:{replicas[0].port}"}


def answering(gateway, path="/bookings", times=30):
    """Who answered how, over several requests."""
    answers = [gateway.get(path) for _ in range(times)]
    return {answer.body.decode() if answer.status == 200 else answer.status for answer in answers}


def test_one_service_goes_the_others_answer_and_it_comes_back():
    with some_services() as there, a_gateway(places(there)) as gateway:
        gone = there["bookings"]
        assert answering(gateway) == {"bookings"}
        gone.stop()
        assert answering(gateway) == {503}
        assert gateway.post("/bookings").json["code"] == "unavailable"
        for path in (
            "/profile",
            "/events",
            "/payments",
            "/notifications/1",
            "/reviews/1",
            "/docs",
            "/readyz",
        ):
            assert answering(gateway, path, times=7) & set(SERVICES), path
            assert 503 not in answering(gateway, path, times=7), path
        there["bookings"] = Service("bookings", port=gone.port)
        wait(PATIENCE, lambda: gateway.get("/bookings").status == 200, "it is back")


def test_the_secret_of_a_payment_is_not_told_while_its_service_is_away():
    with a_gateway({}) as gateway:
        assert gateway.get("/sandbox/secret-reference").status == 503
        assert gateway.get("/payments?q=private-word").status == 503
        wait(PATIENCE, lambda: len(gateway.lines()) == 2, "both are logged")
        assert not re.search("secret-reference|private-word", gateway.said())


def test_a_name_that_nobody_knows_is_a_service_that_is_away_until_it_is_known(names, replicas):
    names.know(users=["127.0.0.1"])
    with a_gateway(at(replicas), **names.environment) as gateway:
        assert answering(gateway) == {503}
        names.know(bookings=REPLICAS[:1])
        wait(PATIENCE, lambda: gateway.get("/bookings").status == 200, "it is found")


def test_nothing_is_ready_before_each_service_can_be_asked_through_here(names):
    with some_services() as there:
        ports = {name: service.place.split(":")[1] for name, service in there.items()}
        named = {name: f"{name}:{port}" for name, port in ports.items()}
        names.know(**{key: ["127.0.0.1"] for key in set(named) - {"reviews"}})
        with a_gateway(named, **names.environment) as gateway:
            assert gateway.get("/readyz").status == 503
            assert gateway.get("/readyz").json["code"] == "unavailable"
            names.know(**{key: ["127.0.0.1"] for key in named})
            wait(PATIENCE, lambda: gateway.get("/readyz").status == 200, "it is found")
            assert gateway.get("/reviews").status == 200


def test_several_places_are_one_service(replicas):
    with a_gateway({"bookings": " ".join(replica.place for replica in replicas)}) as gateway:
        assert answering(gateway) == set(REPLICAS)


def test_each_replica_answers_and_new_ones_are_found_and_old_ones_let_go(names, replicas):
    names.know(bookings=REPLICAS[:2])
    with a_gateway(at(replicas), **names.environment) as gateway:
        assert answering(gateway) == set(REPLICAS[:2])
        names.know(bookings=REPLICAS)
        wait(PATIENCE, lambda: answering(gateway) == set(REPLICAS), "the third is found")
        names.know(bookings=REPLICAS[1:])
        wait(PATIENCE, lambda: answering(gateway) == set(REPLICAS[1:]), "the first is let go")
        names.know(**{"nowhere.invalid": ["127.0.0.1"]})
        wait(PATIENCE, lambda: answering(gateway) == {503}, "none is left")


def test_places_that_a_file_tells_are_read_again(tmp_path, replicas):
    file = tmp_path / "bookings"
    file.write_text(f"{replicas[0].place}\n")
    with a_gateway({}, GATEWAY_PLACES=str(tmp_path)) as gateway:
        assert answering(gateway) == {REPLICAS[0]}
        file.write_text(" ".join(replica.place for replica in replicas[1:]) + "\n")
        wait(PATIENCE, lambda: answering(gateway) == set(REPLICAS[1:]), "the others are found")


def test_nginx_is_left_alone_while_nothing_changes(names, replicas):
    names.know(bookings=REPLICAS)
    with a_gateway(at(replicas), **names.environment) as gateway:
        before, looks = gateway.workers(), names.looks()
        names.know(bookings=REPLICAS[::-1])  # in another order, as resolvers do
        wait(PATIENCE, lambda: names.looks() >= looks + 4 * len(PLACES), "several looks")
        assert set() != before <= gateway.workers()  # a new set-up would have ended them all


def test_when_not_one_name_is_known_the_old_addresses_stay(names, replicas):
    names.know(bookings=REPLICAS)
    with a_gateway(at(replicas), **names.environment) as gateway:
        looks = names.looks()
        names.know()
        wait(PATIENCE, lambda: names.looks() >= looks + 4 * len(PLACES), "several looks")
        assert answering(gateway) == set(REPLICAS)


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_replica_that_is_gone_costs_nobody_an_answer(replicas, method):
    with a_gateway({"bookings": " ".join(replica.place for replica in replicas)}) as gateway:
        replicas[0].stop()
        assert {gateway.ask(method, "/bookings", b"{}").status for _ in range(30)} == {200}
        assert len(replicas[1].asked) + len(replicas[2].asked) == 30


def test_what_may_have_arrived_is_sent_again_only_if_it_changes_nothing(replicas):
    with a_gateway({"bookings": " ".join(replica.place for replica in replicas)}) as gateway:
        for replica in replicas:
            replica.reply = lambda asked: None
        answer = gateway.post("/bookings")
        assert (answer.status, answer.json["code"], answer.headers["Retry-After"]) == (
            503,
            "unavailable",
            "2",
        )
        assert sum(len(replica.asked) for replica in replicas) == 1
        replicas[2].reply = lambda asked: (200, {}, b"found")

        def found():
            return gateway.get("/bookings").body == b"found"

        wait(PATIENCE, found, "the others are tried again")
        assert all(found() for _ in range(20))


def test_who_books_a_place_of_one_event_waits_with_the_others_who_do(replicas):
    """At one replica, however the event is spelled; different events are spread."""
    with a_gateway({"bookings": " ".join(replica.place for replica in replicas)}) as gateway:

        def booked_at(event, form='{{"eventId": "{}", "quantity": 1}}'):
            return gateway.post("/bookings", form.format(event).encode()).body.decode()

        events = [str(uuid4()) for _ in range(40)]
        homes = {event: booked_at(event) for event in events}
        assert set(homes.values()) == set(REPLICAS)
        for event, home in homes.items():
            assert booked_at(event, '{{"quantity":2,\n "eventId"  :"{}"}}') == home
        assert len({booked_at("no id") for _ in range(30)}) > 1  # what is no event is spread, too
        assert answering(gateway) == set(REPLICAS)  # reading
