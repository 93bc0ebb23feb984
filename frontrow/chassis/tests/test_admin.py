"""Every page of the admin, whichever services there are, shows its rows and survives any address."""

import re

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User as Shadow
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from frontrow.chassis import administrators, parked
from frontrow.chassis.ids import new_id
from frontrow.chassis.models import Delivery, Outbox
from frontrow.chassis.tests.rows import SECRETS, a_row

pytestmark = pytest.mark.django_db
PAGES = sorted(admin.site._registry.items(), key=lambda pair: pair[0]._meta.label)
each_page = pytest.mark.parametrize(("model", "page"), PAGES, ids=lambda each: getattr(each, "__name__", ""))


@pytest.fixture
def operator(monkeypatch):
    """A browser in which an administrator is signed in."""
    monkeypatch.setattr(administrators, "_is_administrator", lambda user_id: True)
    browser = Client(raise_request_exception=False)
    browser.force_login(administrators._shadow(new_id(), "ada"))
    return browser


def address(model):
    return f"/admin/{model._meta.app_label}/{model._meta.model_name}/"


def shown(answer):
    """How many rows a list shows."""
    assert answer.status_code == 200
    return len(answer.context["cl"].result_list)


def filters(page):
    """Every filter of a list, with an address that chooses something of it."""
    return re.findall(r'<a href="(\?[^"]+)"', page.text)


@each_page
def test_a_list_shows_what_there_is_page_by_page(operator, monkeypatch, model, page):
    monkeypatch.setattr(page, "list_per_page", 2)
    rows = [a_row(model) for _ in range(3)]
    first = operator.get(address(model))
    assert (shown(first), shown(operator.get(address(model), {"p": 2}))) == (2, 1)
    assert len(rows) == 3
    for link in filters(first):
        assert operator.get(address(model) + link.replace("&amp;", "&")).status_code in (200, 302), link


@each_page
@pytest.mark.parametrize(
    "words",
    ["ada", "0198c5a0-0000-7000-8000-000000000002", "%", "'", '"', "x" * 500, "\\", "é \N{SNOWMAN}", " "],
)
def test_anything_can_be_searched(operator, model, page, words):
    a_row(model)
    assert operator.get(address(model), {"q": words}).status_code == 200


@each_page
def test_a_row_is_found_by_its_ids(operator, model, page):
    rows = [a_row(model) for _ in range(2)]
    for name in (name for name in page.search_ids if hasattr(rows[0], name)):  # not through relations
        wanted = getattr(rows[0], name)
        found = operator.get(address(model), {"q": f" {wanted} "})
        assert shown(found) == sum(getattr(row, name) == wanted for row in rows), name


@each_page
def test_a_row_has_a_page_on_which_nothing_can_be_written(operator, model, page):
    row = a_row(model)
    place = f"{address(model)}{admin.utils.quote(row.pk)}/change/"
    answer = operator.get(place)
    assert answer.status_code == 200
    assert not re.search(
        r'<(textarea|select|input (?!type="hidden"))', answer.text.partition('id="content"')[2]
    )
    assert operator.get(place.replace("/change/", "/history/")).status_code == 200
    for forbidden in (place, place.replace("/change/", "/delete/"), f"{address(model)}add/"):
        assert operator.post(forbidden, {"post": "yes"}).status_code == 403, forbidden
    assert model._default_manager.filter(pk=row.pk).exists()


@each_page
def test_an_address_that_makes_no_sense_is_no_fault(operator, model, page):
    a_row(model)
    for rest in ("none/change/", "%00/change/", f"{new_id()}/change/", "9" * 40 + "/change/", "none/", "none/history/",
                 "?p=abc", "?p=99", "?o=99", "?o=x.y", "?status__exact=%00", "?e=1", "?nothing=1", "?q=%00", "?pk=x",
                 "?date__year=99999", "?created_at__gte=x", "?state=x", "?all=", "?_to_field=x", "none/delete/",
                 *(f"?{field.name}__exact=x" for field in model._meta.concrete_fields)):  # fmt: skip
        assert operator.get(address(model) + rest).status_code < 500, rest


