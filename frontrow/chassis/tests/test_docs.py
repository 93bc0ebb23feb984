"""The documents: of this process's services, with ways to those of the others."""

import pytest

from frontrow.chassis import docs
from frontrow.chassis.api import DOORS
from frontrow.chassis.environment import SERVICES


@pytest.fixture
def only_events(monkeypatch):
    monkeypatch.setattr(docs, "DOORS", {"events": DOORS["events"]})


def test_a_process_of_one_service_shows_its_own_documents(client, only_events):
    page = client.get("/docs").content.decode()
    assert "Frontrow events" in page
    assert "/openapi/events.json" in page
    assert client.get("/openapi/events.json").status_code == 200


def test_and_leads_to_those_of_all_services(client, only_events):
    page = client.get("/docs/events").content.decode()
    assert [name for name in SERVICES if f'href="/docs/{name}"' in page] == list(SERVICES)
    assert page.count("aria-current") == 1


@pytest.mark.parametrize("path", ["/docs/users", "/openapi/users.json", "/docs/cinema"])
def test_documents_that_are_elsewhere_are_not_here(client, only_events, path):
    answer = client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
