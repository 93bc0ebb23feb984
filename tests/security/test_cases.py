"""Schemathesis, call after call over all services, signed in and not: no fault, no answer outside its schema."""

from collections import Counter
from contextlib import suppress

import pytest
from hypothesis.errors import FlakyStrategyDefinition
from hypothesis.stateful import run_state_machine_as_test

from tests.contracts.test_schemathesis import token  # noqa: F401  # the fixture, and the formats of our fields
from tests.security import cases, matrix, pace

MACHINES = 300  # at most


def test_one_document_has_the_calls_of_all():
    whole = cases.together()
    calls = {f"{method.upper()} {path}" for path, item in whole["paths"].items() for method in item}
    assert calls == cases.routes.documented()


def test_what_is_closed_is_what_the_matrix_says():
    nobody = {matrix.route_of(call): row["nobody"] for call, row in matrix.rows().items()}
    public = {"POST /login", "POST /token/refresh", "POST /logout"}  # where 401 is about what is sent
    closed = {call for call in cases.routes.documented() if nobody[call] == "401"} - public
    assert cases.needs_token(cases.together()) == closed


@pytest.mark.filterwarnings("ignore")
def test_whatever_is_sent_after_whatever_was_answered(address, token, record_property):  # noqa: F811
    tried: Counter[tuple[str, int]] = Counter()
    for seed in range(MACHINES):
        with suppress(
            FlakyStrategyDefinition
        ):  # what comes next depends on what was answered, which is not ours to repeat
            run_state_machine_as_test(cases.machine(address, token, tried, seed), settings=pace.of_machines())
        if tried.total() >= pace.cases():
            break
    statuses = sorted({status for _, status in tried})
    table = {
        call: {str(status): str(tried[call, status] or "") for status in statuses}
        for call in sorted({call for call, _ in tried})
    }
    record_property(f"{tried.total()} cases, by call and what was answered", table)
    assert not [status for status in statuses if status >= 500]
    assert tried.total() >= pace.cases()
