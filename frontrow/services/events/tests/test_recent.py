"""What is remembered of answers: quick, never another's, and never older than the last change."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from django.core.cache import caches
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from frontrow.chassis import listener
from frontrow.services.events import event, listing, recent
from frontrow.services.events.models import Event
from frontrow.services.events.recent import LISTS, MOST_BYTES, Recent, _stamp_key
from tests.cast import Actor

from .test_rating import news as of_rating
from .test_stock_copy import news as of_stock

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["memory", "redis"], autouse=True)
def memory(request):
    """All of it holds in a process's own memory and in Redis."""
    return request.getfixturevalue("redis") if request.param == "redis" else None


def path(event):
    return f"/events/{event['eventId']}"


def titles(who, query=""):
    status, page = who.get(f"/events{query}")
    assert status == 200, page
    return [event["title"] for event in page["items"]]


def own(who):
    return titles(who, f"?organizerId={who.user_id}")


def hear(message):
    with transaction.atomic():
        listener.hear("events", message)


class database_silent:  # noqa: N801, reads as a condition
    """Within it, nothing but memory can answer."""

    def __enter__(self):
        def refuse(*_):
            raise OperationalError("asked all the same")

        self.silence = connection.execute_wrapper(refuse)
        self.silence.__enter__()

    def __exit__(self, *error):
        self.silence.__exit__(*error)


@pytest.mark.parametrize("place", ["/events", "/events?q=clara&sort=price&limit=5", "page"])
def test_the_second_answer_is_the_first_and_asks_no_database(nobody, ada, ben, place):
    place = path(ada.lists()) if place == "page" else place
    first = nobody.client.get(place)
    with database_silent():
        for who in (nobody, ben, ada):
            second = who.client.get(place)
            assert (second.status_code, second.content) == (200, first.content)
            assert second.headers["Content-Type"] == first.headers["Content-Type"]


def test_it_is_the_same_as_without_a_memory(ada, nobody):
    made = ada.lists(title="Ünïcode → ✓")
    for _ in range(2):
        assert nobody.get(path(made)) == (200, made)
        assert nobody.get("/events") == (200, {"items": [made], "nextCursor": None})


def test_a_bad_token_is_refused_all_the_same(ada, nobody):
    place = path(ada.lists())
    assert nobody.get(place)[0] == 200
    assert nobody.get(place, Authorization="Bearer x")[0] == 401


@pytest.mark.parametrize(
    "other", ["?limit=1", "?sort=-date", "?q=bach", "?minPrice=9999", "?category=workshop"]
)
def test_different_questions_have_different_answers(ada, nobody, other):
    ada.lists(title="First")
    ada.lists(title="Second")
    assert titles(nobody) == ["First", "Second"]
    assert titles(nobody, other) != ["First", "Second"]
    assert titles(nobody, other) != ["First", "Second"]


def test_a_cursor_is_a_question_of_its_own(ada, nobody):
    ada.lists(title="First")
    ada.lists(title="Second")
    cursor = nobody.get("/events?limit=1")[1]["nextCursor"]
    for _ in range(2):
        assert titles(nobody, "?limit=1") == ["First"]
        assert titles(nobody, f"?limit=1&cursor={cursor}") == ["Second"]


def test_a_draft_is_its_organisers_only(ada, ben, nobody):
    draft = ada.lists(status="draft")
    for _ in range(2):
        assert ada.get(path(draft))[0] == 200
        assert ben.get(path(draft))[0] == 404
        assert nobody.get(path(draft))[0] == 404


@pytest.mark.parametrize("organiser_first", [True, False])
def test_ones_own_list_is_shown_to_nobody_else_nor_theirs_to_oneself(ada, ben, nobody, organiser_first):
    ada.lists(title="Draft", status="draft")
    ada.lists(title="Published")
    mine = f"?organizerId={ada.user_id}"
    for _ in range(2):
        if organiser_first:
            assert titles(ada, mine) == ["Draft", "Published"]
        assert titles(ben, mine) == titles(nobody, mine) == ["Published"]
        assert titles(ada, mine) == ["Draft", "Published"]


def test_what_an_organiser_does_is_seen_at_once(ada, ben, nobody):
    assert titles(nobody) == []
    made = ada.lists(title="Old")
    for who in (ada, ben, nobody):
        assert who.get(path(made))[1]["title"] == "Old"
        assert titles(who) == ["Old"]
    ada.put(path(made), {"title": "New"})
    for who in (ada, ben, nobody):
        assert who.get(path(made))[1]["title"] == "New"
        assert titles(who) == own(ada) == ["New"]
    ada.delete(path(made))
    for who in (ada, ben, nobody):
        assert who.get(path(made))[1]["status"] == "cancelled"
        assert titles(who) == []


def test_a_draft_that_is_published_is_seen_at_once(ada, nobody):
    draft = ada.lists(status="draft")
    assert (nobody.get(path(draft))[0], titles(nobody)) == (404, [])
    ada.put(path(draft), {"status": "published"})
    assert (nobody.get(path(draft))[0], titles(nobody)) == (200, ["An evening with Clara"])


