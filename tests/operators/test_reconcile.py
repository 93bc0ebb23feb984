"""`reconcile` compares everything now, tells what it found, and by its status whether something is left to do."""

import logging
import sys
from datetime import timedelta

import httpx
import pytest
from django.db.models import F
from django.utils import timezone

from frontrow import __main__ as command_line
from frontrow.chassis import http
from frontrow.services.bookings.models import EventStock
from frontrow.services.bookings.tests.stage import check_invariants
from frontrow.services.payments.models import Payment, SandboxCharge
from tests.cast import settle
from tests.money.stage import paid

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(monkeypatch, capsys):
    """Run the command on the tests' database; its exit status, and what it said."""
    monkeypatch.setattr(logging.getLogger(), "handlers", logging.getLogger().handlers)

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["frontrow", "reconcile", *words])
        monkeypatch.setattr(command_line, "_migrate", lambda: None)
        monkeypatch.setenv("LOG_LEVEL", "WARNING")  # which the command sets: for this test only
        with pytest.raises(SystemExit) as end:
            command_line.main()
        said = capsys.readouterr()
        return end.value.code, said.out, [line for line in said.err.splitlines() if line[:1] not in ("{", "")]

    return run


@pytest.fixture
def ticket(ada, ben):
    payment = paid(ben, ben.books(ada.lists()))
    settle()
    return payment


def test_where_all_is_well_it_says_so(ticket, run):
    assert run() == (0, "Everything agrees.\n", [])


def test_what_is_healed_leaves_nothing_to_do(ticket, run):
    EventStock.objects.update(taken=F("taken") + 3)
    status, said, _ = run()
    line, last = said.splitlines()
    assert (status, line.split()[:3]) == (0, ["bookings", "healed", "stock"])
    assert ticket["eventId"] in line
    assert last.startswith("1 found, 0 left")
    check_invariants()
    assert run()[:2] == (0, "Everything agrees.\n")


def test_what_is_left_for_a_person_is_told_by_the_status(ticket, run):
    SandboxCharge.objects.create(
        key="by hand", reference="x", method="?", amount=900, currency="EUR", status="succeeded",
        at=timezone.now() - timedelta(hours=1),
    )  # fmt: skip
    for _ in range(2):
        status, said, _ = run()
        line, last = said.splitlines()
        assert (status, line.split()[:3]) == (1, ["payments", "open", "charge_unknown"])
        assert "by hand  The provider took €9.00" in line
        assert last == "1 found, 1 left for you to see to."


def test_while_bookings_is_away_it_refuses_in_a_sentence(ticket, run, monkeypatch):
    def away(*_, **__):
        raise httpx.ConnectError("gone")

    monkeypatch.setattr(http.InProcess, "handle_request", away)
    Payment.objects.update(payment_date=F("payment_date") - timedelta(hours=1))
    status, said, errors = run()
    assert (status, said) == (2, "")
    assert errors == ["The bookings service does not answer. Try again in a moment."]


def test_a_service_that_owns_neither_refuses(run, settings):
    settings.SERVICES = ["users"]
    status, said, (error,) = run()
    assert (status, said, error.endswith("by bookings and by payments.")) == (2, "", True)
