"""Who is coming: found, paged, and as a file that no spreadsheet runs."""

import csv
from io import StringIO

import pytest

from frontrow.web import attendees
from tests.cast import Actor, settle

pytestmark = pytest.mark.django_db
NAMES = ["=1+1", " \t=cmd", "+49 30", "-2", "@SUM(A1)", "\u3000＝1"]


def registered(name, display):
    """Somebody with an account."""
    body = {"username": name, "email": f"{name}@example.org", "password": "correct horse battery",
            "profileInfo": {"displayName": display}}  # fmt: skip
    assert Actor().post("/register", body)[0] == 201
    token = Actor().post("/login", {"username": name, "password": "correct horse battery"})[1]["accessToken"]
    return Actor(token=token)


@pytest.fixture
def event(ada):
    return ada.lists(title="Clara", capacity=50, maxPerPerson=9, price=1250)


@pytest.fixture
def clara(event):
    someone = registered("clara", "Clara Wieck")
    someone.books(event, 2)
    return someone


def text(browser, event, query="", **headers):
    answer = browser.get(f"/organize/{event['eventId']}/people{query}", headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def table(browser, event, query=""):
    answer = browser.get(f"/organize/{event['eventId']}/people.csv{query}")
    assert answer.status_code == 200
    content = b"".join(answer.streaming_content)
    assert content.startswith(b"\xef\xbb\xbf")
    return answer, list(csv.reader(StringIO(content[3:].decode(), newline="")))


def test_people_are_found_by_name_and_status(visit, ada, event, clara):
    browser = visit(ada)
    assert "Clara Wieck" in text(browser, event)
    assert "clara@example.org" in text(browser, event, "?q=wieck")
    assert "Nobody fits" in text(browser, event, "?q=robert")
    assert "Nobody fits" in text(browser, event, "?status=confirmed")
    assert "Clara Wieck" in text(browser, event, "?status=held&q=cla")
    assert "Clara Wieck" in text(browser, event, "?status=nonsense")


def test_htmx_gets_the_list_alone_and_a_restored_page_is_whole(visit, ada, event, clara):
    part = text(visit(ada), event, "?q=wieck", **{"HX-Request": "true"})
    assert "Clara Wieck" in part
    assert "<html" not in part
    restored = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
    assert "<html" in text(visit(ada), event, **restored)


def test_nobody_yet_is_said_kindly(visit, ada, event):
    assert "Nobody yet" in text(visit(ada), event)


def test_long_lists_come_in_pages(visit, ada, event):
    for _ in range(21):
        Actor().books(event)
    page = text(visit(ada), event)
    assert page.count('scope="row"') == 20
    assert 'rel="next"' in page


def test_the_table_has_every_booking_of_all_pages(visit, ada, event, clara, monkeypatch):
    monkeypatch.setattr(attendees, "AT_ONCE", 2)
    for _ in range(4):
        Actor().books(event)
    answer, rows = table(visit(ada), event)
    assert rows[0][:3] == ["Name", "E-mail", "Status"]
    assert len(rows) == 6
    assert rows[-1][:3] == ["Clara Wieck", "clara@example.org", "Held"]
    assert rows[-1][4:8] == ["2 × Ticket", "2", "25.00", "EUR"]
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="clara-people.csv"'
    assert answer["Cache-Control"] == "private, no-store"


def test_the_table_is_narrowed_as_the_page_is_and_speaks_its_language(visit, ada, event, clara):
    ada.books(event)
    _, rows = table(visit(ada, language="de"), event, "?q=wieck")
    assert len(rows) == 2


def test_names_are_no_formulas(visit, ada, event):
    for n, name in enumerate(NAMES):
        registered(f"person{n}", name).books(event)
    _, rows = table(visit(ada), event)
    for row in rows[1:]:
        assert row[0].startswith("'")
    settle()


def test_no_formula_begins_where_semicolons_part_the_cells(visit, ada):
    kinds = [{"name": 'Stalls; ""=2', "price": 0, "currency": "EUR", "capacity": 9}]
    event = ada.lists(ticketTypes=kinds, price=None, currency=None, capacity=None)
    registered("sly", 'Sly;=1+1;"@x').books(event)
    browser = visit(ada)
    answer = browser.get(f"/organize/{event['eventId']}/people.csv")
    lines = b"".join(answer.streaming_content).decode().removeprefix("\ufeff").splitlines()
    cells = [cell for row in csv.reader(lines, delimiter=";") for cell in row]
    assert len(cells) == 3
    assert [cell for cell in cells if cell.lstrip(' "')[:1] in {*"=+-@"}] == []


@pytest.mark.parametrize(
    "cell",
    ["=1", "+1", "-1", "@x", "\tx", "\rx", "  =1", "\n=1", "＝1", "＋1", "－1", "＠x", "\ufeff=1", '"=1'],
)
def test_a_cell_that_begins_like_a_formula_gets_an_apostrophe(cell):
    assert attendees.safe(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["Clara", "a=b", "12.50", "", "×", "1+1"])
def test_other_cells_stay_as_they_are(cell):
    assert attendees.safe(cell) == cell