@each_page
def test_a_longer_list_asks_the_database_no_more_often(operator, model, page):
    def queries():
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert operator.get(address(model)).status_code == 200
        return len(asked)

    a_row(model)
    few = queries()
    for _ in range(5):
        a_row(model)
    assert queries() <= few


@each_page
def test_no_secret_is_on_any_page_or_can_be_guessed(operator, model, page):
    row = a_row(model)
    for place in (address(model), f"{address(model)}{admin.utils.quote(row.pk)}/change/"):
        assert "secret " not in operator.get(place).text.partition('id="content"')[2]
    for field in SECRETS & {field.name for field in model._meta.fields}:
        assert operator.get(address(model), {f"{field}__startswith": "s"}).status_code == 400


def test_the_index_lists_the_services_in_their_order_and_names_us(operator, settings):
    page = operator.get("/admin/").text
    assert "<title>Operations | Frontrow</title>" in " ".join(page.split())
    apps = re.findall(r'<div class="app-(\w+) module', page.partition('id="content"')[2])
    assert apps == [name for name in settings.SERVICES if name in apps] + ["chassis"]
    assert {"users", "events", "bookings"} < set(apps)
    assert "outbox" in page.lower()
    assert "Change password" not in page
    for app in apps:
        assert operator.get(f"/admin/{app}/").status_code == 200
    assert operator.get("/admin/nothing/").status_code == 404


def test_times_are_utc_to_the_second(operator):
    row = a_row(Outbox)
    text = operator.get(address(Outbox)).text
    assert row.created_at.strftime("%Y-%m-%d %H:%M:%S UTC") in text


def test_what_is_parked_is_found_and_replayed(operator):
    rows = [a_row(Delivery) for _ in range(2)]
    waiting = a_row(Delivery)
    Delivery.objects.filter(pk=waiting.pk).update(parked_at=None, attempts=2)
    assert [shown(operator.get(address(Delivery), {"state": s})) for s in ("new", "failed", "parked")] == [
        0,
        1,
        2,
    ]
    chosen = [rows[0].pk, waiting.pk]
    answer = operator.post(address(Delivery), {"action": "replay", "_selected_action": chosen}, follow=True)
    assert "1 parked messages will be handed over again." in answer.text
    again = Delivery.objects.get(pk=rows[0].pk)
    assert (again.parked_at, again.attempts) == (None, 0)
    assert again.next_at <= timezone.now()
    assert Delivery.objects.get(pk=waiting.pk).attempts == 2
    assert Delivery.objects.get(pk=rows[1].pk).parked_at
    (done,) = LogEntry.objects.all()
    assert (done.object_id, done.user.first_name) == (str(rows[0].pk), "ada")


def test_what_somebody_else_replayed_meanwhile_is_said(operator, monkeypatch):
    row = a_row(Delivery)
    monkeypatch.setattr(parked, "find", _gone)
    answer = operator.post(address(Delivery), {"action": "replay", "_selected_action": [row.pk]}, follow=True)
    assert "is not parked" in answer.text
    assert not LogEntry.objects.exists()


def _gone(name):
    raise parked.UnknownParked(f"{name} is not parked.")


def test_no_shadow_can_be_looked_at_or_made(operator):
    assert operator.get("/admin/auth/user/").status_code == 404
    assert not Shadow.objects.get().has_usable_password()


@pytest.mark.django_db
@pytest.mark.parametrize("chosen", ["abc", "\0", "9" * 40])
def test_an_action_on_what_is_no_row_is_refused(operator, chosen):
    a_row(Delivery)
    answer = operator.post(address(Delivery), {"action": "replay", "_selected_action": chosen})
    assert answer.status_code in (302, 400)
