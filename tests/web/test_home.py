"""What is on, as a browser gets it."""

import re

import pytest

from frontrow.chassis import http
from frontrow.chassis.refusals import Unavailable
from frontrow.web import home
from tests.cast import soon

pytestmark = pytest.mark.django_db


def text(answer):
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def titles(answer):
    return re.findall(r"<h3><a [^>]*>([^<]+)</a></h3>", answer.content.decode())


@pytest.fixture
def three(ada):
    """A concert and a workshop in Berlin, and a free talk in Paris."""
    ada.lists(title="Night of Songs")
    ada.lists(title="Bread", category="workshop", location="Ofen, Berlin", price=4000, date=soon(days=2),
              endDate=soon(days=3))  # fmt: skip
    ada.lists(title="Stars", category="talk", location="Planétarium, Paris", price=0, timezone="Europe/Paris",
              date=soon(days=5), endDate=soon(days=5, hours=1))  # fmt: skip


def test_everybody_sees_what_is_on_and_gets_no_cookie(visit, three):
    answer = visit().get("/")
    assert answer.status_code == 200
    assert titles(answer) == ["Night of Songs", "Bread", "Stars"]
    assert not answer.cookies
    assert answer["Cache-Control"] == "no-cache"
    assert "3 events" in text(answer)
    assert visit().get("/").content == answer.content


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=song", ["Night of Songs"]),
        ("category=WORKSHOP", ["Bread"]),
        ("city=berlin", ["Night of Songs", "Bread"]),
        ("free=1", ["Stars"]),
        ("price=30&currency=EUR", ["Night of Songs", "Stars"]),
        ("price=30&currency=USD", []),
        ("sort=price", ["Stars", "Night of Songs", "Bread"]),
        ("when=today", []),
        ("sort=nonsense&from=x&price=y&when=z&cursor=not-one", ["Night of Songs", "Bread", "Stars"]),
    ],
)
def test_filters(visit, three, query, found):
    assert titles(visit().get(f"/found?{query}"))[: len(found)] == found
    answer = visit().get(f"/?{query}")
    assert answer.status_code == 200
    assert titles(answer)[: len(found)] == found
    assert found or "No event fits all of that" in text(answer)


def test_a_form_leads_to_an_address_worth_sharing(visit, three):
    answer = visit().get("/?q=bread&category=&when=&from=&price=&currency=EUR&sort=")
    assert (answer.status_code, answer["Location"]) == (302, "/?q=bread")
    part = visit().get("/found?q=bread&category=&when=&from=&price=&currency=EUR&sort=")
    assert part["HX-Push-Url"] == "/?q=bread"
    assert "<html" not in part.content.decode()
    assert 'rel="canonical" href="http' in visit().get("/?q=bread").content.decode()


def test_nothing_found_says_what_to_leave_out_and_what_is_on_anyway(visit, three):
    answer = visit().get("/?q=nobody&city=Berlin")
    assert "No event fits all of that" in text(answer)
    assert 'href="/?city=Berlin"' in answer.content.decode()
    assert 'href="/?q=nobody"' in answer.content.decode()
    assert titles(answer) == ["Night of Songs", "Bread", "Stars"]


def test_an_empty_house_says_what_to_do(visit):
    assert "Nothing is planned yet" in text(visit().get("/"))


def test_the_list_goes_on_page_by_page_with_and_without_script(visit, ada, monkeypatch):
    monkeypatch.setattr(home, "PER_PAGE", 2)
    for hours in range(5):
        ada.lists(title=f"Number {hours}", date=soon(hours=hours), endDate=soon(hours=hours + 1))
    seen, here = [], "/"
    while here:
        answer = visit().get(here)
        seen.append(titles(answer))
        more = re.search(r'hx-get="(/found[^"]+)".*rel="next" href="([^"]+)"', answer.content.decode(), re.S)
        here = more and more[2].replace("&amp;", "&")
        if more:
            part = visit().get(more[1].replace("&amp;", "&"))
            assert titles(part) == titles(visit().get(here))
            assert not part.has_header("HX-Push-Url")
    assert seen == [["Number 0", "Number 1"], ["Number 2", "Number 3"], ["Number 4"]]


def test_days_without_an_event_that_fits_are_passed_over(visit, ada, monkeypatch):
    """Events tells by price in any currency; pages that hold none of the wanted one are no end of the list."""
    monkeypatch.setattr(home, "PER_PAGE", 1)
    for hours in range(3):
        ada.lists(title="Far", currency="USD", date=soon(hours=hours), endDate=soon(hours=hours + 1))
    ada.lists(title="Near", date=soon(days=1), endDate=soon(days=1, hours=1))
    assert titles(visit().get("/?price=30&currency=EUR")) == ["Near"]


def test_what_there_is_can_be_chosen(visit, three, monkeypatch):
    answer = visit().get("/?category=opera&city=Rome&price=5&currency=JPY").content.decode()
    chosen = re.findall(r'value="([^"]+)" checked|<option selected>([^<]+)', answer)
    assert chosen == [("opera", ""), ("", "Rome"), ("", "JPY")]
    assert re.findall(r"<option>([^<]+)</option>", answer) == ["Berlin", "Paris", "EUR"]
    assert 'name="category" value="workshop">Workshop <span class="count">1</span>' in answer


def test_names_and_places_stay_text(visit, ada):
    evil = "<script>alert(1)</script>"
    ada.lists(title=evil, location=f'"><img src=x>{evil}', category=evil)
    found = visit().get(f"/?q={evil}&city={evil}&category={evil}").content.decode()
    assert "<script>alert" not in found + visit().get("/").content.decode()
    assert "<img src=x" not in visit().get("/").content.decode()


def test_it_speaks_the_browsers_language(visit, three):
    answer = visit().get("/", headers={"Accept-Language": "de-AT,de;q=0.9"})
    assert '<html lang="de">' in answer.content.decode()


def test_without_the_events_there_is_a_kind_page(visit, monkeypatch):
    def away(*_, **__):
        raise Unavailable

    monkeypatch.setattr(http, "ask", away)
    answer = visit().get("/")
    assert answer.status_code == 503
    assert answer["Retry-After"]


def test_a_form_is_not_sent_here(visit):
    assert visit().post("/").status_code == 405


def test_search_engines_learn_what_is_on_and_what_is_private(visit, ada, three):
    ada.lists(title="Secret", status="draft")
    found = visit().get("/sitemap.xml")
    places = re.findall(r"<loc>http://[^/]+(/[^<]*)</loc>", found.content.decode())
    assert (found["Content-Type"], len(places)) == ("application/xml; charset=utf-8", 4)
    assert [place.rsplit("/", 1)[1] for place in places] == ["", "night-of-songs", "bread", "stars"]
    assert found.content.decode().count("<lastmod>20") == 3
    rules = visit().get("/robots.txt").content.decode()
    assert "Disallow: /my\n" in rules
    assert re.search(r"Sitemap: http://[^/]+/sitemap.xml\n", rules)
