"""The OpenAPI documents of all services as one, so that what one call answers can be sent with the next.

How many cases are tried stands in pace.py.
"""

import json
from collections import Counter
from collections.abc import Iterator
from functools import cache
from random import Random
from typing import Any

import schemathesis
from hypothesis import strategies as st
from schemathesis import Case

from tests.contracts.generating import CHECKS
from tests.journeys.traveller import PASSWORD, Traveller, event_body
from tests.security import pace, routes

FILLED = 0.8  # of the cases, with what was heard
SOME = 4  # things that are looked at for the one that fits best


def together() -> dict[str, Any]:
    """One document of all services; what a schema of one is called says whose it is."""
    whole: dict[str, Any] = {"openapi": "3.1.0", "info": {"title": "Frontrow", "version": "1"}, "paths": {},
                             "components": {"schemas": {}, "securitySchemes": {}}}  # fmt: skip
    for path in sorted(routes.HTTP.glob("*.json")):
        text = path.read_text().replace("#/components/schemas/", f"#/components/schemas/{path.stem}_")
        told = json.loads(text)
        named = {f"{path.stem}_{name}": schema for name, schema in told["components"]["schemas"].items()}
        for item in told["paths"].values():
            for operation in item.values():
                operation["operationId"] = f"{path.stem}_{operation['operationId']}"
        whole["paths"] |= told["paths"]
        whole["components"]["schemas"] |= named
        whole["components"]["securitySchemes"] |= told["components"].get("securitySchemes", {})
    return whole


@cache
def needs_token() -> set[str]:
    """The calls that nobody may make: 'GET /bookings'."""
    return {
        f"{method.upper()} {path}"
        for path, item in together()["paths"].items()
        for method, operation in item.items()
        if operation.get("security") and {} not in operation["security"]
    }


def ways() -> st.SearchStrategy[tuple[Random, tuple[Case, ...]]]:
    """Calls of all services in any order, each once, with the chance that fills them."""
    operations = [each.ok() for each in schemathesis.openapi.from_dict(together()).get_all_operations()]
    some = st.permutations(operations).map(lambda order: order[: pace.STEPS])
    # What chance chooses from depends on answers: it must not draw from what Hypothesis repeats.
    return st.tuples(
        st.randoms(use_true_random=True),
        some.flatmap(lambda chosen: st.tuples(*(each.as_strategy() for each in chosen))),
    )


class Walk:
    """One person's way through all services: what is answered under a name is sent under that name later."""

    def __init__(self, address: str, person: Traveller, tried: Counter[tuple[str, int]], chance: Random):
        self.address, self.person, self.tried, self.chance = address, person, tried, chance
        event = person.lists()
        secret = {"password": PASSWORD, "currentPassword": PASSWORD, "newPassword": PASSWORD}
        self.heard = [{**person.session, **secret, "username": person.username, "userId": person.user_id}]
        self.heard += [*things(event), *things(person.books(event)[1])]

    def take(self, case: Case) -> None:
        """Make this call signed in, and then as nobody. Raises AssertionError and Schemathesis's own."""
        if self.chance.random() < FILLED:
            self._sends_what_was_heard(case)
        answer = self._asked(case, self.person.headers["Authorization"])
        if case.method.upper() != "GET" and answer.status_code < 300 and answer.content:
            self.heard += things(answer.json())
        nobody, call = self._asked(case, ""), case.operation.label
        assert call not in needs_token() or nobody.status_code >= 400, f"{call} is open to nobody"

    def _sends_what_was_heard(self, case: Case) -> None:
        """Of some things, the one that says most of what is asked for."""
        asked = {*case.path_parameters, *(case.body if isinstance(case.body, dict) else ())}
        thing = max(self.chance.choices(self.heard, k=SOME), key=lambda each: len(asked & each.keys()))
        # Few events would be good by chance, and all else begins with one.
        if case.operation.label == "POST /events":
            case.body = event_body()
        case.path_parameters, case.query, case.body = (
            filled(part, thing) for part in (case.path_parameters, case.query, case.body)
        )

    def _asked(self, case: Case, authorization: str) -> Any:
        answer = case.call(base_url=self.address, headers={"Authorization": authorization})
        self.tried[case.operation.label, answer.status_code] += 1
        case.validate_response(answer, checks=CHECKS)
        return answer


def things(answer: Any, around: dict[str, Any] | None = None) -> Iterator[dict[str, Any]]:
    """Every object in an answer, each with what those around it say."""
    if isinstance(answer, dict):
        around = {**(around or {}), **{name: told for name, told in answer.items() if isinstance(told, str)}}
        yield around
        answer = list(answer.values())
    for each in answer if isinstance(answer, list) else ():
        yield from things(each, around)


def filled(part: Any, thing: dict[str, Any]) -> Any:
    """A part of a case, with what this thing says for the names that both have."""
    if isinstance(part, dict):
        return {name: thing.get(name, filled(value, thing)) for name, value in part.items()}
    return [filled(each, thing) for each in part] if isinstance(part, list) else part
