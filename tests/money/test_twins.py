"""Two payments with one key, of which the second comes between the first's questions and its beginning."""

import pytest

from frontrow.services.payments import clients
from frontrow.services.payments import payment as story

from .stage import AUTHENTICATES, LOST, VISA, pays

pytestmark = pytest.mark.django_db


def meanwhile(monkeypatch, act) -> list:
    """Let something happen between a payment's first questions and its beginning, once; what it answered."""
    ask, answers = clients.due, []

    def due(*whom):
        found = ask(*whom)
        if not answers:
            answers.append(None)
            answers[:] = [act()]
        return found

    monkeypatch.setattr(clients, "due", due)
    return answers


def test_another_body_that_comes_at_the_same_moment_is_refused_too(ben, booking, monkeypatch):
    meanwhile(monkeypatch, lambda: pays(ben, booking, AUTHENTICATES, **{"Idempotency-Key": "k1"}))
    status, problem = pays(ben, booking, VISA, **{"Idempotency-Key": "k1"})
    assert (status, problem["code"]) == (422, "idempotency_key_reused")


def test_the_twin_of_an_unanswered_payment_gets_the_same_answer(ben, booking, monkeypatch):
    monkeypatch.setattr(story, "TWIN_SECONDS", 0.05)
    first = meanwhile(monkeypatch, lambda: pays(ben, booking, LOST, **{"Idempotency-Key": "k1"}))
    second = pays(ben, booking, LOST, **{"Idempotency-Key": "k1"})
    assert first == [second]
    assert second[0] == 202
