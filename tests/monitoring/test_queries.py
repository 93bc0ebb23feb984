"""Every panel and every rule, asked of the real Prometheus of real services that somebody uses, and that have trouble."""

import json
import math
import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import httpx
import psycopg
import pytest
from kombu import Connection

from frontrow.chassis.ids import new_id
from tests.journeys.traveller import Traveller, eventually

from .deployed import alerts, dashboards, queries, rules
from .test_dashboards import plain

LONGEST = 120.0  # seconds for something to be scraped, evaluated and told
PANELS = [(name, *query) for name, board in dashboards().items() for query in queries(board, "prometheus")]
METRIC = re.compile(
    r"\b(\w+:\w+:\w+|\w+:p\d\d_\w+|(?:frontrow|rabbitmq|pg|redis|nginx|alertmanager|prometheus)_\w+|up)\b(\{.*?\})?"
)
SELECTORS = sorted({"".join(found) for rule in rules() for found in METRIC.findall(rule["expr"])})


def buys_and_gives_back(ada: Traveller, ben: Traveller) -> None:
    """All that the dashboard of a sale tells of."""
    event = ada.lists(capacity=2)
    for _ in range(2):
        assert ben.call("GET", f"/events/{event['eventId']}")[0] == 200
    status, booking = ben.books(event)
    assert status == 201, booking
    assert ben.books(event, 2)[1]["code"] == "sold_out"
    for method, expected in [("pm_card_chargeDeclined", 402), ("pm_card_visa", 201)]:
        status, told = ben.call(
            "POST", "/payments", {"bookingId": booking["bookingId"], "paymentMethod": method}
        )
        assert status == expected, told
    path = f"/bookings/{booking['bookingId']}"
    eventually(lambda: ben.call("GET", path)[1]["status"], "confirmed")
    assert ben.call("DELETE", path)[0] == 200


@pytest.fixture(scope="module")
def ben(fleet: Any) -> Iterator[Traveller]:
    with closing(Traveller(fleet.address, "ben")) as one:
        yield one


@pytest.fixture(scope="module")
def life(fleet: Any, ben: Traveller) -> Iterator[None]:
    """Somebody buys and gives back, over and over, while these tests run."""
    over = threading.Event()

    def live() -> None:
        with closing(Traveller(fleet.address, "ada")) as ada:
            while not over.wait(0.5):
                buys_and_gives_back(ada, ben)

    with ThreadPoolExecutor(1) as pool:
        living = pool.submit(live)
        try:
            yield
        finally:
            over.set()
            living.result(LONGEST)


@pytest.fixture(scope="module")
def trouble(fleet: Any) -> Iterator[None]:
    """Reviews is sent something that is no message, and a message that it cannot apply; bookings is away for a while."""
    message = {
        "id": str(new_id()), "type": "event.published.v1", "key": str(new_id()), "version": 1,
        "time": datetime.now(UTC).isoformat(), "request_id": "provoked", "data": {},
    }  # fmt: skip
    settings = fleet.environment("reviews")
    with Connection(settings["BROKER_URL"]) as broker, broker.Producer() as producer:
        for body in ("no message of ours", json.dumps(message)):
            producer.publish(body, routing_key="frontrow.reviews", content_type="text/plain", delivery_mode=2)
    with closing(Traveller(fleet.address, "cy")) as cy:
        fleet.stop("bookings")
        body = {"bookingId": str(new_id()), "paymentMethod": "pm_card_visa"}
        try:
            assert cy.call("POST", "/payments", body)[0] == 503
        finally:
            fleet.start("bookings")
    yield
    with psycopg.connect(settings["DATABASE_URL"]) as database:
        database.execute(
            "DELETE FROM chassis_delivery WHERE message->>'type' = 'unreadable' OR message_id = %s",
            [message["id"]],
        )


@pytest.fixture
def ask(fleet: Any, trouble: None, life: None) -> Callable[[str], list[dict[str, Any]]]:
    """The samples of an expression, now."""

    def answer(expr: str) -> list[dict[str, Any]]:
        address = f"http://127.0.0.1:{fleet.port('prometheus')}/api/v1/query"
        told = httpx.get(address, params={"query": expr}).json()
        assert told["status"] == "success", told
        return list(told["data"]["result"])

    return answer


def in_time(look: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + LONGEST
    while not (found := look()) and time.monotonic() < deadline:
        time.sleep(0.2)
    return found


@pytest.mark.parametrize(("board", "title", "expr"), PANELS)
def test_every_query_of_every_panel_returns_numbers(ask, board, title, expr):
    assert in_time(lambda: any(math.isfinite(float(sample["value"][1])) for sample in ask(plain(expr))))


@pytest.mark.parametrize("selector", SELECTORS)
def test_every_series_that_a_rule_selects_is_there(ask, selector):
    assert in_time(lambda: bool(ask(f"last_over_time({selector}[15m])")))


def test_every_rule_selects_something_and_is_evaluated(fleet, ask):
    assert [rule for rule in rules() if not METRIC.search(rule["expr"])] == []
    address = f"http://127.0.0.1:{fleet.port('prometheus')}/api/v1/rules"

    def states() -> dict[str, str]:
        groups = httpx.get(address).json()["data"]["groups"]
        return {rule["name"]: rule["health"] for group in groups for rule in group["rules"]}

    names = {rule.get("alert") or rule["record"] for rule in rules()}
    assert in_time(lambda: states() == dict.fromkeys(names, "ok")), states()


def test_everything_is_scraped(ask):
    assert in_time(lambda: not ask("up == 0"))
    processes = {
        (found["metric"]["service"], found["metric"]["process"]) for found in ask('up{job="frontrow"}')
    }
    assert len(processes) == 13  # six serve and work; the pages only serve
    jobs = {found["metric"]["job"] for found in ask("up")}
    assert jobs == {"frontrow", "postgres", "redis", "rabbitmq", "nginx", "prometheus", "alertmanager"}


def test_a_dead_letter_fires_its_alert_and_alertmanager_hears_of_it(fleet, ask):
    assert in_time(
        lambda: bool(ask('ALERTS{alertname="DeadLetters",alertstate="firing",listener="reviews"}'))
    )
    address = f"http://127.0.0.1:{fleet.port('alertmanager')}/api/v2/alerts"

    def heard() -> list[Any]:
        return list(httpx.get(address, params={"filter": 'alertname="DeadLetters"'}).json())

    assert in_time(lambda: bool(heard()))
    (alert,) = heard()
    assert alert["labels"]["service"] == alert["labels"]["listener"] == "reviews"
    assert alert["annotations"]["runbook_url"] == alerts()["DeadLetters"]["annotations"]["runbook_url"]


@pytest.mark.parametrize(
    "name", ["OversoldUnits", "PaidWithoutTicket", "TruthNotMeasured", "BackgroundStuck"]
)
def test_what_must_never_be_is_not_told(ask, name):
    assert ask(f'ALERTS{{alertname="{name}"}}') == []


@pytest.mark.parametrize("metric", ["frontrow_oversold_units", "frontrow_paid_without_ticket"])
def test_what_must_never_be_is_measured_as_none(ask, metric):
    lately = f"last_over_time({metric}[15m])"
    assert in_time(lambda: bool(ask(lately)))
    assert {sample["value"][1] for sample in ask(lately)} == {"0"}
