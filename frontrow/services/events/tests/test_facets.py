"""By what events can be narrowed: categories, cities and currencies, as often as they are found."""

from datetime import timedelta

import pytest
from django.utils import timezone

from frontrow.services.events import facets
from frontrow.services.events.models import Event
from tests.cast import soon

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(nobody):
    def ask():
        status, answer = nobody.get("/events/facets")
        assert status == 200, answer
        return {
            "categories": [(each["name"], each["count"]) for each in answer["categories"]],
            "cities": [(each["name"], each["count"]) for each in answer["cities"]],
            "currencies": answer["currencies"],
        }

    return ask


def test_without_events_there_are_none(told):
    assert told() == {"categories": [], "cities": [], "currencies": []}


def test_spellings_are_counted_together_and_the_usual_one_is_shown(ada, told):
    for location, category in (
        ("Konzerthaus, Berlin", "Concert"), ("Waldbühne,berlin", "concert"), ("BERLIN", "concert"),
        ("Messe, Halle 3, Köln", "Workshop"), ("Ringlokschuppen, Koln ", ""), ("Berlin", ""),
    ):  # fmt: skip
        ada.lists(location=location, category=category)
    ada.lists(location="Blue Note, 東京", category="concert", currency="JPY")
    assert told() == {
        "categories": [("concert", 4), ("Workshop", 1)],
        "cities": [("Berlin", 4), ("Koln", 2), ("東京", 1)],
        "currencies": ["EUR", "JPY"],
    }


def test_each_facet_finds_as_many_events_as_it_says(ada, told, nobody):
    for location, category in (("A, Köln", "Théâtre"), ("B, koln", "THÉÂTRE"), ("C, Bonn", "Theatre")):
        ada.lists(location=location, category=category)
    for facet, parameter in (("cities", "location"), ("categories", "category")):
        for name, count in told()[facet]:
            assert len(nobody.get(f"/events?{parameter}={name}")[1]["items"]) == count


def test_only_what_is_published_and_not_over_counts(ada, told):
    ada.lists(status="draft", category="draft")
    ada.delete(f"/events/{ada.lists(category='cancelled')['eventId']}")
    ada.lists(category="over")
    Event.objects.filter(category="over").update(
        date=timezone.now() - timedelta(hours=2), end_date=timezone.now() - timedelta(hours=1)
    )
    ada.lists(category="on", date=soon(hours=-1))
    assert told()["categories"] == [("on", 1)]


def test_of_very_many_the_most_frequent_are_told(ada, told, monkeypatch):
    monkeypatch.setattr(facets, "MOST", 2)
    for category, count in (("a", 1), ("b", 3), ("c", 2)):
        for _ in range(count):
            ada.lists(category=category)
    assert told()["categories"] == [("b", 3), ("c", 2)]


def test_they_are_remembered_for_a_minute(ada, told, time_machine):
    assert told()["cities"] == []
    ada.lists()
    assert told()["cities"] == []
    time_machine.move_to(timezone.now() + timedelta(seconds=61))
    assert told()["cities"] == [("Berlin", 1)]


def test_an_unknown_parameter_or_a_wrong_method_is_no_event(nobody, ada):
    assert ada.put("/events/facets", {})[0] == 405
    assert nobody.get("/events/facet")[0] == 404