def test_what_is_left_is_seen_as_soon_as_it_is_heard(ada, nobody):
    made = ada.lists()
    for left in (9, 4, 0):
        hear(of_stock(made, 10 - left, left=left))
        for _ in range(2):
            assert nobody.get(path(made))[1]["availability"] == left
            assert nobody.get("/events")[1]["items"][0]["availability"] == left


def test_what_people_think_is_seen_as_soon_as_it_is_heard(ada, nobody):
    made = ada.lists()
    for number in (1, 2, 3):
        hear(of_rating(made, number, number))
        for _ in range(2):
            assert nobody.get(path(made))[1]["rating"]["average"] == number
            assert nobody.get("/events")[1]["items"][0]["rating"]["average"] == number


def half_way(monkeypatch, place, name, act):
    """Let something happen once, just after a function of ours has answered."""
    called, pending = getattr(place, name), [act]

    def interrupted(*arguments):
        answer = called(*arguments)
        while pending:
            pending.pop()()
        return answer

    monkeypatch.setattr(place, name, interrupted)


@pytest.mark.parametrize(("place", "name"), [(event, "find"), (listing, "search")])
def test_what_was_read_before_a_change_and_kept_after_it_is_not_served(ada, nobody, monkeypatch, place, name):
    made = ada.lists(title="Old")
    Recent(str(made["eventId"])), Recent(LISTS)  # stamps are there already, as on a busy day
    reader, writer = Actor(), Actor(token=ada.token)
    half_way(monkeypatch, place, name, lambda: writer.put(path(made), {"title": "New"}))
    old = titles(reader) if name == "search" else [reader.get(path(made))[1]["title"]]
    assert old == ["Old"]  # it read before
    assert nobody.get(path(made))[1]["title"] == "New"
    assert titles(nobody) == ["New"]


@pytest.mark.django_db(transaction=True)
def test_what_is_read_between_a_change_and_its_commit_is_not_served_after_it(ada, nobody, monkeypatch):
    made = ada.lists(title="Old")
    reader = Actor()

    def read():
        try:
            return [reader.get(path(made))[1]["title"], *titles(reader)]
        finally:
            connection.close()

    seen = []
    with ThreadPoolExecutor(1) as elsewhere:

        def act():
            seen.extend(elsewhere.submit(read).result(60))

        half_way(monkeypatch, recent, "forget", act)
        hear(of_rating(made, 1, 4.0))  # the reader reads within this transaction's time
        half_way(monkeypatch, recent, "forget", act)
        ada.put(path(made), {"title": "New"})
    assert seen == ["Old"] * 4
    assert nobody.get(path(made))[1]["title"] == "New"
    assert nobody.get(path(made))[1]["rating"]["average"] == 4
    assert titles(nobody) == ["New"]


def test_a_stamp_that_was_lost_takes_its_answers_with_it(ada, nobody):
    made = ada.lists(title="Old")
    assert (nobody.get(path(made))[1]["title"], titles(nobody)) == ("Old", ["Old"])
    Event.objects.update(title="New")
    for scope in (made["eventId"], LISTS):
        caches["answers"].delete(_stamp_key(scope))
    assert (nobody.get(path(made))[1]["title"], titles(nobody)) == ("New", ["New"])


def test_in_any_case_an_answer_lives_for_a_second(ada, nobody, memory, time_machine):
    made = ada.lists(title="Old")
    assert (nobody.get(path(made))[1]["title"], titles(nobody)) == ("Old", ["Old"])
    Event.objects.update(title="New")  # nobody is told
    if memory:
        lives = [
            memory.client.pttl(key) for key in memory.client.keys("*") if not re.search(b"stamp|limit", key)
        ]
        assert len([life for life in lives if 0 < life <= 1000]) >= 2
        assert max(lives) <= 300_000  # the key set
        return
    time_machine.move_to(timezone.now() + timedelta(seconds=1.1))
    assert (nobody.get(path(made))[1]["title"], titles(nobody)) == ("New", ["New"])


def test_large_answers_are_not_kept(nobody):
    for size, kept in ((MOST_BYTES, True), (MOST_BYTES + 1, False)):
        Recent("large", str(size)).keep(b"x" * size)
        assert (Recent("large", str(size)).content is not None) is kept


@pytest.mark.parametrize("goes", ["kill", "freeze"])
def test_without_redis_events_are_shown_and_changed(memory, ada, nobody, goes):
    made = ada.lists(title="Old")
    assert titles(nobody) == ["Old"]
    if memory:
        getattr(memory, goes)()
    assert ada.put(path(made), {"title": "New"})[0] == 200
    assert (nobody.get(path(made))[1]["title"], titles(nobody)) == ("New", ["New"])
    hear(of_stock(made, 3, left=1))
    assert nobody.get(path(made))[1]["availability"] == 1


def test_other_services_are_told_what_is_so_now(ada, nobody):
    made = ada.lists(title="Old")
    assert nobody.get(path(made))[1]["title"] == "Old"
    Event.objects.update(title="New")
    assert event.told(UUID(made["eventId"]))["title"] == "New"
