"""Changes that meet others half way. Whatever happens in between, both sides agree in the end."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import httpx
import pytest
from django.db import connections

from frontrow.chassis import http
from frontrow.services.events import clients, rules
from frontrow.services.events.models import Event
from tests.cast import Actor, settle

from .stage import TWO_TYPES, on_sale, on_show, said, typed, version

at_once = pytest.mark.django_db(transaction=True)
step_by_step = pytest.mark.django_db


def path(event):
    return f"/events/{event['eventId']}"


def together(*acts):
    """Do all of these at the same moment, each in a thread with a connection of its own; the answers."""
    start = Barrier(len(acts))

    def run(act):
        start.wait()
        try:
            return act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def half_way(monkeypatch, place, name, act, after=False):
    """Let something happen once, just before (or after) a function of ours is called."""
    called, pending = getattr(place, name), [act]

    def interrupted(*arguments):
        answer = called(*arguments) if after else None
        while pending:
            pending.pop()()
        return answer if after else called(*arguments)

    monkeypatch.setattr(place, name, interrupted)


def resize(event, capacity):
    """Have bookings change a capacity behind the back of events, as a change that died half way did."""
    sizes = [{"ticketTypeId": kind["ticketTypeId"], "capacity": capacity} for kind in event["ticketTypes"]]
    body = {"capacity": None, "ticketTypes": sizes}
    assert http.ask("bookings", "PUT", f"/internal/stock/{event['eventId']}", json=body).status_code == 200


@at_once
@pytest.mark.parametrize("sizes", [(20, 30), (30, 20), (5, 40)])
def test_two_who_change_a_capacity_end_with_one_of_both(ada, sizes):
    event = ada.lists()
    again = Actor(token=ada.token)
    answers = together(
        lambda: ada.put(path(event), {"capacity": sizes[0]}),
        lambda: again.put(path(event), {"capacity": sizes[1]}),
    )
    assert [(status, body["capacity"]) for status, body in answers] == [(200, size) for size in sizes]
    settle()
    assert version(event["eventId"]) == 3
    (shown,) = on_show(event["eventId"])[1].values()
    assert shown in sizes
    assert on_sale(event["eventId"]) == on_show(event["eventId"])


@at_once
def test_changes_of_different_fields_are_all_kept(ada):
    event = ada.lists(**typed())
    bodies = {"title": "New"}, {"capacity": 7}, {"ticketTypes": TWO_TYPES[:1]}, {"location": "Mars"}
    actors = [Actor(token=ada.token) for _ in bodies]
    acts = [
        lambda actor=actor, body=body: actor.put(path(event), body)
        for actor, body in zip(actors, bodies, strict=True)
    ]
    assert [status for status, _ in together(*acts)] == [200] * 4
    settle()
    _, after = ada.get(path(event))
    assert (after["title"], after["location"], len(after["ticketTypes"])) == ("New", "Mars", 1)
    assert on_sale(event["eventId"]) == on_show(event["eventId"])
    assert version(event["eventId"]) == 5


@at_once
def test_a_capacity_that_falls_during_a_sale_never_falls_below_it(ada):
    event = ada.lists(capacity=10)
    buyers = [Actor() for _ in range(5)]
    settle()
    (status, _), *bought = together(
        lambda: ada.put(path(event), {"capacity": 3}),
        *[lambda who=who: who.post("/bookings", {"eventId": event["eventId"]}) for who in buyers],
    )
    booked = sum(status == 201 for status, _ in bought)
    settle()
    _, after = ada.get(path(event))
    assert (status, after["capacity"]) in {(200, 3), (409, 10)}
    assert booked <= after["capacity"]
    assert after["availability"] == after["capacity"] - booked
    assert on_sale(event["eventId"]) == on_show(event["eventId"])


@step_by_step
def test_a_change_that_comes_between_asking_and_storing_is_not_lost(ada, monkeypatch):
    event = ada.lists()
    other = lambda: ada.put(path(event), {"capacity": 30, "title": "Other"})  # noqa: E731
    half_way(monkeypatch, clients, "make_capacity", other, after=True)
    status, after = ada.put(path(event), {"capacity": 20})
    assert (status, after["capacity"], after["title"]) == (200, 20, "Other")
    settle()
    assert on_sale(event["eventId"]) == on_show(event["eventId"])


@step_by_step
def test_a_ticket_type_that_goes_between_asking_and_storing_does_not_come_back(ada, monkeypatch):
    event = ada.lists(**typed(capacity=8))
    settle()
    gone = {"capacity": None, "ticketTypes": TWO_TYPES[:1]}

    def other():
        """Asks before us and stores before us: bookings keeps what we asked for."""
        ada.put(path(event), gone)
        resize(event, 4)

    half_way(monkeypatch, clients, "make_capacity", other, after=True)
    status, after = ada.put(path(event), {"capacity": None})
    assert (status, [kind["name"] for kind in after["ticketTypes"]]) == (200, ["Stalls"])
    assert (
        on_sale(event["eventId"])
        == on_show(event["eventId"])
        == (None, {after["ticketTypes"][0]["ticketTypeId"]: 6})
    )


@step_by_step
def test_news_of_stock_that_come_between_asking_and_storing_are_not_lost(ada, ben, monkeypatch):
    event = ada.lists()

    def sale():
        ben.books(event, 4)
        settle()

    half_way(monkeypatch, clients, "make_capacity", sale, after=True)
    status, after = ada.put(path(event), {"capacity": 20})
    assert (status, after["capacity"], after["availability"]) == (200, 20, 16)
    assert after["ticketTypes"][0]["availability"] == 16


@step_by_step
def test_a_capacity_changed_behind_our_back_is_not_undone_by_a_new_title(ada, monkeypatch):
    event = ada.lists()
    settle()

    def died_half_way():
        resize(event, 25)
        settle()

    half_way(monkeypatch, rules, "wrongs", died_half_way)
    assert ada.put(path(event), {"title": "New"})[0] == 200
    settle()
    assert on_show(event["eventId"]) == on_sale(event["eventId"])
    assert ada.get(path(event))[1]["capacity"] == 25


@step_by_step
def test_a_change_is_refused_when_the_event_is_cancelled_half_way(ada, monkeypatch):
    event = ada.lists()
    half_way(monkeypatch, clients, "make_capacity", lambda: ada.delete(path(event)))
    status, problem = ada.put(path(event), {"capacity": 20})
    assert (status, problem["code"]) == (409, "event_cancelled")
    assert said(event["eventId"])[-1] == ("event.cancelled.v1", 2)


@step_by_step
def test_a_change_finds_nothing_when_the_draft_is_deleted_half_way(ada, monkeypatch):
    draft = ada.lists(status="draft")
    half_way(monkeypatch, rules, "wrongs", lambda: ada.delete(path(draft)))
    status, problem = ada.put(path(draft), {"title": "Too late"})
    assert (status, problem["code"]) == (404, "not_found")
    assert not Event.objects.exists()


@step_by_step
def test_an_answer_that_is_lost_on_its_way_leaves_both_sides_agreed(ada, monkeypatch):
    event = ada.lists()

    class LosesAnswers(http.InProcess):
        def handle_request(self, request):
            super().handle_request(request)
            raise httpx.ReadTimeout("lost", request=request)

    client = http._client
    settle()
    away = httpx.Client(
        base_url="http://localhost", transport=LosesAnswers(), headers=client("bookings").headers
    )
    monkeypatch.setattr(http, "_client", lambda service: away if service == "bookings" else client(service))
    status, problem = ada.put(path(event), {"capacity": 20})
    assert (status, problem["code"]) == (503, "unavailable")
    settle()
    assert ada.get(path(event))[1]["capacity"] == 20
    assert on_sale(event["eventId"]) == on_show(event["eventId"])
