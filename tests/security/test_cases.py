"""Schemathesis, call after call over all services, signed in and not: no fault, no answer outside its schema."""

from collections import Counter
from contextlib import closing

import pytest
from hypothesis import given

from tests.journeys.traveller import Traveller
from tests.security import cases, matrix, pace


def test_one_document_has_the_calls_of_all():
    whole = cases.together()
    calls = {f"{method.upper()} {path}" for path, item in whole["paths"].items() for method in item}
    assert calls == cases.routes.documented()


def test_what_is_closed_is_what_the_matrix_says():
    nobody = {matrix.route_of(call): row["nobody"] for call, row in matrix.rows().items()}
    public = {"POST /login", "POST /token/refresh", "POST /logout"}  # where 401 is about what is sent
    closed = {call for call in cases.routes.documented() if nobody[call] == "401"} - public
    assert cases.needs_token() == closed


@pytest.mark.filterwarnings("ignore")
def test_whatever_is_sent_after_whatever_was_answered(address, record_property):
    tried: Counter[tuple[str, int]] = Counter()

    @pace.of_walks()
    @given(cases.ways())
    def walks(way):
        chance, calls = way
        if tried.total() >= pace.cases():
            return
        with closing(Traveller(address, "schemathesis")) as person:
            walk = cases.Walk(address, person, tried, chance)
            for case in calls:
                walk.take(case)

    walks()
    statuses = sorted({status for _, status in tried})
    table = {
        call: {str(status): str(tried[call, status] or "") for status in statuses}
        for call in sorted({call for call, _ in tried})
    }
    record_property(f"{tried.total()} cases, by call and what was answered", table)
    assert not [status for status in statuses if status >= 500]
    assert tried.total() >= pace.cases()
    assert len(table) >= pace.breadth() * len(cases.routes.documented())
